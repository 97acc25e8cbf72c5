"""The test job by itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main.py"
sys.path.insert(0, str(MAIN.parent))

import main  # noqa: E402


@contextmanager
def job(**environment: str) -> Iterator["subprocess.Popen[str]"]:
    """The job as a process whose output is a pipe, as it is in a container."""
    process = subprocess.Popen(
        [sys.executable, str(MAIN)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_works_five_seconds_and_succeeds() -> None:
    started = time.monotonic()
    with job(MSTC_JOB="true", AWS_SECRET_ACCESS_KEY="hidden-1") as process:
        output, _ = process.communicate(timeout=60)
    duration = time.monotonic() - started

    assert process.returncode == 0
    assert 5 <= duration < 30
    lines = output.splitlines()
    assert lines[-1] == "SUCCESS"
    assert "MSTC_JOB=true" in lines
    assert "AWS_SECRET_ACCESS_KEY=***" in lines
    assert "hidden-1" not in output
    names = [line.partition("=")[0] for line in lines if "=" in line]
    assert names.index("AWS_SECRET_ACCESS_KEY") < names.index("MSTC_JOB")
    progress = [line for line in lines if " primes below " in line]
    assert len(progress) == 5
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 ", line) for line in progress
    )


def test_each_line_is_seen_when_it_is_printed_and_sigterm_ends_with_143() -> None:
    with job() as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if " primes below " in line:
                break
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        process.wait(timeout=10)

    assert seen[0].endswith(" started\n")
    assert rest.endswith("terminated by SIGTERM\n")
    assert "SUCCESS" not in rest
    assert process.returncode == 143


@pytest.mark.parametrize(
    "name",
    [
        "MINIO_ROOT_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "ApiToken",
        "WORK_QUEUE_PASS",
        "secret",
        "Key",
    ],
)
def test_values_of_secrets_are_masked(name: str) -> None:
    assert main.masked({name: "hidden-1"}) == {name: "***"}


def test_passwords_in_urls_are_masked() -> None:
    environment = {
        "BROKER": "amqp://guest:hidden-1@broker:5672/",
        "STORE": "http://store:9000/a:b@c",
    }

    assert main.masked(environment) == {
        "BROKER": "amqp://guest:***@broker:5672/",
        "STORE": "http://store:9000/a:b@c",
    }


def test_the_environment_is_sorted_by_name() -> None:
    assert list(main.masked({"b": "1", "A": "2", "a": "3"})) == ["A", "a", "b"]


def test_primes_are_counted_right() -> None:
    assert main.primes_between(0, 100) == 25
    assert main.primes_between(100, 1000) == 143

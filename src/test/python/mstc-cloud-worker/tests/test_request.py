"""What is sent for what a program asks for; no services needed."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mstc_cloud_worker._request import Options, StoredInput, Template, unique_name

WING = StoredInput(Path("cases/wing.msh"), "inputs/0a.msh")


def template(
    args: list[str] | None = None, image: str = "team/solver:3", **options: Any
) -> Template:
    chosen: Options = options  # type: ignore[assignment]
    return Template.of(image, args, chosen, "cases", None)


def test_everything_that_is_given_is_in_the_request() -> None:
    request = template(
        ["--mesh", "{input}", '{"steps": 3}'],
        command=["solve"],
        env={"MESH": "/tmp/{input}"},  # noqa: S108 - of the job
        cpu=2,
        memory="4Gi",
        gpu=1,
        retries=1,
        timeout="2h",
        labels={"team": "wings"},
        name="fly",
        key="study 7",
        output_bucket="results",
    ).request(WING)

    assert request.fields == {
        "image": "team/solver:3",
        "jobName": "fly",
        "inputBucket": "cases",
        "outputBucket": "results",
        "command": ["solve"],
        "args": ["--mesh", "inputs/0a.msh", '{"steps": 3}'],
        "env": {"MESH": "/tmp/inputs/0a.msh"},  # noqa: S108 - of the job
        "prefix": request.prefix,
        "resources": {"cpu": "2", "memory": "4Gi", "gpu": 1},
        "retries": 1,
        "timeOut": 120,
        "labels": {"team": "wings"},
    }
    assert request.prefix.startswith("study-7/wing-")


def test_what_is_not_given_is_not_sent() -> None:
    request = template().request(None)

    assert request.fields.keys() == {"image", "jobName", "inputBucket", "outputBucket", "prefix"}
    assert request.output_bucket == "cases"


@pytest.mark.parametrize(
    ("timeout", "minutes"),
    [
        ("2h", 120),
        ("90m", 90),
        ("90min", 90),
        ("1d12h", 2160),
        ("1h30m", 90),
        ("120s", 2),
        (timedelta(hours=3), 180),
        (None, None),
    ],
)
def test_a_timeout_is_sent_in_minutes(timeout: object, minutes: int | None) -> None:
    assert template(timeout=timeout).timeout_minutes == minutes


@pytest.mark.parametrize(
    "timeout", ["", "2", "90s", "0m", "2 hours", "h", 90, timedelta(0), math.inf]
)
def test_a_timeout_that_is_not_clear_is_refused(timeout: object) -> None:
    with pytest.raises(ValueError, match="the timeout is"):
        template(timeout=timeout)


@pytest.mark.parametrize(("cpu", "text"), [(2, "2"), (2.0, "2"), (0.5, "0.5"), ("500m", "500m")])
def test_cores_are_numbers_or_texts(cpu: object, text: str) -> None:
    assert template(cpu=cpu).resources == {"cpu": text}


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match=r"unknown: cpus; known are .*cpu"):
        template(cpus=2)


@pytest.mark.parametrize(
    "options",
    [{"args": "--mesh {input}"}, {"command": "solve"}, {"args": [1]}, {"command": [None]}],
)
def test_arguments_that_are_no_texts_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"args|command"):
        template(**options)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("team/solver:3", "solver"),
        ("registry.example.com:5000/team/My_Solver", "my-solver"),
        ("solver@sha256:0a", "solver"),
        ("___", "job"),
        ("a" * 40, "a" * 26),
    ],
)
def test_a_job_is_named_after_its_image(image: str, name: str) -> None:
    assert template(image=image).name == name


def test_with_a_key_the_same_job_has_the_same_request() -> None:
    asked: dict[str, Any] = {"args": ["{input}"], "key": "study-7"}

    assert template(**asked).request(WING) == template(**asked).request(WING)
    elsewhere = StoredInput(Path("/home/b/wing.msh"), WING.object)
    assert template(**asked).request(WING) == template(**asked).request(elsewhere)


@pytest.mark.parametrize(
    "difference",
    [
        {"key": "study-8"},
        {"image": "team/solver:4"},
        {"args": ["{input}", "--fine"]},
        {"command": ["solve"]},
        {"env": {"A": "b"}},
        {"name": "other"},
        {"bucket": "others"},
        {"output_bucket": "others"},
    ],
)
def test_with_a_key_another_job_has_another_id_and_prefix(difference: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"args": ["{input}"], "key": "study-7"}

    one = template(**asked).request(WING)
    other = template(**(asked | difference)).request(WING)

    assert one.message_id != other.message_id
    assert one.prefix != other.prefix


@pytest.mark.parametrize(
    "other",
    [
        StoredInput(WING.path, "inputs/0b.msh"),
        StoredInput(Path("cases/tail.msh"), WING.object),
    ],
)
def test_with_a_key_another_content_or_name_is_another_job(other: StoredInput) -> None:
    asked = template(["{input}"], key="study-7")

    assert asked.request(WING).message_id != asked.request(other).message_id


@pytest.mark.parametrize(
    "difference",
    [{"cpu": 2}, {"memory": "1Gi"}, {"retries": 1}, {"timeout": "2h"}, {"labels": {"a": "b"}}],
)
def test_what_a_job_may_use_does_not_make_it_another(difference: dict[str, Any]) -> None:
    one = template(["{input}"], key="study-7").request(WING)
    other = template(["{input}"], key="study-7", **difference).request(WING)

    assert one.message_id == other.message_id
    assert one.prefix == other.prefix


def test_without_a_key_every_job_is_another() -> None:
    asked = template(["{input}"])

    assert asked.request(WING).message_id != asked.request(WING).message_id


def test_a_prefix_is_what_the_worker_accepts() -> None:
    file = StoredInput(Path("…/.größe und\\ form\n" + "x" * 200 + ".msh"), "inputs/0a.msh")

    prefix = template(["{input}"], key="../" + "ü" * 100 + "/.mstc").request(file).prefix

    assert len(prefix.encode()) <= 180
    assert prefix.isprintable()
    folder, _, name = prefix.partition("/")
    assert not folder.startswith(".")
    assert "/" not in name
    assert "\\" not in prefix


def test_a_name_is_the_one_that_the_worker_gives() -> None:
    # As JobIdentityTest has it: the UUIDs stay the same through versions of the worker.
    assert unique_name("solve", "key-1") == "solve-f1f50d4e-ec63-8674-8d49-0324fbc41e6c"


def test_a_long_name_is_cut_but_not_its_uuid() -> None:
    assert len(unique_name("a" * 63, "key-1")) == 63
    assert unique_name("a" * 25 + "-b", "key-1").startswith("a" * 25 + "-f1f50d4e-")

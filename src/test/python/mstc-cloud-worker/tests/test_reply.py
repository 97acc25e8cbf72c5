"""Reading replies."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mstc_cloud_worker import LogObject, MalformedReply, Reply

SUCCEEDED: dict[str, Any] = {
    "result": "Job solve-1 complete.",
    "job": "solve-1",
    "outcome": "SUCCEEDED",
    "exitCode": 0,
    "log": {"bucket": "out", "object": "p-solve-1.log", "bytes": 12, "complete": True},
    "startedAt": "2026-03-01T10:00:00.000Z",
    "finishedAt": "2026-03-01T10:00:05.250Z",
    "durationMs": 5250,
    "warnings": ["unknown field 'colour'"],
}


def parse(document: object) -> Reply:
    return Reply.parse(json.dumps(document).encode(), "id-1")


def test_every_field_is_read() -> None:
    assert parse(SUCCEEDED) == Reply(
        result="Job solve-1 complete.",
        correlation_id="id-1",
        job="solve-1",
        outcome="SUCCEEDED",
        exit_code=0,
        log=LogObject("out", "p-solve-1.log", 12, True),
        started_at=datetime(2026, 3, 1, 10, 0, tzinfo=timezone.utc),
        finished_at=datetime(2026, 3, 1, 10, 0, 5, 250_000, tzinfo=timezone.utc),
        duration=timedelta(seconds=5.25),
        warnings=("unknown field 'colour'",),
    )


def test_unknown_fields_are_kept_in_raw_only() -> None:
    reply = parse({**SUCCEEDED, "node": "a"})

    assert reply == parse(SUCCEEDED)
    assert reply.raw["node"] == "a"


def test_null_is_absent() -> None:
    reply = parse({**dict.fromkeys(SUCCEEDED), "result": "Invalid request: x", "warnings": []})

    assert reply == Reply("Invalid request: x", "id-1")


def test_success_is_never_a_default() -> None:
    assert parse(SUCCEEDED).succeeded
    assert not parse({"result": "Job solve-1 complete."}).succeeded
    assert not parse({**SUCCEEDED, "outcome": "FAILED"}).succeeded


def test_an_outcome_of_a_newer_worker_is_kept() -> None:
    assert parse({**SUCCEEDED, "outcome": "PAUSED"}).outcome == "PAUSED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("result", 1),
        ("job", ["solve-1"]),
        ("exitCode", "0"),
        ("exitCode", True),
        ("log", "p-solve-1.log"),
        ("startedAt", "yesterday"),
        ("finishedAt", "2026-03-01T10:00:00"),
        ("durationMs", 10**30),
        ("warnings", [1]),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: object) -> None:
    with pytest.raises(MalformedReply, match=field):
        parse({**SUCCEEDED, field: value})


def test_a_log_without_its_object_is_malformed() -> None:
    with pytest.raises(MalformedReply, match=r"log\.object"):
        parse({**SUCCEEDED, "log": {"bucket": "out", "bytes": 12, "complete": True}})


@pytest.mark.parametrize("body", [b"", b"Job solve-1 complete.", b"\xff", b"[]", b"{}"])
def test_what_is_no_reply_is_malformed_and_kept(body: bytes) -> None:
    with pytest.raises(MalformedReply, match="id-1") as raised:
        Reply.parse(body, "id-1")

    assert raised.value.body == body

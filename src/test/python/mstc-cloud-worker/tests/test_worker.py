"""The worker that answers at the broker, through the client."""

import threading
import uuid
from typing import Any

import pytest

from mstc_cloud_worker import Client, Data, LogObject, Reply

pytestmark = pytest.mark.usefixtures("worker")

JOB_NAME = "mstc-python-test"


@pytest.fixture
def request_fields(image: str, bucket: str) -> dict[str, Any]:
    return {"image": image, "jobName": JOB_NAME, "inputBucket": bucket, "timeOut": 5}


def assert_succeeded(reply: Reply) -> str:
    """That the job ran and succeeded; returns its unique name."""
    assert reply.outcome == "SUCCEEDED", reply
    assert reply.job is not None
    assert reply.job.startswith(f"{JOB_NAME}-")
    assert reply.result == f"Job {reply.job} complete."
    assert reply.exit_code == 0
    return reply.job


def test_a_job_with_a_prefix_is_answered_and_its_log_stored(
    client: Client, data: Data, bucket: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    correlation_id = client.submit({**request_fields, "prefix": "run-1"})
    reply = client.wait(correlation_id, timeout_s)

    name = assert_succeeded(reply)
    assert reply.correlation_id == correlation_id
    log = data.read_text(bucket, f"run-1-{name}.log")
    assert "SUCCESS" in log.splitlines()
    assert "FILE_PREFIX=run-1" in log.splitlines()
    assert reply.log == LogObject(bucket, f"run-1-{name}.log", len(log.encode()), True)


def test_a_log_without_prefix_is_named_after_the_job(
    client: Client, data: Data, bucket: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    reply = client.run(request_fields, timeout_s)

    name = assert_succeeded(reply)
    assert "SUCCESS" in data.read_text(bucket, f"{name}.log")
    assert data.list_objects(bucket) == [f"{name}.log"]


def test_several_requests_at_once_are_each_answered(
    client: Client, data: Data, bucket: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    prefixes = {
        client.submit({**request_fields, "prefix": f"case-{number}"}): f"case-{number}"
        for number in range(5)
    }
    replies = [client.wait(correlation_id, timeout_s) for correlation_id in reversed(prefixes)]

    names = {assert_succeeded(reply) for reply in replies}
    assert len(names) == 5
    for reply in replies:
        prefix = prefixes[reply.correlation_id]
        log = data.read_text(bucket, f"{prefix}-{reply.job}.log").splitlines()
        assert f"FILE_PREFIX={prefix}" in log
        assert "SUCCESS" in log


def test_a_request_without_a_job_name_is_rejected(
    client: Client, data: Data, bucket: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    del request_fields["jobName"]

    reply = client.run(request_fields, timeout_s)

    assert reply.result.startswith("Invalid request:")
    assert "jobName" in reply.result
    assert reply.outcome == "REJECTED"
    assert reply.job is None
    assert data.list_objects(bucket) == []


def test_without_a_timeout_the_reply_is_waited_for(
    client: Client, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    giving_up = threading.Timer(timeout_s, client.close)
    giving_up.start()
    try:
        reply = client.run({**request_fields, "jobName": ""})
        again = client.wait(client.submit({**request_fields, "jobName": ""}))
    finally:
        giving_up.cancel()

    assert reply.outcome == again.outcome == "REJECTED"


def test_the_same_message_id_runs_one_job(
    client: Client, data: Data, bucket: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    message_id = str(uuid.uuid4())

    together = [client.submit(request_fields, message_id=message_id) for _ in range(2)]
    replies = [client.wait(correlation_id, timeout_s) for correlation_id in together]
    replies.append(client.run(request_fields, timeout_s, message_id=message_id))

    names = {assert_succeeded(reply) for reply in replies}
    assert len(names) == 1
    assert data.list_objects(bucket) == [f"{names.pop()}.log"]

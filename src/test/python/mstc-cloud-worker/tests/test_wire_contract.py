"""The worker's contract as any client sees it: nothing here uses this project's client.

Requests and replies are messages and JSON as they are on the wire, sent with pika alone; logs are
read with minio alone.
"""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pika
import pytest
from conftest import Services
from minio import Minio
from pika.adapters.blocking_connection import BlockingChannel

pytestmark = pytest.mark.usefixtures("worker")

EXCHANGE = "mstc.exchange"
QUEUE = "mstc.queue.work"
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"


@pytest.fixture
def channel(services: Services) -> Iterator[BlockingChannel]:
    connection = services.connect()
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True)
    yield channel
    connection.close()


def exchange(
    channel: BlockingChannel, body: bytes, timeout_s: float, reply_to: str | None = None
) -> dict[str, Any]:
    """Sends a request and returns the reply that has its correlation id.

    Args:
        channel: open, without consumers.
        body: the request.
        timeout_s: for the reply, in seconds.
        reply_to: an address to consume without acknowledging, else a new exclusive queue.
    """
    correlation_id = str(uuid.uuid4())
    replies: list[bytes] = []

    def receive(_channel: Any, _method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        assert properties.correlation_id == correlation_id
        replies.append(body)

    address = reply_to or channel.queue_declare("", exclusive=True).method.queue
    channel.basic_consume(address, on_message_callback=receive, auto_ack=True)
    channel.basic_publish(
        EXCHANGE,
        QUEUE,
        body,
        pika.BasicProperties(reply_to=address, correlation_id=correlation_id),
    )
    deadline = time.monotonic() + timeout_s
    while not replies:
        remaining = deadline - time.monotonic()
        assert remaining > 0, f"no reply to {correlation_id} at {address} within {timeout_s} s"
        channel.connection.process_data_events(time_limit=remaining)
    reply = json.loads(replies[0])
    assert isinstance(reply, dict)
    return reply


def assert_job_succeeded(reply: dict[str, Any], job_name: str) -> str:
    """That the job ran and succeeded; returns its unique name."""
    name = reply["result"].split()[1]
    assert reply["result"] == f"Job {name} complete."
    assert name.startswith(f"{job_name}-")
    assert len(name) <= 63
    assert reply["job"] == name
    assert reply["outcome"] == "SUCCEEDED"
    return str(name)


def assert_log_holds_success(store: Minio, bucket: str, name: str) -> None:
    response = store.get_object(bucket, name)
    try:
        assert b"SUCCESS" in response.data.splitlines()
    finally:
        response.close()
        response.release_conn()


def test_a_reply_comes_to_an_exclusive_queue(
    channel: BlockingChannel, store: Minio, bucket: str, image: str, timeout_s: float
) -> None:
    request = {
        "image": image,
        "jobName": "wire",
        "inputBucket": bucket,
        "outputBucket": bucket,
        "timeOut": 5,
        "prefix": "wire",
    }

    reply = exchange(channel, json.dumps(request).encode(), timeout_s)

    name = assert_job_succeeded(reply, "wire")
    assert_log_holds_success(store, bucket, f"wire-{name}.log")


def test_a_reply_comes_by_direct_reply_to(
    channel: BlockingChannel,
    store: Minio,
    bucket: str,
    image: str,
    timeout_s: float,
) -> None:
    request = {"image": image, "jobName": "wire", "inputBucket": bucket}

    reply = exchange(channel, json.dumps(request).encode(), timeout_s, DIRECT_REPLY_TO)

    name = assert_job_succeeded(reply, "wire")
    assert_log_holds_success(store, bucket, f"{name}.log")


def test_names_in_any_case_and_a_trailing_comma_are_accepted_and_an_unknown_field_is_named(
    channel: BlockingChannel, bucket: str, image: str, timeout_s: float
) -> None:
    body = (
        f'{{"IMAGE": {json.dumps(image)}, "jobname": "wire", "InputBucket": "{bucket}",'
        ' "timeout": 5, "Prefix": null, "colour": "green",}'
    )

    reply = exchange(channel, body.encode(), timeout_s)

    assert_job_succeeded(reply, "wire")
    assert len(reply["warnings"]) == 1
    assert "colour" in reply["warnings"][0]


def test_what_is_not_json_is_rejected(channel: BlockingChannel, timeout_s: float) -> None:
    reply = exchange(channel, b"Dear worker, please run my job.", timeout_s)

    assert reply["outcome"] == "REJECTED"
    assert reply["job"] is None
    assert reply["result"]

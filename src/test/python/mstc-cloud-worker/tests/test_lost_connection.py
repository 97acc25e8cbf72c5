"""The client while its connection to a real broker is cut."""

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Services
from pika.adapters.blocking_connection import BlockingChannel
from proxy import Proxy

from mstc_cloud_worker import Client, ClientClosed, WaitTimeout

JOB_NAME = "mstc-python-test"


@pytest.fixture
def channel(services: Services, broker: None) -> Iterator[BlockingChannel]:
    """A way to the broker that is not cut."""
    connection = services.connect()
    yield connection.channel()
    connection.close()


@pytest.fixture
def reply_queue(channel: BlockingChannel) -> Iterator[str]:
    name = f"mstc.test.reply.{uuid.uuid4()}"
    yield name
    channel.queue_delete(name)


@pytest.fixture
def request_fields(image: str, bucket: str) -> dict[str, Any]:
    return {"image": image, "jobName": JOB_NAME, "inputBucket": bucket, "timeOut": 5}


@pytest.mark.usefixtures("worker")
def test_a_durable_queue_keeps_the_reply_that_comes_while_nobody_is_connected(
    proxy: Proxy,
    channel: BlockingChannel,
    reply_queue: str,
    timeout_s: float,
    request_fields: dict[str, Any],
) -> None:
    with Client("127.0.0.1", proxy.port, reply_queue=reply_queue) as client:
        correlation_id = client.submit(request_fields)
        proxy.cut()
        await_messages(channel, reply_queue, timeout_s)
        with pytest.raises(WaitTimeout, match=f"no connection to 127.0.0.1:{proxy.port}"):
            client.wait(correlation_id, 0.1)
        proxy.mend()

        assert client.wait(correlation_id, timeout_s).succeeded


@pytest.mark.usefixtures("worker")
def test_the_next_client_of_a_durable_queue_receives_what_the_former_did_not_take(
    channel: BlockingChannel, reply_queue: str, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    with Client(reply_queue=reply_queue) as former:
        taken = former.run(request_fields, timeout_s)
        correlation_id = former.submit(request_fields)
    await_messages(channel, reply_queue, timeout_s)

    with Client(reply_queue=reply_queue) as successor:
        assert successor.wait(correlation_id, timeout_s).succeeded
        with pytest.raises(WaitTimeout, match=taken.correlation_id):
            successor.wait(taken.correlation_id, 0)


@pytest.mark.usefixtures("worker")
def test_a_reply_finds_the_client_again_after_a_cut(
    proxy: Proxy, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    with Client("127.0.0.1", proxy.port) as client:
        correlation_id = client.submit(request_fields)
        proxy.cut()
        proxy.mend()

        assert client.wait(correlation_id, timeout_s).succeeded


@pytest.mark.usefixtures("worker")
def test_a_request_is_sent_once_there_is_a_connection_again(
    proxy: Proxy, timeout_s: float, request_fields: dict[str, Any]
) -> None:
    with Client("127.0.0.1", proxy.port) as client:
        proxy.cut()
        with pytest.raises(WaitTimeout, match="which was not sent"):
            client.submit(request_fields, timeout=0.5)
        proxy.mend()

        assert client.run(request_fields, timeout_s).succeeded


@pytest.mark.parametrize("timeout", [60, None])
def test_closing_ends_a_wait_at_once(client: Client, timeout: float | None) -> None:
    waiting = threading.Timer(0.2, client.close)
    waiting.start()

    with pytest.raises(ClientClosed, match="closed"):
        client.wait(str(uuid.uuid4()), timeout)


def test_a_timeout_names_the_request_and_the_queue(client: Client) -> None:
    with pytest.raises(
        WaitTimeout, match=f"the reply to request no-such-id in .*{client.reply_queue}"
    ):
        client.wait("no-such-id", 0.1)


def await_messages(channel: BlockingChannel, queue: str, timeout_s: float) -> None:
    """Waits until the queue holds a message that is ready."""
    deadline = time.monotonic() + timeout_s
    while channel.queue_declare(queue, passive=True).method.message_count == 0:
        assert time.monotonic() < deadline, f"{queue} is still empty after {timeout_s} s"
        channel.connection.process_data_events(time_limit=0.2)

"""Messages as docs/asyncapi.yaml describes them: its examples, and those on the wire."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from conftest import Services
from pika.adapters.blocking_connection import BlockingChannel

from mstc_cloud_worker import Client, JobFailed, Worker

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema and pyyaml")
yaml = pytest.importorskip("yaml", reason="needs jsonschema and pyyaml")

EXCHANGE = "mstc.exchange"
QUEUE = "mstc.queue.work"
PAGE = Path(__file__).parents[5] / "docs" / "asyncapi.yaml"
DOCUMENT = yaml.safe_load(PAGE.read_text(encoding="utf-8"))
SENT = [
    (name, example)
    for name in ("Request", "Reply")
    for example in DOCUMENT["components"]["messages"][name]["examples"]
]


def problems(schema: str, value: object) -> list[str]:
    """What about a value is not as a schema says."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema.Draft7Validator(whole).iter_errors(value)]


@pytest.mark.parametrize(("name", "example"), SENT)
def test_the_examples_are_valid(name: str, example: dict[str, Any]) -> None:
    assert problems(name, example["payload"]) == []
    assert problems(f"{name}Properties", example["headers"]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"image": None},
        {"jobName": "Solve"},
        {"inputBucket": "a"},
        {"timeOut": 43201},
        {"timeOut": 1.5},
        {"retries": 11},
        {"args": "--mesh"},
        {"env": ["A=b"]},
        {"resources": {"gpu": 65}},
    ],
)
def test_a_request_that_the_worker_rejects_is_not_valid(change: dict[str, Any]) -> None:
    request = {"image": "a", "jobName": "a", "inputBucket": "first"}

    assert problems("Request", request) == []
    assert problems("Request", request | change) != []


@pytest.mark.parametrize(
    "change", [{"outcome": "PAUSED"}, {"job": "solve"}, {"log": {}}, {"startedAt": "now"}]
)
def test_a_reply_that_no_worker_sends_is_not_valid(change: dict[str, Any]) -> None:
    reply = SENT[-1][1]["payload"]

    assert problems("Reply", reply | change) != []


@pytest.fixture
def seen(services: Services, worker: None) -> Iterator[Callable[[], list[tuple[Any, bytes]]]]:
    """Gives the requests that were sent meanwhile, as they are on the wire."""
    connection = services.connect()
    channel = connection.channel()
    copies = str(channel.queue_declare("", exclusive=True).method.queue)
    channel.queue_bind(copies, EXCHANGE, routing_key=QUEUE)
    yield lambda: messages(channel, copies)
    connection.close()


def messages(channel: BlockingChannel, queue: str) -> list[tuple[Any, bytes]]:
    found: list[tuple[Any, bytes]] = []
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return found
        found.append((properties, body or b""))


def assert_request_is_valid(properties: pika.BasicProperties, body: bytes) -> None:
    assert problems("Request", json.loads(body)) == []
    given = {name: value for name, value in vars(properties).items() if value is not None}
    assert problems("RequestProperties", given) == []
    assert {"reply_to", "correlation_id"} <= given.keys()


def test_what_this_package_sends_and_gets_is_valid(
    connected: Worker,
    seen: Callable[[], list[tuple[Any, bytes]]],
    quick_image: str,
    timeout_s: float,
    tmp_path: Path,
) -> None:
    mesh = tmp_path / "wing.msh"
    mesh.write_text("mesh")
    good = connected.submit(
        quick_image,
        # See test_many_jobs: without an entry point these replace the image's command.
        ["python3", "/app/main.py", "{input}"],
        input=mesh,
        key="study-7",
        memory="64Mi",
        retries=1,
        timeout="2h",
        labels={"team": "wings"},
    )
    bad = connected.submit(quick_image, memory="much")

    assert problems("Reply", dict(good.result(timeout_s).reply.raw)) == []
    with pytest.raises(JobFailed) as raised:
        bad.result(timeout_s)
    assert problems("Reply", dict(raised.value.result.reply.raw)) == []
    sent = [message for message in seen() if message[0].message_id in (good.id, bad.id)]
    assert len(sent) == 2
    for properties, body in sent:
        assert_request_is_valid(properties, body)


def test_what_the_client_sends_and_gets_is_valid(
    client: Client,
    seen: Callable[[], list[tuple[Any, bytes]]],
    bucket: str,
    quick_image: str,
    timeout_s: float,
) -> None:
    request = {"image": quick_image, "jobName": "wire", "inputBucket": bucket, "timeOut": 5}
    message_id = str(uuid.uuid4())

    reply = client.run(request, timeout_s, message_id=message_id)

    assert problems("Reply", dict(reply.raw)) == []
    (sent,) = (message for message in seen() if message[0].message_id == message_id)
    assert_request_is_valid(*sent)


@pytest.mark.parametrize("body", [b"Dear worker", b"{}", b'{"image": 1, "colour": "green"}'])
def test_what_is_rejected_is_told_in_a_valid_reply(
    services: Services, worker: None, body: bytes, timeout_s: float
) -> None:
    connection = services.connect()
    channel = connection.channel()
    replies = str(channel.queue_declare("", exclusive=True).method.queue)
    properties = pika.BasicProperties(reply_to=replies, correlation_id="id-1")
    channel.basic_publish(EXCHANGE, QUEUE, body, properties)

    method, answered, reply = next(channel.consume(replies, inactivity_timeout=timeout_s))
    connection.close()

    assert method is not None, f"no reply within {timeout_s} s"
    assert problems("Reply", json.loads(reply)) == []
    given = {name: value for name, value in vars(answered).items() if value is not None}
    assert problems("ReplyProperties", given) == []
    assert given["correlation_id"] == "id-1"

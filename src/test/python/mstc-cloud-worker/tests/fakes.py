"""A broker, a store and an HTTP API that are lists and dictionaries."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mstc_cloud_worker._api import Api, LogEvent
from mstc_cloud_worker._link import Link
from mstc_cloud_worker._request import StoredInput
from mstc_cloud_worker._store import Store
from mstc_cloud_worker.errors import ClientClosed, JobNotFound
from mstc_cloud_worker.job import Services
from mstc_cloud_worker.reply import LogObject, Reply
from mstc_cloud_worker.worker import Worker

FAILURES = {
    "FAILED": "exit code 3",
    "TIMED_OUT": "timed out after 5 minutes",
    "OUT_OF_MEMORY": "out of memory",
    "IMAGE_UNAVAILABLE": "image not found: no such image",
    "EVICTED": "evicted: the node was drained",
    "CANCELLED": "cancelled",
    "LOST": "lost: nobody saw its end",
}


@dataclass
class Sent:
    """A request that waits for its reply."""

    fields: Mapping[str, Any]
    message_id: str
    reply: "Future[Reply]" = field(default_factory=Future)

    def answer(self, outcome: str = "SUCCEEDED", log: LogObject | None = None) -> None:
        """Answers as the worker does."""
        name = self.fields["jobName"]
        if outcome == "REJECTED":
            result = 'Invalid request: message_id "a" was used for another request, use a new one.'
        elif outcome == "SUCCEEDED":
            result = f"Job {name}-1 complete."
        else:
            result = f"Job {name}-1 failed: {FAILURES.get(outcome, 'it is paused')}."
        exit_code = {"SUCCEEDED": 0, "FAILED": 3, "OUT_OF_MEMORY": 137}.get(outcome)
        self.reply.set_result(Reply(result, "id", outcome=outcome, exit_code=exit_code, log=log))


class FakeLink(Link):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self._changed_sent = threading.Condition()
        self.closed = False

    def send(self, fields: Mapping[str, Any], message_id: str) -> "Future[Reply]":
        if self.closed:
            raise ClientClosed("the client is closed")
        sent = Sent(fields, message_id)
        with self._changed_sent:
            self.sent.append(sent)
            self._changed_sent.notify_all()
        return sent.reply

    def close(self) -> None:
        self.closed = True
        for sent in self.sent:
            if not sent.reply.done():
                sent.reply.set_exception(ClientClosed("the client is closed"))

    def await_sent(self, count: int) -> list[Sent]:
        """Waits until that many were sent."""
        with self._changed_sent:
            assert self._changed_sent.wait_for(lambda: len(self.sent) >= count, 10), self.sent
        return self.sent


class FakeStore(Store):
    """Keeps inputs by their name, and has the objects that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, str] = {}
        self.fetched: dict[str, str] = {}

    def keep(self, bucket: str, path: Path) -> StoredInput:
        if path.name.startswith("missing"):
            raise FileNotFoundError(str(path))
        return StoredInput(path, f"inputs/{path.name}")

    def names(self, bucket: str, prefix: str) -> list[str]:
        return [name for name in self.objects if name.startswith(prefix)]

    def text(self, bucket: str, name: str) -> str:
        return self.objects[name]

    def tail(self, bucket: str, name: str, size: int, length: int) -> str:
        return self.objects[name]

    def fetch(self, bucket: str, folder: Path, targets: Mapping[str, str]) -> list[Path]:
        self.fetched = dict(targets)
        return [folder / target for target in targets.values()]


class FakeApi(Api):
    """Serves the events that it is given, a list for each connection."""

    def __init__(self) -> None:
        super().__init__("http://localhost:1", None)
        self.connections: list[list[LogEvent | Exception]] = []
        self.after: list[str] = []
        self.cancelled: list[str] = []

    def log(self, name: str) -> str:
        raise JobNotFound(name)

    def cancel(self, name: str) -> None:
        self.cancelled.append(name)

    def follow(self, name: str, after: str) -> Iterator[LogEvent]:
        self.after.append(after)
        for event in self.connections.pop(0) if self.connections else [JobNotFound(name)]:
            if isinstance(event, Exception):
                raise event
            yield event


@dataclass
class Fakes:
    """A worker on fakes."""

    link: FakeLink = field(default_factory=FakeLink)
    store: FakeStore = field(default_factory=FakeStore)
    api: FakeApi = field(default_factory=FakeApi)

    def worker(self) -> Worker:
        """The worker under test."""
        return Worker(Services(self.link, self.store, self.api), "cases", None)

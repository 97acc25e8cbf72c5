"""The worker's HTTP API as the client uses it, served by a server of this process."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fakes import FakeLink, FakeStore

from mstc_cloud_worker import JobNotFound, Worker, WorkerUnavailable
from mstc_cloud_worker._api import Api, LogEvent, Refused
from mstc_cloud_worker.job import Services


@dataclass
class Server:
    """Answers every request with the same, and keeps what was asked."""

    status: int = 200
    content_type: str = "text/plain"
    chunks: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append(f"{self.command} {self.path}")
                server.headers.append(dict(self.headers))
                self.send_response(server.status)
                self.send_header("Content-Type", server.content_type)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in [*server.chunks, b""]:
                    self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                    self.wfile.flush()

            do_DELETE = do_GET  # noqa: N815 - as BaseHTTPRequestHandler wants it

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Says nothing."""

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), server.handler())
    server.port = http.server_port
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    http.shutdown()
    http.server_close()


def test_a_job_is_cancelled_with_the_token(server: Server) -> None:
    server.status = 202

    Api(server.url + "/", "a-token").cancel("solve-1")

    assert server.asked == ["DELETE /mstc/jobs/solve-1"]
    assert server.headers[0]["Authorization"] == "Bearer a-token"


def test_address_and_token_come_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSTC_URL", server.url)
    monkeypatch.setenv("MSTC_TOKEN", "another")
    server.chunks = [b"one\n", b"two\n"]

    assert Api(None, None).log("solve-1") == "one\ntwo\n"
    assert server.asked == ["GET /mstc/jobs/solve-1/log"]
    assert server.headers[0]["Authorization"] == "Bearer another"


def test_without_an_address_the_error_says_which_variable_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MSTC_URL", raising=False)
    worker = Worker(Services(FakeLink(), FakeStore(), Api(None, None)), "cases", None)
    job = worker.submit("team/solver:3")

    for use in (job.cancel, job.logs, lambda: job.logs(follow=True)):
        with pytest.raises(WorkerUnavailable, match=r"MSTC_URL.*MSTC_TOKEN"):
            use()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://localhost", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="MSTC_URL"):
        Api(url, None)


def test_a_closed_port_is_named() -> None:
    with pytest.raises(WorkerUnavailable, match=r"http://127\.0\.0\.1:1 "):
        Api("http://127.0.0.1:1", None).cancel("solve-1")


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (401, Refused, "set MSTC_TOKEN"),
        (403, Refused, "see mstc.http.token"),
        (404, JobNotFound, "no such job"),
        (405, JobNotFound, "no such job"),
        (503, WorkerUnavailable, "no such job"),
    ],
)
def test_what_the_worker_says_is_in_the_error(
    server: Server, status: int, kind: type[WorkerUnavailable], text: str
) -> None:
    server.status = status
    server.chunks = [json.dumps({"status": status, "detail": "no such job"}).encode()]

    with pytest.raises(WorkerUnavailable, match=text) as raised:
        Api(server.url, None).cancel("solve-1")

    assert type(raised.value) is kind


def test_events_are_read_however_they_are_cut(server: Server) -> None:
    text = (
        ": a comment\n\n"
        'id: 7\nevent: log\ndata: {"text": "größe\\n"}\n\n'
        "event: other\ndata: x\n\n"
        'id:8\r\nevent:notice\r\ndata:{"text":\r\ndata:"gone"}\r\n\r\n'
        "id: 9\nevent: end\ndata: {}\n\n"
        'id: 10\nevent: log\ndata: {"text": "after the end"}\n\n'
    ).encode()
    server.chunks = [text[at : at + 7] for at in range(0, len(text), 7)]

    events = [*Api(server.url, None).follow("solve-1", "6")]

    assert events == [
        LogEvent("log", "größe\n", "7"),
        LogEvent("notice", "gone", "8"),
        LogEvent("end", "", "9"),
    ]
    assert server.asked == ["GET /mstc/jobs/solve-1/log?follow=true"]
    assert server.headers[0]["Last-Event-ID"] == "6"
    assert server.headers[0]["Accept"] == "text/event-stream"


def test_an_event_that_is_not_finished_is_left_out(server: Server) -> None:
    server.chunks = [
        b'id: 7\nevent: log\ndata: {"text": "one"}\n\n',
        b'id: 8\nevent: log\ndata: {"t',
    ]

    assert [*Api(server.url, None).follow("solve-1", "")] == [LogEvent("log", "one", "7")]


def test_an_event_that_is_no_json_is_an_error_of_the_worker(server: Server) -> None:
    server.chunks = [b"event: log\ndata: one\n\n"]

    with pytest.raises(WorkerUnavailable, match="does not answer as it should"):
        [*Api(server.url, None).follow("solve-1", "")]

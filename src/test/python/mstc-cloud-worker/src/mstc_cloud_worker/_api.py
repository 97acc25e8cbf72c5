"""The worker's HTTP API, as far as jobs need it."""

import codecs
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from mstc_cloud_worker.errors import JobNotFound, WorkerUnavailable

URL = "MSTC_URL"
TOKEN = "MSTC_TOKEN"  # noqa: S105 - the name of a variable

_CONNECT_S = 10.0
# The worker sends a comment every 15 seconds.
_SILENCE_S = 60.0
_ACCEPTED = 202
_OK = 200
# 405 is the answer of earlier workers, which show no logs.
_NOT_FOUND = (404, 405)
_CLIENT_ERRORS = range(400, 500)
_DENIED = {401: f"set {TOKEN} or http_token to mstc.http.token", 403: "see mstc.http.token"}


@dataclass(frozen=True)
class LogEvent:
    """One server-sent event of a log.

    Attributes:
        kind: `log`, `notice` or `end`.
        text: a part of the log, or what is missing before the next one.
        id: where to go on after it; "" if the server did not say.
    """

    kind: str
    text: str
    id: str


class Refused(WorkerUnavailable):
    """The worker answered, and trying again does not help."""


class Api:
    """Calls to a worker, or to the service of several, from any thread."""

    def __init__(self, url: str | None, token: str | None) -> None:
        """Does not connect.

        Args:
            url: such as http://localhost:8080; else MSTC_URL; without it, every call fails.
            token: the worker's `mstc.http.token`; else MSTC_TOKEN.

        Raises:
            ValueError: the address is no http or https URL.
        """
        self._url = (url or os.environ.get(URL) or "").rstrip("/")
        if self._url and (
            urlsplit(self._url).scheme not in ("http", "https") or not urlsplit(self._url).hostname
        ):
            raise ValueError(
                f"{URL} or http_url is {self._url!r}, not an address such as http://localhost:8080"
            )
        self._token = token or os.environ.get(TOKEN) or ""
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=_SILENCE_S), retries=False
        )

    def require_address(self) -> None:
        """Checks that the worker's address is known.

        Raises:
            WorkerUnavailable: it is not.
        """
        if not self._url:
            raise WorkerUnavailable(
                "the address of the worker's HTTP API is not known: set the environment variable "
                f"{URL}, such as http://localhost:8080, and {TOKEN} if the worker has a token, or "
                "give connect() http_url and http_token"
            )

    def cancel(self, name: str) -> None:
        """Asks for a job's end.

        Raises:
            JobNotFound: there is no such job on record.
            WorkerUnavailable: the worker refused, or does not answer.
        """
        with self._request("DELETE", f"/mstc/jobs/{quote(name)}", {}) as response:
            self._require(response, _ACCEPTED, f"cancel {name}")

    def log(self, name: str) -> str:
        """What a job has written by now.

        Raises:
            As `cancel` does.
        """
        with self._request("GET", f"/mstc/jobs/{quote(name)}/log", {}) as response:
            self._require(response, _OK, f"read the log of {name}")
            return response.data.decode(errors="replace")

    def follow(self, name: str, after: str) -> Iterator[LogEvent]:
        """A job's log as it grows, until the job has ended or the connection breaks.

        Args:
            name: of the job.
            after: the id of the last event that was seen; "" for all.

        Raises:
            As `cancel` does.
        """
        headers = {"Accept": "text/event-stream"}
        if after:
            headers["Last-Event-ID"] = after
        path = f"/mstc/jobs/{quote(name)}/log?follow=true"
        with self._request("GET", path, headers) as response:
            self._require(response, _OK, f"follow the log of {name}")
            for kind, data, identifier in _events(_lines(response)):
                if kind == "end":
                    yield LogEvent(kind, "", identifier)
                    return
                if kind in ("log", "notice"):
                    yield LogEvent(kind, str(json.loads(data)["text"]), identifier)

    @contextmanager
    def _request(
        self, method: str, path: str, headers: dict[str, str]
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        self.require_address()
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            response = self._http.request(
                method, self._url + path, headers=headers, preload_content=False
            )
            try:
                yield response
            finally:
                # A response that goes on cannot be read to its end.
                response.close()
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError) as e:
            raise WorkerUnavailable(
                f"the worker at {self._url} does not answer as it should: {e}"
            ) from e

    def _require(self, response: urllib3.BaseHTTPResponse, status: int, what: str) -> None:
        if response.status == status:
            return
        hint = _DENIED.get(response.status)
        reason = f"{response.status} {_detail(response.data)}" + (f" ({hint})" if hint else "")
        error: type[WorkerUnavailable] = WorkerUnavailable
        if response.status in _NOT_FOUND:
            error = JobNotFound
        elif response.status in _CLIENT_ERRORS:
            error = Refused
        raise error(f"cannot {what} at {self._url}: {reason}")


def _detail(body: bytes) -> str:
    text = body.decode(errors="replace").strip()
    try:
        problem: Any = json.loads(text)
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return text[:300]


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for chunk in response.stream(decode_content=True):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line.removesuffix("\r")


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Server-sent events: kind, data and id. One that is not finished is left out."""
    kind, identifier = "message", ""
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield kind, "\n".join(data), identifier
            kind, data = "message", []
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            identifier = value

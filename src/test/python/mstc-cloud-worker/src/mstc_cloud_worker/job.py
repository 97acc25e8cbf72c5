"""Jobs, and what they leave."""

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mstc_cloud_worker._api import Refused
from mstc_cloud_worker.errors import JobNotFound, StoreError, WaitTimeout, WorkerUnavailable
from mstc_cloud_worker.failures import failure
from mstc_cloud_worker.reply import Reply

if TYPE_CHECKING:
    from mstc_cloud_worker._api import Api
    from mstc_cloud_worker._link import Link
    from mstc_cloud_worker._request import Request
    from mstc_cloud_worker._store import Store

_TAIL_BYTES = 8192
_TAIL_LINES = 20
_LOOK_S = 0.5
_PATIENCE_S = 120.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What jobs of one worker use: its connection, the object store and the HTTP API."""

    link: "Link"
    store: "Store"
    api: "Api"


@dataclass(frozen=True)
class JobLog:
    """A stored log.

    Attributes:
        bucket: where it is.
        object: its name there.
        complete: whether it surely holds every line that the job wrote.
        bytes: its size.
    """

    bucket: str
    object: str
    complete: bool
    bytes: int
    _store: "Store"

    @cached_property
    def text(self) -> str:
        """The whole log, read when it is first asked for."""
        return self._store.text(self.bucket, self.object)

    @property
    def lines(self) -> list[str]:
        """The log's lines, without their ends."""
        return split_lines(self.text)

    def tail(self) -> str:
        """The last lines, 20 at most and 8 KiB."""
        text = self._store.tail(self.bucket, self.object, self.bytes, _TAIL_BYTES)
        return "\n".join(split_lines(text)[-_TAIL_LINES:])


@dataclass(frozen=True)
class Result:
    """What an answered job left, whether it succeeded or not.

    Attributes:
        job: the job.
        reply: the worker's reply.
    """

    job: "Job"
    reply: Reply
    _store: "Store"

    @property
    def outcome(self) -> str | None:
        """As in the reply: `SUCCEEDED`, `FAILED` and so on."""
        return self.reply.outcome

    @property
    def exit_code(self) -> int | None:
        """Of the job's process; None if it has none."""
        return self.reply.exit_code

    @property
    def duration(self) -> timedelta | None:
        """From the start of the job's process to its end; None if it never started."""
        return self.reply.duration

    @property
    def warnings(self) -> tuple[str, ...]:
        """The worker's warnings."""
        return self.reply.warnings

    @property
    def bucket(self) -> str:
        """The bucket with outputs and log."""
        return self.job._request_or_raise().output_bucket

    @property
    def log(self) -> JobLog | None:
        """The stored log; None if none could be stored."""
        log = self.reply.log
        if log is None:
            return None
        return JobLog(log.bucket, log.object, log.complete, log.bytes, self._store)

    @cached_property
    def outputs(self) -> list[str]:
        """The objects in the output bucket that begin with the job's prefix, without the log.

        Looked up when first asked for.
        """
        log = self.reply.log
        names = self._store.names(self.bucket, self.job._request_or_raise().prefix)
        return [name for name in names if not (log and name == log.object)]

    def download(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Downloads the outputs and the log into a folder, which is created.

        Without the job's prefix: an object `<prefix>-mesh.vtk` or `<prefix>/mesh.vtk` becomes
        `mesh.vtk`. The log becomes `<name of the job>.log`.

        Returns:
            The files' paths.

        Raises:
            StoreError: the store failed.
            ValueError: an object's name leads out of the folder; nothing was downloaded.
        """
        prefix = self.job._request_or_raise().prefix
        targets: dict[str, str] = {}
        log = self.reply.log
        for name in [*self.outputs, *([log.object] if log else [])]:
            target = name[len(prefix) :].lstrip("-_./")
            if not target or target in targets.values():
                # As it is called in the bucket, which nothing else there is.
                target = name.rpartition("/")[2] if not target else name
            targets[name] = target
        return self._store.fetch(self.bucket, Path(folder), targets)


class Job:
    """A request that was sent, and the job that it became.

    Every method may be called from any thread.

    Attributes:
        input: the file that the job is for; None if it has none.
        image: what it runs.
    """

    def __init__(
        self,
        services: Services,
        image: str,
        source: Path | None,
        request: "Request | None",
        reply: "Future[Reply]",
    ) -> None:
        """Made by a worker; `request` is None if there is none, and `reply` has the reason."""
        self.input = source
        self.image = image
        self._services = services
        self._request = request
        self._reply = reply

    def __repr__(self) -> str:
        about = f"input={str(self.input)!r}, " if self.input else ""
        state = self.outcome or ("failed" if self.done() else "not answered yet")
        return f"<Job {self.name or 'without a request'}: {about}{state}>"

    @property
    def id(self) -> str | None:
        """The message id of its request; None if its input could not be stored."""
        return self._request.message_id if self._request else None

    @property
    def name(self) -> str | None:
        """The unique name that the job has at the worker; None if its input could not be stored."""
        return self._request.job if self._request else None

    @property
    def outcome(self) -> str | None:
        """As in the reply; None as long as there is none."""
        if not self._reply.done() or self._reply.exception() is not None:
            return None
        return self._reply.result().outcome

    def done(self) -> bool:
        """Whether it is known how the job ended, or why it cannot be known."""
        return self._reply.done()

    def result(self, timeout: float | None = None) -> Result:
        """Blocks until the job is answered.

        May be repeated, also after a timeout.

        Args:
            timeout: in seconds; None is as long as it takes.

        Raises:
            JobFailed: the job did not succeed; there is a subclass for each way to end.
            WaitTimeout: not answered in time.
            OSError: its input could not be read.
            StoreError: its input could not be stored.
            RequestNotAccepted: the broker refused its request.
            MalformedReply: what came is not a valid reply.
            ClientClosed: the worker was closed before the job was answered.
            ForkedProcess: this is another process than the one that connected.
        """
        self._services.link.require_own_process()
        try:
            reply = self._reply.result(timeout)
        except FutureTimeoutError:
            if timeout is None or self._reply.done():
                raise
            raise self._waited(timeout) from None
        result = Result(self, reply, self._services.store)
        if not reply.succeeded:
            raise failure(result, _tail(result.log))
        return result

    def logs(self, follow: bool = False) -> Iterator[str]:
        """The lines that the job writes, without their ends.

        Of a job that is answered, from the store; else from the worker's HTTP API, which may have
        lost the beginning of a long log: then a warning is logged. Each call reads from the
        beginning.

        Args:
            follow: whether to go on until the job has ended, and to wait for it to begin.

        Raises:
            WorkerUnavailable: the address of the worker's HTTP API is not known, or it refuses or
                does not answer.
            JobNotFound: the job is not on record, yet; not raised with `follow`.
            ForkedProcess: this is another process than the one that connected.
        """
        self._services.link.require_own_process()
        if not self.done():
            self._services.api.require_address()
        return self._follow() if follow else self._written()

    def cancel(self) -> bool:
        """Asks the worker's HTTP API for the job's end; `result` then raises `JobCancelled`.

        Returns:
            False if the job was answered already.

        Raises:
            JobNotFound: the request still waits in the queue; try again when the job is on record.
            WorkerUnavailable: the address of the worker's HTTP API is not known, or it refuses or
                does not answer.
            ForkedProcess: this is another process than the one that connected.
        """
        self._services.link.require_own_process()
        if self.done():
            return False
        self._services.api.require_address()
        try:
            self._services.api.cancel(self._request_or_raise().job)
        except JobNotFound:
            if self.done():
                return False
            raise
        return True

    def _waited(self, timeout: float) -> WaitTimeout:
        awaited = f"the reply to job {self.name}{self._services.link._state()}"
        return WaitTimeout(awaited, timeout)

    def _request_or_raise(self) -> "Request":
        if self._request is None:
            self._reply.result()
            raise AssertionError("a job without a request has failed")
        return self._request

    def _written(self) -> Iterator[str]:
        if self.done():
            return self._stored()
        try:
            return iter(split_lines(self._services.api.log(self._request_or_raise().job)))
        except JobNotFound:
            if self.done():
                return self._stored()
            raise

    def _stored(self) -> Iterator[str]:
        log = Result(self, self._reply.result(), self._services.store).log
        return iter(log.lines if log else [])

    def _follow(self) -> Iterator[str]:
        name = self._request_or_raise().job
        after, rest, begun = "", "", False
        answered_until = time.monotonic() + _PATIENCE_S
        while True:
            if self.done() and not begun:
                yield from self._stored()
                return
            try:
                for event in self._services.api.follow(name, after):
                    answered_until = time.monotonic() + _PATIENCE_S
                    after = event.id or after
                    if event.kind == "notice":
                        _log.warning("the log of %s: %s", name, event.text)
                    elif event.kind == "log":
                        begun = True
                        *lines, rest = (rest + event.text).split("\n")
                        yield from lines
                    elif begun:
                        if rest:
                            yield rest
                        return
                # It broke off, or ended before anything was read: then the store has the log.
            except JobNotFound:
                # It waits in the queue; or its record is gone, as it was answered.
                if self.done() and begun:
                    raise
            except Refused:
                raise
            except WorkerUnavailable:
                if time.monotonic() > answered_until:
                    raise
            self._await(_LOOK_S)

    def _await(self, seconds: float) -> None:
        """Waits that long, or until the job is answered if it is not."""
        if self.done():
            time.sleep(seconds)
        else:
            try:
                self._reply.exception(seconds)
            except FutureTimeoutError:
                return


def split_lines(text: str) -> list[str]:
    """The lines of a log, which only a line feed ends."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _tail(log: JobLog | None) -> str:
    try:
        return log.tail() if log else ""
    except StoreError as e:
        return f"(the log cannot be read: {e})"

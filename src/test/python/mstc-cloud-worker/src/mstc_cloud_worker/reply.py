"""The worker's replies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from mstc_cloud_worker.errors import MalformedReply

_T = TypeVar("_T")


@dataclass(frozen=True)
class LogObject:
    """Where a job's log is.

    Attributes:
        bucket: the output bucket.
        object: the object's name in it.
        bytes: its size.
        complete: whether it holds every line the job wrote.
    """

    bucket: str
    object: str
    bytes: int
    complete: bool


@dataclass(frozen=True)
class Reply:
    """How a request ended.

    Every attribute except `result`, `correlation_id` and `raw` is None or empty if the worker did
    not send it.

    Attributes:
        result: one line of text, such as `Job <unique name> complete.`
        correlation_id: of the request that this answers.
        job: the job's unique name; None if none was started.
        outcome: `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `OUT_OF_MEMORY`, `IMAGE_UNAVAILABLE`,
            `EVICTED`, `CANCELLED`, `LOST`, `REJECTED`, or what a newer worker adds.
        exit_code: of the job's container.
        log: the log object; None if there is none.
        started_at: with time zone.
        finished_at: with time zone.
        duration: from start to finish.
        warnings: such as fields of the request that the worker does not know.
        raw: the whole reply, including fields that this class does not know.
    """

    result: str
    correlation_id: str
    job: str | None = None
    outcome: str | None = None
    exit_code: int | None = None
    log: LogObject | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: timedelta | None = None
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the job ran and succeeded; false if the reply does not say so."""
        return self.outcome == "SUCCEEDED"

    @classmethod
    def parse(cls, body: bytes, correlation_id: str) -> "Reply":
        """Reads a reply; fields it does not know are kept in `raw` only.

        Raises:
            MalformedReply: not a JSON object, no `result`, or a field of the wrong type.
        """
        try:
            document = json.loads(body)
        except ValueError as e:  # JSONDecodeError or UnicodeDecodeError
            raise MalformedReply(f"the reply to {correlation_id} is not JSON: {e}", body) from e
        if not isinstance(document, dict):
            raise MalformedReply(f"the reply to {correlation_id} is not a JSON object", body)
        fields = _Fields(document, correlation_id, body)
        result = fields.optional("result", str)
        if result is None:
            raise MalformedReply(f"the reply to {correlation_id} has no 'result'", body)
        return cls(
            result=result,
            correlation_id=correlation_id,
            job=fields.optional("job", str),
            outcome=fields.optional("outcome", str),
            exit_code=fields.optional("exitCode", int),
            log=fields.log(),
            started_at=fields.time("startedAt"),
            finished_at=fields.time("finishedAt"),
            duration=fields.duration("durationMs"),
            warnings=fields.texts("warnings"),
            raw=MappingProxyType(document),
        )


@dataclass(frozen=True)
class _Fields:
    """Reads one JSON object's fields by type."""

    values: dict[str, Any]
    correlation_id: str
    body: bytes
    path: str = ""

    def optional(self, name: str, kind: type[_T]) -> _T | None:
        value = self.values.get(name)
        if value is None:
            return None
        # In JSON true is not a number; in Python it is.
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.wrong(name, value, kind.__name__)
        return value

    def required(self, name: str, kind: type[_T]) -> _T:
        value = self.optional(name, kind)
        if value is None:
            raise self.wrong(name, None, kind.__name__)
        return value

    def time(self, name: str) -> datetime | None:
        text = self.optional(name, str)
        if text is None:
            return None
        try:
            # Python 3.10 does not read the Z.
            time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError as e:
            raise self.wrong(name, text, "time of ISO 8601") from e
        if time.tzinfo is None:
            raise self.wrong(name, text, "time with a time zone")
        return time

    def duration(self, name: str) -> timedelta | None:
        milliseconds = self.optional(name, int)
        try:
            return None if milliseconds is None else timedelta(milliseconds=milliseconds)
        except OverflowError as e:
            raise self.wrong(name, milliseconds, "number of milliseconds") from e

    def texts(self, name: str) -> tuple[str, ...]:
        values: list[Any] = self.optional(name, list) or []
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(name, values, "list of str")
        return tuple(values)

    def log(self) -> LogObject | None:
        values: dict[str, Any] | None = self.optional("log", dict)
        if values is None:
            return None
        log = _Fields(values, self.correlation_id, self.body, "log.")
        return LogObject(
            bucket=log.required("bucket", str),
            object=log.required("object", str),
            bytes=log.required("bytes", int),
            complete=log.required("complete", bool),
        )

    def wrong(self, name: str, value: Any, expected: str) -> MalformedReply:
        return MalformedReply(
            f"the reply to {self.correlation_id}: {self.path}{name} is {value!r}, not a {expected}",
            self.body,
        )

"""Requests for jobs, made of what a program asks for."""

import hashlib
import json
import re
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict

INPUT = "{input}"

_ROOM_OF_JOB_NAME = 26
_ROOM_OF_KEY = 60
_ROOM_OF_STEM = 60
_TIME = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?")
_MINUTE_S = 60


class Options(TypedDict, total=False):
    """What a job may be given besides its image, its arguments and its input.

    Attributes:
        command: replaces the image's entry point.
        env: further environment variables.
        cpu: cores, such as 2, 0.5 or "500m".
        memory: such as "4Gi"; a number is in bytes.
        gpu: whole devices.
        retries: how often a failed attempt is repeated.
        timeout: such as "2h", "90m", "1d12h" or a timedelta, in whole minutes; else 15 minutes.
        labels: of the job, such as {"team": "wings"}.
        name: what the job's name begins with, a DNS label; else taken from the image.
        key: makes the job repeatable: who asks for it again under the same key, gets the same job.
        bucket: for inputs; else the worker's.
        output_bucket: for outputs and log; else the worker's, or the bucket for inputs.
    """

    command: Sequence[str] | None
    env: Mapping[str, str] | None
    cpu: float | str | None
    memory: int | str | None
    gpu: int | None
    retries: int | None
    timeout: str | timedelta | None
    labels: Mapping[str, str] | None
    name: str | None
    key: str | None
    bucket: str | None
    output_bucket: str | None


@dataclass(frozen=True)
class StoredInput:
    """A file, and the object that has its content.

    Attributes:
        path: of the file, as it was given.
        object: the object's name, which holds the content's SHA-256.
    """

    path: Path
    object: str


@dataclass(frozen=True)
class Request:
    """A request as it is sent.

    Attributes:
        message_id: the idempotency key.
        fields: of the wire contract.
        prefix: what the names of the job's objects begin with.
        output_bucket: where they are.
    """

    message_id: str
    fields: Mapping[str, Any]
    prefix: str
    output_bucket: str

    @property
    def job(self) -> str:
        """The unique name that the worker gives the job."""
        return unique_name(str(self.fields["jobName"]), self.message_id)


@dataclass(frozen=True)
class Template:
    """What all jobs of one call have in common."""

    image: str
    bucket: str
    output_bucket: str
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    retries: int | None = None
    timeout_minutes: int | None = None
    name: str = ""
    key: str | None = None

    def __post_init__(self) -> None:
        if not self.image:
            raise ValueError("the image is empty")
        if self.key == "":
            raise ValueError("the key is empty; leave it out for jobs without one")
        for what, texts in (("args", self.args), ("command", self.command)):
            for text in texts:
                if not isinstance(text, str):
                    raise TypeError(f"{what} holds {text!r}, which is not a str")

    @classmethod
    def of(
        cls,
        image: str,
        args: Sequence[str] | None,
        options: Options,
        bucket: str,
        output_bucket: str | None,
    ) -> "Template":
        """Checks what can be checked here; the worker checks the rest.

        Raises:
            TypeError: an option that does not exist, or a value of the wrong type.
            ValueError: a value that is not allowed; the message names it.
        """
        unknown = options.keys() - Options.__annotations__.keys()
        if unknown:
            raise TypeError(
                f"unknown: {', '.join(sorted(unknown))}; "
                f"known are {', '.join(Options.__annotations__)}"
            )
        inputs = options.get("bucket") or bucket
        memory = options.get("memory")
        resources = {
            "cpu": _text(options.get("cpu")),
            "memory": _text(memory),
            "gpu": options.get("gpu"),
        }
        return cls(
            image=image,
            bucket=inputs,
            output_bucket=options.get("output_bucket") or output_bucket or inputs,
            args=_texts("args", args),
            command=_texts("command", options.get("command")),
            env=dict(options.get("env") or {}),
            labels=dict(options.get("labels") or {}),
            resources={name: value for name, value in resources.items() if value is not None},
            retries=options.get("retries"),
            timeout_minutes=_minutes(options.get("timeout")),
            name=options.get("name") or _job_name(image),
            key=options.get("key"),
        )

    @property
    def names_input(self) -> bool:
        """Whether the job is told its input."""
        return any(INPUT in text for text in (*self.args, *self.command, *self.env.values()))

    def request(self, stored: StoredInput | None) -> Request:
        """The request for one job."""
        described = {
            "image": self.image,
            "jobName": self.name,
            "inputBucket": self.bucket,
            "outputBucket": self.output_bucket,
            "command": [_expanded(text, stored) for text in self.command],
            "args": [_expanded(text, stored) for text in self.args],
            "env": {name: _expanded(text, stored) for name, text in self.env.items()},
        }
        identity = self._identity(described, stored)
        label = _plain(stored.path.stem, _ROOM_OF_STEM) if stored else self.name
        folder = _plain(self.key, _ROOM_OF_KEY) if self.key else self.name
        prefix = f"{folder}/{label}-{identity[:16]}"
        others = {
            "prefix": prefix,
            "resources": dict(self.resources),
            "retries": self.retries,
            "timeOut": self.timeout_minutes,
            "labels": dict(self.labels),
        }
        fields = {
            name: value
            for name, value in (described | others).items()
            if value is not None and value not in ([], {})
        }
        return Request(f"{folder}-{identity}", fields, prefix, self.output_bucket)

    def _identity(self, described: Mapping[str, Any], stored: StoredInput | None) -> str:
        """32 hexadecimal digits: with a key, the same wherever and whenever they are made."""
        if self.key is None:
            return uuid.uuid4().hex
        # The object's name stands for the content. The file's name is part of it, because two files
        # of the same content are two cases to whoever made them.
        name = stored.path.name if stored else None
        content = stored.object if stored else None
        text = json.dumps([self.key, described, name, content], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def unique_name(job_name: str, message_id: str) -> str:
    """The name of the job that the worker runs for a message id.

    It is the job's name, cut to 26 characters, and a UUID of version 8: the first 128 bits, less
    version and variant, of a SHA-256 over "message-id" and the id, each preceded by its length as
    four bytes.
    """
    hashed = hashlib.sha256()
    for text in ("message-id", message_id):
        data = text.encode()
        hashed.update(struct.pack(">i", len(data)) + data)
    value = int.from_bytes(hashed.digest()[:16], "big")
    value = value & ~(0xF000 << 64) | 0x8000 << 64
    value = value & ~(0xC000 << 48) | 0x8000 << 48
    return f"{job_name[:_ROOM_OF_JOB_NAME].rstrip('-')}-{uuid.UUID(int=value)}"


def _expanded(text: str, stored: StoredInput | None) -> str:
    return text.replace(INPUT, stored.object) if stored else text


def _texts(what: str, texts: Sequence[str] | None) -> tuple[str, ...]:
    if isinstance(texts, str):
        raise TypeError(f"{what} is {texts!r}, not a list; write [{texts!r}]")
    return tuple(texts or ())


def _text(value: float | str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else str(value)


def _minutes(timeout: str | timedelta | None) -> int | None:
    if timeout is None:
        return None
    if isinstance(timeout, timedelta):
        seconds = timeout.total_seconds()
    elif isinstance(timeout, str) and (match := _TIME.fullmatch(timeout)):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    else:
        raise ValueError(f'the timeout is {timeout!r}; write it as "2h", "90m" or a timedelta')
    if seconds <= 0 or seconds % _MINUTE_S != 0:
        raise ValueError(f"the timeout is {timeout!r}, but must be whole minutes, 1 or more")
    return int(seconds // _MINUTE_S)


def _job_name(image: str) -> str:
    """A DNS label made of the last part of an image's name, without tag and digest."""
    last = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    name = re.sub(r"[^a-z0-9]+", "-", last)[:_ROOM_OF_JOB_NAME].strip("-")
    return name or "job"


def _plain(text: str, room: int) -> str:
    """The text with nothing in it that a part of an object's name should not have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:room].strip(".-") or "job"

"""What a worker does at the object store, beyond what `Data` offers."""

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from minio.error import S3Error

from mstc_cloud_worker._request import StoredInput
from mstc_cloud_worker.data import Data
from mstc_cloud_worker.errors import StoreError

INPUTS = "inputs"

_PATIENCE_S = 120.0
_PAUSES_S = (0.2, 5.0)
_CHUNK = 1 << 20
_SUFFIX = re.compile(r"(\.tar)?\.[A-Za-z0-9]{1,12}")
_MISSING = {"NoSuchKey", "NoSuchBucket", "NoSuchObject"}
_CLIENT_ERRORS = range(400, 500)

_T = TypeVar("_T")


class Store(Data):
    """Keeps inputs by their content, and reads what jobs leave.

    Once the store has answered, it may be away for two minutes: calls wait for it. Every method
    may be called from any thread.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._answered = False
        self._lock = threading.Lock()
        self._kept: set[tuple[str, str]] = set()
        self._buckets: set[str] = set()

    def keep(self, bucket: str, path: Path) -> StoredInput:
        """Uploads a file, unless the bucket has its content already.

        Raises:
            OSError: the file cannot be read.
            StoreError: the store failed, or the file changed while it was read.
        """
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; an input is one file, such as an archive")
        before = _state(path)
        name = f"{INPUTS}/{_sha256(path)}{_suffix(path)}"
        with self._lock:
            known = (bucket, name) in self._kept
        if not known:
            self._with_patience(lambda: self._put_if_missing(bucket, name, path, before))
            with self._lock:
                self._kept.add((bucket, name))
        return StoredInput(path, name)

    def names(self, bucket: str, prefix: str) -> list[str]:
        """The objects whose names begin with a prefix; none if the bucket does not exist."""
        return self._with_patience(lambda: self.list_objects(bucket, prefix))

    def text(self, bucket: str, name: str) -> str:
        """An object's whole content."""
        return self._with_patience(lambda: self.read_text(bucket, name))

    def tail(self, bucket: str, name: str, size: int, length: int) -> str:
        """The last bytes of an object, from the first whole line on.

        Args:
            bucket: where it is.
            name: the object.
            size: of the object, in bytes.
            length: how many bytes are read at most.
        """
        offset = max(0, size - length)

        def read() -> bytes:
            with self._errors(f"read {bucket}/{name}"):
                response = self._minio.get_object(bucket, name, offset=offset, length=length)
                try:
                    return bytes(response.data)
                finally:
                    response.close()
                    response.release_conn()

        if size == 0:
            return ""
        text = self._with_patience(read).decode(errors="replace")
        return text.partition("\n")[2] or text if offset else text

    def fetch(self, bucket: str, folder: Path, targets: Mapping[str, str]) -> list[Path]:
        """Downloads objects to paths below a folder, which is created.

        Raises:
            ValueError: a path leads out of the folder; nothing was downloaded.
        """
        root = folder.resolve()
        files = {name: (root / target).resolve() for name, target in targets.items()}
        for name, file in files.items():
            if root not in file.parents:
                raise ValueError(f"the object {bucket}/{name} leads out of {root}")
        root.mkdir(parents=True, exist_ok=True)
        for name, file in files.items():
            self._with_patience(partial(self._get, bucket, name, file))
        return [*files.values()]

    def _get(self, bucket: str, name: str, file: Path) -> None:
        with self._errors(f"download {bucket}/{name}"):
            self._minio.fget_object(bucket, name, str(file))

    def _put_if_missing(self, bucket: str, name: str, path: Path, before: tuple[int, int]) -> None:
        if self._has(bucket, name, before[0]):
            return
        if bucket not in self._buckets:
            self.create_bucket(bucket)
            self._buckets.add(bucket)
        with self._errors(f"upload {path} to {bucket}/{name}"):
            self._minio.fput_object(bucket, name, str(path))
        if _state(path) != before:
            # Its name would promise another content.
            with self._errors(f"remove {bucket}/{name}"):
                self._minio.remove_object(bucket, name)
            raise StoreError(f"{path} changed while it was uploaded; try again")

    def _has(self, bucket: str, name: str, size: int) -> bool:
        with self._errors(f"look for {bucket}/{name}"):
            try:
                return self._minio.stat_object(bucket, name).size == size
            except S3Error as e:
                if e.code in _MISSING:
                    return False
                raise

    def _with_patience(self, call: Callable[[], _T]) -> _T:
        """Repeats a call while the store cannot be reached, if it could be before."""
        until = time.monotonic() + _PATIENCE_S
        pause, longest = _PAUSES_S
        while True:
            try:
                value = call()
            except StoreError as e:
                if not self._answered or _is_final(e) or time.monotonic() > until:
                    raise
            else:
                self._answered = True
                return value
            time.sleep(pause)
            pause = min(2 * pause, longest)


def _is_final(error: StoreError) -> bool:
    """Whether the store itself refused, so that trying again does not help."""
    cause = error.__cause__
    if cause is None:
        return True
    if isinstance(cause, S3Error):
        return cause.response.status in _CLIENT_ERRORS
    return False


def _state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _sha256(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hashed.update(chunk)
    return hashed.hexdigest()


def _suffix(path: Path) -> str:
    """What tells programs the format: `.msh`, `.tar.gz`; "" if that is no plain suffix."""
    suffix = path.suffix
    if os.path.splitext(path.stem)[1] == ".tar":  # noqa: PTH122 - of a text, not of a path
        suffix = ".tar" + suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""

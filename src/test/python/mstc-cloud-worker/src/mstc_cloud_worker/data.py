"""Files to and from the object store."""

import os
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from mstc_cloud_worker import _environment
from mstc_cloud_worker.errors import ObjectNotFound, StoreError

_CONNECT_S = 10.0
_READ_S = 60.0
_RETRIES = 3
_NOT_FOUND = {"NoSuchBucket", "NoSuchKey"}
_BUCKET_IS_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


class Data:
    """Access to the buckets of MinIO or another S3 server.

    Every operation blocks, may be repeated and may be called from any thread. An object of the same
    name is overwritten. Each raises `StoreError` if the store refuses or does not answer, and
    `ObjectNotFound` if a bucket or an object does not exist.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        *,
        tls: bool | ssl.SSLContext = False,
    ) -> None:
        """Does not connect yet.

        Args:
            host: else MINIO_SERVICE_HOST, else localhost.
            port: else MINIO_SERVICE_PORT, else 9000.
            user: the access key, else MINIO_ROOT_USER, else minioadmin.
            password: the secret key, else MINIO_ROOT_PASSWORD, else minioadmin.
            tls: True for TLS with the system's certificate authorities, or a context of your own.

        Raises:
            ValueError: the port is not a port.
        """
        self._address = "{}:{}".format(
            _environment.text(host, "MINIO_SERVICE_HOST", "localhost"),
            _environment.port(port, "MINIO_SERVICE_PORT", 9000),
        )
        self._minio = Minio(
            self._address,
            access_key=_environment.text(user, "MINIO_ROOT_USER", "minioadmin"),
            secret_key=_environment.text(password, "MINIO_ROOT_PASSWORD", "minioadmin"),
            secure=bool(tls),
            http_client=urllib3.PoolManager(
                ssl_context=ssl.create_default_context() if tls is True else tls or None,
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
                retries=urllib3.Retry(
                    _RETRIES, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)
                ),
                maxsize=10,
            ),
        )

    def create_bucket(self, bucket: str) -> None:
        """Creates the bucket if it is missing."""
        with self._errors(f"create bucket {bucket}"):
            if self._minio.bucket_exists(bucket):
                return
            try:
                self._minio.make_bucket(bucket)
            except S3Error as e:
                if e.code not in _BUCKET_IS_THERE:
                    raise

    def upload(self, bucket: str, *paths: str | os.PathLike[str], prefix: str = "") -> list[str]:
        """Uploads files, and folders with all their content; creates the bucket if missing.

        Args:
            bucket: the target.
            *paths: a file becomes an object of the same name; a file in a folder becomes one named
                by its path below that folder, with slashes.
            prefix: put before each object's name as it is; end it with a slash for a folder.

        Returns:
            The objects' names.

        Raises:
            FileNotFoundError: a path does not exist; nothing was uploaded.
            ValueError: two files would become the same object; nothing was uploaded.
        """
        files: dict[str, Path] = {}
        for path in map(Path, paths):
            for file, name in _files(path):
                known = files.setdefault(prefix + name, file)
                if known != file:
                    raise ValueError(f"{known} and {file} would both become {prefix + name}")
        self.create_bucket(bucket)
        for name, file in files.items():
            with self._errors(f"upload {file} to {bucket}/{name}"):
                self._minio.fput_object(bucket, name, str(file))
        return list(files)

    def list_objects(self, bucket: str, prefix: str = "") -> list[str]:
        """The names of all objects that begin with the prefix, in the store's order."""
        with self._errors(f"list {bucket}/{prefix}"):
            objects = self._minio.list_objects(bucket, prefix=prefix, recursive=True)
            return [entry.object_name for entry in objects if entry.object_name is not None]

    def read_text(self, bucket: str, name: str, encoding: str = "utf-8") -> str:
        """An object's content; undecodable bytes become replacement characters."""
        with self._errors(f"read {bucket}/{name}"):
            response = self._minio.get_object(bucket, name)
            try:
                return response.data.decode(encoding, errors="replace")
            finally:
                response.close()
                response.release_conn()

    def download(
        self, bucket: str, folder: str | os.PathLike[str], *names: str, prefix: str | None = None
    ) -> list[Path]:
        """Downloads the named objects, and all whose names begin with the prefix.

        Args:
            bucket: the source.
            folder: the target, created if missing. An object's whole name becomes its path there.
            *names: objects that must exist.
            prefix: "" means the whole bucket, None no objects except those named.

        Returns:
            The files' paths.

        Raises:
            ValueError: an object's name leads out of the folder; nothing was downloaded.
        """
        root = Path(folder).resolve()
        wanted = [*names]
        if prefix is not None:
            # A name with a slash at its end marks a folder, not a file.
            wanted += [name for name in self.list_objects(bucket, prefix) if not name.endswith("/")]
        targets: dict[str, Path] = {}
        for name in wanted:
            target = (root / name).resolve()
            if root not in target.parents:
                raise ValueError(f"the object {bucket}/{name} leads out of {root}")
            targets[name] = target
        root.mkdir(parents=True, exist_ok=True)
        for name, target in targets.items():
            with self._errors(f"download {bucket}/{name}"):
                self._minio.fget_object(bucket, name, str(target))
        return [*targets.values()]

    @contextmanager
    def _errors(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (MinioException, urllib3.exceptions.HTTPError) as e:
            missing = isinstance(e, S3Error) and e.code in _NOT_FOUND
            reason = f"{e.code}: {e.message}" if isinstance(e, S3Error) else str(e)
            raise (ObjectNotFound if missing else StoreError)(
                f"cannot {operation} at {self._address}: {reason}"
            ) from e


def _files(path: Path) -> Iterable[tuple[Path, str]]:
    """The files that a path stands for, with the names of their objects."""
    if path.is_file():
        return [(path, path.name)]
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is neither a file nor a folder")
    return [
        (file, file.relative_to(path).as_posix())
        for file in sorted(path.rglob("*"))
        if file.is_file()
    ]

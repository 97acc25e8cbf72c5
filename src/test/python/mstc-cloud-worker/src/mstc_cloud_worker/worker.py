"""The worker, as a program uses it: many jobs by few lines."""

import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypedDict

from mstc_cloud_worker import _environment
from mstc_cloud_worker._api import Api
from mstc_cloud_worker._link import Link
from mstc_cloud_worker._progress import Bar
from mstc_cloud_worker._request import INPUT, Options, StoredInput, Template
from mstc_cloud_worker._store import Store
from mstc_cloud_worker.errors import ClientClosed, MstcError
from mstc_cloud_worker.job import Job, Services
from mstc_cloud_worker.jobs import Completions, Jobs, Sent, all_of
from mstc_cloud_worker.reply import Reply

if TYPE_CHECKING:
    from typing_extensions import Unpack

DEFAULT_BUCKET = "mstc"

_SHOW_S = 1.0


class Settings(TypedDict, total=False):
    """Where everything is; what is absent comes from the environment, else from a default.

    Attributes:
        bucket: for inputs, and for outputs too; else MSTC_BUCKET, else mstc.
        output_bucket: for outputs and logs; else the bucket for inputs.
        broker_host: else WORK_QUEUE_HOST, else localhost.
        broker_port: else WORK_QUEUE_PORT, else 5672, with TLS 5671.
        broker_user: else WORK_QUEUE_USER, else guest.
        broker_password: else WORK_QUEUE_PASS, else guest.
        broker_tls: True, or a context of your own.
        store_host: else MINIO_SERVICE_HOST, else localhost.
        store_port: else MINIO_SERVICE_PORT, else 9000.
        store_user: else MINIO_ROOT_USER, else minioadmin.
        store_password: else MINIO_ROOT_PASSWORD, else minioadmin.
        store_tls: True, or a context of your own.
        http_url: of the worker's HTTP API; else MSTC_URL. Only `logs` of a job that runs, and
            `cancel`, need it.
        http_token: else MSTC_TOKEN.
    """

    bucket: str | None
    output_bucket: str | None
    broker_host: str | None
    broker_port: int | None
    broker_user: str | None
    broker_password: str | None
    broker_tls: bool | ssl.SSLContext
    store_host: str | None
    store_port: int | None
    store_user: str | None
    store_password: str | None
    store_tls: bool | ssl.SSLContext
    http_url: str | None
    http_token: str | None


def connect(**settings: "Unpack[Settings]") -> "Worker":
    """Connects to the broker; whatever is not given comes from the environment, see `Settings`.

    Returns:
        The worker: a context manager, or to be closed.

    Raises:
        BrokerUnavailable: no connection; the message names the address and the reason.
        TypeError: a setting that does not exist.
        ValueError: a port is not a port, or an address no address.
    """
    unknown = settings.keys() - Settings.__annotations__.keys()
    if unknown:
        raise TypeError(
            f"unknown: {', '.join(sorted(unknown))}; "
            f"known are {', '.join(Settings.__annotations__)}"
        )
    link = Link(
        settings.get("broker_host"),
        settings.get("broker_port"),
        settings.get("broker_user"),
        settings.get("broker_password"),
        tls=settings.get("broker_tls", False),
    )
    store = Store(
        settings.get("store_host"),
        settings.get("store_port"),
        settings.get("store_user"),
        settings.get("store_password"),
        tls=settings.get("store_tls", False),
    )
    api = Api(settings.get("http_url"), settings.get("http_token"))
    bucket = _environment.text(settings.get("bucket"), "MSTC_BUCKET", DEFAULT_BUCKET)
    link.open()
    return Worker(Services(link, store, api), bucket, settings.get("output_bucket"))


class Worker:
    """Runs jobs. Made by `connect`.

    It has one connection and one queue for replies, which a thread of its own serves. Every method
    may be called from any thread. A connection that is lost is opened again, as often as it takes,
    and what is not answered by then is sent again: as the same job, since every request has a
    message id.
    """

    def __init__(self, services: Services, bucket: str, output_bucket: str | None) -> None:
        self._services = services
        self._bucket = bucket
        self._output_bucket = output_bucket
        self._closed = threading.Event()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnects, within 10 seconds. Sends no more jobs; those that were sent run on.

        May be repeated. Whoever waits for a job gets `ClientClosed`.
        """
        self._closed.set()
        self._services.link.close()

    def submit(
        self,
        image: str,
        args: Sequence[str] | None = None,
        *,
        input: str | PathLike[str] | None = None,  # noqa: A002 - the word that everything else uses
        **options: "Unpack[Options]",
    ) -> Job:
        """Sends one job, and does not wait for it. Blocks while its input is uploaded.

        Args:
            image: the image to run.
            args: replace the image's own; `{input}` in them stands for the object with the input.
            input: a file for the job, which finds it in its `INPUT_BUCKET`.
            **options: see `Options`.

        Raises:
            ValueError: a value that is not allowed; or an input that nothing names by `{input}`, or
                `{input}` without an input.
            TypeError: an option that does not exist, or a value of the wrong type.
            OSError: the input cannot be read.
            StoreError: the input cannot be stored.
            ClientClosed: the worker is closed.
            ForkedProcess: this is another process than the one that connected.
        """
        template = self._template(image, args, options, has_input=input is not None)
        stored = None
        if input is not None:
            stored = self._services.store.keep(template.bucket, Path(input))
        return self._send(template, stored)

    def map(
        self,
        image: str,
        inputs: Iterable[str | PathLike[str]],
        args: Sequence[str] | None = None,
        *,
        max_parallel: int = 50,
        **options: "Unpack[Options]",
    ) -> Jobs:
        """Sends a job for each file, from a thread of its own, and returns at once.

        A file that cannot be read or stored is the failure of its own job. If `inputs` itself
        fails, no more jobs are sent, and whoever waits for the jobs gets the error in the end.

        Args:
            image: the image to run.
            inputs: files; a generator is asked for the next one when there is room for it.
            args: replace the image's own; `{input}` in them stands for the object with the input.
            max_parallel: how many jobs are sent and not answered at any time.
            **options: see `Options`.

        Raises:
            As `submit` does; not OSError and StoreError.
        """
        if isinstance(inputs, str | PathLike):
            raise TypeError(f"inputs is {inputs!r}, not several files; write [{inputs!r}]")
        template = self._template(image, args, options, has_input=True)
        if max_parallel < 1:
            raise ValueError(f"max_parallel is {max_parallel}, but must be at least 1")
        jobs = Jobs(len(inputs) if isinstance(inputs, Sized) else None)
        threading.Thread(
            target=self._feed,
            args=(jobs, template, inputs, threading.Semaphore(max_parallel)),
            name="mstc-cloud-worker-map",
            daemon=True,
        ).start()
        return jobs

    def as_completed(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The jobs in the order in which they are answered, as they are.

        Raises:
            ForkedProcess: this is another process than the one that connected.
        """
        completions = self._completions(all_of(jobs))
        while not completions.over:
            job = completions.next(None)
            if job is not None:
                yield job

    def progress(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """As `as_completed`, with a bar.

        A terminal and a notebook show a line that changes; a log gets a line now and then.
        """
        watched = all_of(jobs)
        completions = self._completions(watched)
        bar = Bar(watched)
        try:
            while not completions.over:
                job = completions.next(_SHOW_S)
                if job is None:
                    bar.show()
                else:
                    bar.count(failed=job.outcome != "SUCCEEDED")
                    yield job
        finally:
            bar.close()

    def _completions(self, jobs: Jobs | Sent) -> Completions:
        self._services.link.require_own_process()
        return Completions(jobs)

    def _template(
        self, image: str, args: Sequence[str] | None, options: Options, *, has_input: bool
    ) -> Template:
        self._services.link.require_own_process()
        template = Template.of(image, args, options, self._bucket, self._output_bucket)
        if has_input and not template.names_input:
            raise ValueError(
                f"the job would not know its input: write {INPUT} where its name belongs, "
                f'such as args=["--mesh", "{INPUT}"]'
            )
        if not has_input and template.names_input:
            raise ValueError(f"{INPUT} stands for an input, and there is none; give input=…")
        return template

    def _send(self, template: Template, stored: StoredInput | None) -> Job:
        request = template.request(stored)
        reply = self._services.link.send(request.fields, request.message_id)
        source = stored.path if stored else None
        return Job(self._services, template.image, source, request, reply)

    def _feed(
        self,
        jobs: Jobs,
        template: Template,
        inputs: Iterable[str | PathLike[str]],
        room: threading.Semaphore,
    ) -> None:
        """Sends the jobs of one `map`; runs on a thread of its own."""
        error: BaseException | None = None
        try:
            iterator = iter(inputs)
            while True:
                room.acquire()
                if self._closed.is_set():
                    raise ClientClosed("the worker is closed; the other jobs were not sent")
                try:
                    path = Path(next(iterator))
                except StopIteration:
                    break
                job = self._one_of_many(template, path)
                job._reply.add_done_callback(lambda _: room.release())
                jobs._add(job)
        # The thread of whoever waits for the jobs raises it.
        except BaseException as e:
            error = e
        finally:
            jobs._finish(error)

    def _one_of_many(self, template: Template, path: Path) -> Job:
        try:
            stored = self._services.store.keep(template.bucket, path)
        except (OSError, MstcError) as e:
            reply: Future[Reply] = Future()
            reply.set_exception(e)
            return Job(self._services, template.image, path, None, reply)
        return self._send(template, stored)

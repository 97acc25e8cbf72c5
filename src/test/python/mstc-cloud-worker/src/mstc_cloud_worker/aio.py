"""The worker for programs with asyncio: the same, to be awaited."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from mstc_cloud_worker._progress import Bar
from mstc_cloud_worker._request import Options
from mstc_cloud_worker.job import Job, JobLog, Result
from mstc_cloud_worker.jobs import Completions, End, Jobs, Sent, all_of
from mstc_cloud_worker.reply import Reply
from mstc_cloud_worker.worker import Settings, Worker, connect

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SHOW_S = 1.0

_T = TypeVar("_T")


@dataclass(frozen=True)
class AsyncResult:
    """What an answered job left, as `Result`.

    Attributes:
        result: the same for programs that may block.
    """

    result: Result

    @property
    def outcome(self) -> str | None:
        """As in the reply: `SUCCEEDED`."""
        return self.result.outcome

    @property
    def exit_code(self) -> int | None:
        """Of the job's process."""
        return self.result.exit_code

    @property
    def reply(self) -> Reply:
        """The worker's reply."""
        return self.result.reply

    @property
    def log(self) -> JobLog | None:
        """Where the log is; `log_text` reads it."""
        return self.result.log

    async def log_text(self) -> str:
        """The whole log; empty if none could be stored."""
        log = self.result.log
        return await asyncio.to_thread(lambda: log.text) if log else ""

    async def outputs(self) -> list[str]:
        """As `Result.outputs`."""
        return await asyncio.to_thread(lambda: self.result.outputs)

    async def download(self, folder: str | PathLike[str]) -> list[Path]:
        """As `Result.download`."""
        return await asyncio.to_thread(self.result.download, folder)


@dataclass(frozen=True)
class AsyncJob:
    """A request that was sent, as `Job`. Equal to another of the same job.

    Attributes:
        job: the same for programs that may block.
    """

    job: Job

    @property
    def input(self) -> Path | None:
        """The file that the job is for; None if it has none."""
        return self.job.input

    @property
    def id(self) -> str | None:
        """As `Job.id`."""
        return self.job.id

    @property
    def name(self) -> str | None:
        """As `Job.name`."""
        return self.job.name

    @property
    def outcome(self) -> str | None:
        """As `Job.outcome`."""
        return self.job.outcome

    def done(self) -> bool:
        """As `Job.done`."""
        return self.job.done()

    async def result(self, timeout: float | None = None) -> AsyncResult:
        """As `Job.result`; a task that waits may be cancelled, which does nothing to the job.

        What `JobFailed` carries is for programs that may block.
        """
        waiting = asyncio.wrap_future(self.job._reply)
        await asyncio.wait({waiting}, timeout=timeout)
        if timeout is not None and not waiting.done():
            raise self.job._waited(timeout)
        waiting.exception()  # otherwise asyncio complains that nobody looked at it
        return AsyncResult(await asyncio.to_thread(self.job.result))

    async def logs(self, follow: bool = False) -> AsyncIterator[str]:
        """As `Job.logs`."""
        lines = await asyncio.to_thread(self.job.logs, follow)
        async for line in _each(lines):
            yield line

    async def cancel(self) -> bool:
        """As `Job.cancel`."""
        return await asyncio.to_thread(self.job.cancel)


@dataclass(frozen=True)
class AsyncJobs:
    """The jobs of one `map`, as `Jobs`.

    Attributes:
        jobs: the same for programs that may block.
    """

    jobs: Jobs

    @property
    def total(self) -> int | None:
        """As `Jobs.total`."""
        return self.jobs.total

    @property
    def sent(self) -> int:
        """As `Jobs.sent`."""
        return self.jobs.sent

    async def __aiter__(self) -> AsyncIterator[AsyncJob]:
        """Each job when it has been sent, in the order of the inputs."""
        async for job in _each(iter(self.jobs)):
            yield AsyncJob(job)


class AsyncWorker:
    """Runs jobs, as `Worker`. Made by `aconnect`.

    Attributes:
        worker: the same for programs that may block.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    async def __aenter__(self) -> "AsyncWorker":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """As `Worker.close`."""
        await asyncio.to_thread(self.worker.close)

    async def submit(
        self,
        image: str,
        args: Sequence[str] | None = None,
        *,
        input: str | PathLike[str] | None = None,  # noqa: A002 - as Worker.submit
        **options: "Unpack[Options]",
    ) -> AsyncJob:
        """As `Worker.submit`."""
        return AsyncJob(
            await asyncio.to_thread(self.worker.submit, image, args, input=input, **options)
        )

    def map(
        self,
        image: str,
        inputs: Iterable[str | PathLike[str]],
        args: Sequence[str] | None = None,
        *,
        max_parallel: int = 50,
        **options: "Unpack[Options]",
    ) -> AsyncJobs:
        """As `Worker.map`, whose thread asks for the inputs."""
        return AsyncJobs(self.worker.map(image, inputs, args, max_parallel=max_parallel, **options))

    async def as_completed(self, jobs: AsyncJobs | Iterable[AsyncJob]) -> AsyncIterator[AsyncJob]:
        """As `Worker.as_completed`."""
        async for job in self._completed(_watched(jobs), None):
            if job is not None:
                yield job

    async def progress(self, jobs: AsyncJobs | Iterable[AsyncJob]) -> AsyncIterator[AsyncJob]:
        """As `Worker.progress`."""
        watched = _watched(jobs)
        bar = Bar(watched)
        try:
            async for job in self._completed(watched, _SHOW_S):
                if job is None:
                    bar.show()
                else:
                    bar.count(failed=job.outcome != "SUCCEEDED")
                    yield job
        finally:
            bar.close()

    async def _completed(
        self, jobs: Jobs | Sent, seconds: float | None
    ) -> AsyncIterator[AsyncJob | None]:
        """The jobs that are done, and None whenever none is within that many seconds."""
        self.worker._services.link.require_own_process()
        loop = asyncio.get_running_loop()
        come: asyncio.Queue[Job | End] = asyncio.Queue()

        def put(item: Job | End) -> None:
            # Nobody waits any more once the loop is closed.
            if not loop.is_closed():
                loop.call_soon_threadsafe(come.put_nowait, item)

        completions = Completions(jobs, put)
        waiting: asyncio.Task[Job | End] | None = None
        try:
            while not completions.over:
                waiting = waiting or asyncio.ensure_future(come.get())
                await asyncio.wait({waiting}, timeout=seconds)
                if not waiting.done():
                    yield None
                    continue
                job = completions.accept(waiting.result())
                waiting = None
                if job is not None:
                    yield AsyncJob(job)
        finally:
            if waiting is not None:
                waiting.cancel()


class Connecting:
    """A worker to be: `async with` or `await` connects."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: AsyncWorker | None = None

    def __await__(self) -> Generator[object, None, AsyncWorker]:
        return self._connect().__await__()

    async def __aenter__(self) -> AsyncWorker:
        self._worker = await self._connect()
        return self._worker

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._worker is not None:
            await self._worker.close()

    async def _connect(self) -> AsyncWorker:
        return AsyncWorker(await asyncio.to_thread(lambda: connect(**self._settings)))


def aconnect(**settings: "Unpack[Settings]") -> Connecting:
    """Connects as `connect` does, once it is awaited or entered by `async with`."""
    return Connecting(settings)


def _watched(jobs: AsyncJobs | Iterable[AsyncJob]) -> Jobs | Sent:
    return jobs.jobs if isinstance(jobs, AsyncJobs) else all_of([each.job for each in jobs])


async def _each(iterator: Iterator[_T]) -> AsyncIterator[_T]:
    """What a blocking iterator gives, one by one."""
    while item := await asyncio.to_thread(lambda: [*islice(iterator, 1)]):
        yield item[0]

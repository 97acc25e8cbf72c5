"""Jobs that are sent one after the other, and those that are done first."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mstc_cloud_worker.job import Job


@dataclass(frozen=True)
class End:
    """No more jobs come.

    Attributes:
        count: how many there were.
        error: why there are no more; None if these were all.
    """

    count: int
    error: BaseException | None = None


class Jobs(Iterable[Job]):
    """The jobs of one `map`, which a thread sends as there is room.

    Iterating gives each job when it has been sent, in the order of the inputs; it may be done any
    number of times.
    """

    def __init__(self, total: int | None) -> None:
        self._total = total
        # Guards what is below; signalled when a job is sent, and at the end.
        self._changed = threading.Condition()
        self._sent: list[Job] = []
        self._end: End | None = None
        self._watchers: list[Callable[[Job | End], None]] = []

    @property
    def total(self) -> int | None:
        """How many jobs there will be; None as long as that is not known."""
        return self._total

    @property
    def sent(self) -> int:
        """How many jobs have been sent."""
        return len(self._sent)

    def __iter__(self) -> Iterator[Job]:
        index = 0
        while True:
            with self._changed:
                while index == len(self._sent) and self._end is None:
                    self._changed.wait()
                if index == len(self._sent):
                    error = self._end.error if self._end else None
                    break
                job = self._sent[index]
            index += 1
            yield job
        if error is not None:
            raise error

    def _add(self, job: Job) -> None:
        with self._changed:
            self._sent.append(job)
            watchers = [*self._watchers]
            self._changed.notify_all()
        for put in watchers:
            _when_done(job, put)

    def _finish(self, error: BaseException | None) -> None:
        with self._changed:
            self._end = End(len(self._sent), error)
            self._total = len(self._sent)
            watchers, self._watchers = self._watchers, []
            self._changed.notify_all()
        for put in watchers:
            put(self._end)

    def _watch(self, put: Callable[[Job | End], None]) -> None:
        with self._changed:
            jobs, end = [*self._sent], self._end
            if end is None:
                self._watchers.append(put)
        for job in jobs:
            _when_done(job, put)
        if end is not None:
            put(end)


@dataclass(frozen=True)
class Sent:
    """Jobs that were all sent before."""

    jobs: list[Job]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.jobs)

    @property
    def sent(self) -> int:
        """How many there are."""
        return len(self.jobs)

    def _watch(self, put: Callable[[Job | End], None]) -> None:
        for job in self.jobs:
            _when_done(job, put)
        put(End(len(self.jobs)))


class Completions:
    """Jobs as they are done, whoever waits for them.

    `next` blocks; whoever must not block gives a function that takes what comes, and hands it to
    `accept` where it waits.
    """

    def __init__(self, jobs: Jobs | Sent, put: Callable[[Job | End], None] | None = None) -> None:
        self._come: queue.SimpleQueue[Job | End] = queue.SimpleQueue()
        self._end: End | None = None
        self._count = 0
        jobs._watch(put or self._come.put)

    @property
    def over(self) -> bool:
        """Whether all jobs are done.

        Raises:
            BaseException: the one that ended the sending of jobs.
        """
        if self._end is None or self._count < self._end.count:
            return False
        if self._end.error is not None:
            raise self._end.error
        return True

    def accept(self, item: Job | End) -> Job | None:
        """Counts what came; returns it if it is a job."""
        if isinstance(item, End):
            self._end = item
            return None
        self._count += 1
        return item

    def next(self, timeout: float | None) -> Job | None:
        """The next job that is done; None if none is within that many seconds."""
        try:
            return self.accept(self._come.get(timeout=timeout))
        except queue.Empty:
            return None


def all_of(jobs: Iterable[Job]) -> Jobs | Sent:
    """The jobs, so that they can be watched. Those of a `map` need not be sent yet."""
    return jobs if isinstance(jobs, Jobs) else Sent(list(jobs))


def _when_done(job: Job, put: Callable[[Job | End], None]) -> None:
    job._reply.add_done_callback(lambda _: put(job))

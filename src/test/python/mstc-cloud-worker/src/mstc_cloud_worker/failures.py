"""How jobs fail, an exception for each outcome."""

import re
from typing import TYPE_CHECKING

from mstc_cloud_worker.errors import MstcError

if TYPE_CHECKING:
    from mstc_cloud_worker.job import Job, Result

_FAILED = re.compile(r"Job \S+ failed: (.*?)\.?", re.DOTALL)


class JobFailed(MstcError):
    """A job did not succeed: its process failed, or it ended as a subclass says.

    Attributes:
        outcome: as in the reply, such as `FAILED`.
        reason: the worker's words, such as `exit code 3`.
        exit_code: of the job's process; None if it has none.
        log_tail: the last lines of the job's log; empty if it has none.
        job: the job.
        result: what there is of its outputs and its log.
    """

    def __init__(self, result: "Result", log_tail: str) -> None:
        text = result.reply.result
        super().__init__(f"{text} Its log ends with:\n{log_tail}" if log_tail else text)
        failed = _FAILED.fullmatch(text)
        self.outcome = result.outcome
        self.reason = failed[1] if failed else text
        self.exit_code = result.exit_code
        self.log_tail = log_tail
        self.job: Job = result.job
        self.result = result


class JobOutOfMemory(JobFailed):
    """The job used more memory than it had."""


class JobTimedOut(JobFailed):
    """The job did not end within its timeout, or got no room within it."""


class ImageUnavailable(JobFailed):
    """The job's image could not be pulled."""


class JobCancelled(JobFailed):
    """Someone cancelled the job."""


class JobLost(JobFailed):
    """Nothing tells how the job ended."""


class JobEvicted(JobFailed):
    """The job was removed from its node, and its timeout passed before it could run again."""


class RequestRejected(JobFailed):
    """The worker or its cluster refused the request; nothing ran.

    This is also how a key ends that was used before, for a job with other `cpu`, `memory`, `gpu`,
    `retries`, `timeout` or `labels`.
    """


_BY_OUTCOME: dict[str, type[JobFailed]] = {
    "OUT_OF_MEMORY": JobOutOfMemory,
    "TIMED_OUT": JobTimedOut,
    "IMAGE_UNAVAILABLE": ImageUnavailable,
    "CANCELLED": JobCancelled,
    "LOST": JobLost,
    "EVICTED": JobEvicted,
    "REJECTED": RequestRejected,
}


def failure(result: "Result", log_tail: str) -> JobFailed:
    """The exception for an outcome; `JobFailed` itself if it has no class of its own."""
    return _BY_OUTCOME.get(result.outcome or "", JobFailed)(result, log_tail)

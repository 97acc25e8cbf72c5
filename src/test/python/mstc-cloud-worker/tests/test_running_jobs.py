"""Jobs that run, at the worker's HTTP API, where MSTC_URL names one."""

import os
import time

import pytest

from mstc_cloud_worker import Job, JobCancelled, JobNotFound, Worker

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture(autouse=True)
def url() -> str:
    url = os.environ.get("MSTC_URL")
    if not url:
        pytest.skip("no address of the worker's HTTP API (MSTC_URL, MSTC_TOKEN)")
    return url


def cancel(job: Job, timeout_s: float) -> None:
    """Cancels a job, once it is on record."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            assert job.cancel()
        except JobNotFound:
            assert time.monotonic() < deadline, f"{job} is not on record"
            time.sleep(0.05)
        else:
            return


def test_a_cancelled_job_says_so(connected: Worker, image: str, timeout_s: float) -> None:
    job = connected.submit(image)

    cancel(job, timeout_s)

    with pytest.raises(JobCancelled, match="cancelled"):
        job.result(timeout_s)
    assert not job.cancel()


def test_lines_come_while_the_job_runs(connected: Worker, image: str, timeout_s: float) -> None:
    job = connected.submit(image)
    seen = []

    for line in job.logs(follow=True):
        seen.append(line)
        if " primes below " in line and not job.done():
            break
    assert any(line.endswith(" started") for line in seen), seen
    written = [*job.logs()]
    assert seen == written[: len(seen)]

    result = job.result(timeout_s)
    assert result.log is not None
    assert result.log.lines[: len(written)] == written

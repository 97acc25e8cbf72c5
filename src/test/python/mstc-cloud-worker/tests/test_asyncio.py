"""The worker for asyncio, on fakes; no services needed."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from fakes import Fakes

from mstc_cloud_worker import (
    AsyncJob,
    AsyncWorker,
    BrokerUnavailable,
    JobFailed,
    LogObject,
    WaitTimeout,
    aconnect,
)

ARGS = ["--mesh", "{input}"]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_jobs_come_as_they_are_answered() -> None:
    fakes = Fakes()

    async def test() -> None:
        async with AsyncWorker(fakes.worker()) as worker:
            jobs = worker.map("team/solver:3", ["0.msh", "1.msh", "2.msh"], ARGS)
            sent = await asyncio.to_thread(fakes.link.await_sent, 3)
            assert [str(job.input) async for job in jobs] == ["0.msh", "1.msh", "2.msh"]
            completed = worker.as_completed(jobs)
            for number in (2, 0, 1):
                sent[number].answer()
                job = await completed.__anext__()
                assert str(job.input) == f"{number}.msh"
                assert (await job.result()).outcome == "SUCCEEDED"
            assert [job async for job in completed] == []
            assert jobs.total == jobs.sent == 3

    run(test())


def test_progress_counts_what_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = Fakes()

    async def test() -> None:
        worker = AsyncWorker(fakes.worker())
        jobs = [await worker.submit("team/solver:3") for _ in range(3)]
        fakes.link.sent[0].answer()
        fakes.link.sent[1].answer("FAILED")
        asyncio.get_running_loop().call_later(0.01, fakes.link.sent[2].answer)
        assert {job async for job in worker.progress(jobs)} == {*jobs}

    run(test())

    assert "3/3" in capsys.readouterr().err


def test_a_result_is_that_of_the_job(tmp_path: Path) -> None:
    fakes = Fakes()

    async def test() -> None:
        job = await AsyncWorker(fakes.worker()).submit("team/solver:3", ARGS, input="wing.msh")
        prefix = fakes.link.sent[0].fields["prefix"]
        fakes.store.objects = {"a.log": "one\n", f"{prefix}-flow.vtk": ""}
        fakes.link.sent[0].answer(log=LogObject("cases", "a.log", 4, True))
        result = await job.result()
        assert result.exit_code == 0
        assert result.reply.succeeded
        assert result.log is not None
        assert await result.outputs() == [f"{prefix}-flow.vtk"]
        assert await result.log_text() == "one\n"
        assert tmp_path / "flow.vtk" in await result.download(tmp_path)
        assert [line async for line in job.logs()] == ["one"]
        assert job == AsyncJob(job.job)
        assert job.input == Path("wing.msh")
        assert job.name == job.job.name
        assert job.id == job.job.id
        assert job.done()
        assert job.outcome == "SUCCEEDED"

    run(test())


def test_a_failure_is_raised_where_it_is_awaited() -> None:
    fakes = Fakes()

    async def test() -> None:
        job = await AsyncWorker(fakes.worker()).submit("team/solver:3")
        assert await job.cancel()
        fakes.link.sent[0].answer("CANCELLED")
        with pytest.raises(JobFailed, match="cancelled"):
            await job.result()

    run(test())


def test_a_wait_may_be_cancelled_or_end_and_be_repeated() -> None:
    fakes = Fakes()

    async def test() -> None:
        job = await AsyncWorker(fakes.worker()).submit("team/solver:3")
        with pytest.raises(WaitTimeout, match="the reply to job"):
            await job.result(0.01)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(job.result(), 0.01)
        fakes.link.sent[0].answer()
        assert (await job.result(0.01)).outcome == "SUCCEEDED"

    run(test())


def test_what_is_answered_after_the_loop_is_closed_is_no_trouble() -> None:
    fakes = Fakes()
    worker = AsyncWorker(fakes.worker())

    async def test() -> None:
        jobs = worker.as_completed([await worker.submit("team/solver:3")])
        waiting = asyncio.ensure_future(jobs.__anext__())
        await asyncio.wait({waiting}, timeout=0.01)
        waiting.cancel()

    run(test())
    fakes.link.sent[0].answer()

    assert fakes.link.sent[0].reply.done()


def test_without_a_broker_the_error_names_the_address() -> None:
    async def test() -> None:
        with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
            await aconnect(broker_host="127.0.0.1", broker_port=1)
        with pytest.raises(TypeError, match="unknown: host"):
            async with aconnect(host="localhost"):  # type: ignore[call-arg]
                pass

    run(test())

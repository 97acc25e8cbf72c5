"""A worker's jobs on fakes: what is sent when, and what a program gets; no services needed."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import FAILURES, Fakes

from mstc_cloud_worker import (
    ClientClosed,
    ForkedProcess,
    ImageUnavailable,
    JobCancelled,
    JobEvicted,
    JobFailed,
    JobLost,
    JobNotFound,
    JobOutOfMemory,
    JobTimedOut,
    LogObject,
    RequestRejected,
    StoreError,
    WaitTimeout,
    WorkerUnavailable,
)
from mstc_cloud_worker._api import LogEvent

ARGS = ["--mesh", "{input}"]


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


def test_a_job_is_told_its_input(fakes: Fakes) -> None:
    job = fakes.worker().submit("team/solver:3", ARGS, input="cases/wing.msh")

    assert fakes.link.sent[0].fields["args"] == ["--mesh", "inputs/wing.msh"]
    assert fakes.link.sent[0].fields["inputBucket"] == "cases"
    assert job.input == Path("cases/wing.msh")
    assert job.name is not None
    assert job.name.startswith("solver-")
    assert not job.done()
    assert "not answered yet" in repr(job)


def test_an_input_that_nothing_names_is_refused(fakes: Fakes) -> None:
    with pytest.raises(ValueError, match="would not know its input"):
        fakes.worker().submit("team/solver:3", ["--mesh"], input="cases/wing.msh")
    with pytest.raises(ValueError, match="would not know its input"):
        fakes.worker().map("team/solver:3", ["cases/wing.msh"])
    with pytest.raises(ValueError, match="there is none"):
        fakes.worker().submit("team/solver:3", ARGS)
    assert fakes.link.sent == []


def test_one_path_instead_of_several_is_refused(fakes: Fakes) -> None:
    with pytest.raises(TypeError, match="not several files"):
        fakes.worker().map("team/solver:3", "wing.msh", ARGS)
    with pytest.raises(TypeError, match="not several files"):
        fakes.worker().map("team/solver:3", Path("wing.msh"), ARGS)  # type: ignore[arg-type]


def test_no_more_jobs_are_sent_than_may_be_in_flight(fakes: Fakes) -> None:
    asked: list[int] = []

    def inputs() -> Iterator[str]:
        for number in range(5):
            asked.append(number)
            yield f"{number}.msh"

    jobs = fakes.worker().map("team/solver:3", inputs(), ARGS, max_parallel=2)
    sent = fakes.link.await_sent(2)
    # A third would be sent by now if it were sent at all: the thread has asked for no third input.
    assert asked == [0, 1]
    assert jobs.total is None

    sent[1].answer()
    fakes.link.await_sent(3)
    assert asked == [0, 1, 2]
    for number in range(5):
        if number != 1:
            fakes.link.await_sent(number + 1)[number].answer()

    assert [str(job.input) for job in jobs] == [f"{number}.msh" for number in range(5)]
    assert jobs.total == 5


def test_jobs_come_as_they_are_answered(fakes: Fakes) -> None:
    worker = fakes.worker()
    jobs = worker.map("team/solver:3", ["0.msh", "1.msh", "2.msh"], ARGS)
    sent = fakes.link.await_sent(3)
    for number in (2, 0, 1):
        sent[number].answer()

    assert jobs.total == 3
    assert [str(job.input) for job in worker.as_completed([*jobs][::-1])] == [
        "2.msh",
        "1.msh",
        "0.msh",
    ]
    assert len([*worker.as_completed(jobs)]) == 3


def test_a_job_that_is_answered_comes_while_others_are_not_sent_yet(fakes: Fakes) -> None:
    worker = fakes.worker()
    completed = worker.as_completed(
        worker.map("team/solver:3", ["0.msh", "1.msh"], ARGS, max_parallel=1)
    )
    fakes.link.await_sent(1)[0].answer()
    assert str(next(completed).input) == "0.msh"
    fakes.link.await_sent(2)[1].answer()
    assert str(next(completed).input) == "1.msh"
    assert [*completed] == []


def test_a_file_that_cannot_be_read_fails_its_own_job_only(fakes: Fakes) -> None:
    worker = fakes.worker()
    jobs = worker.map("team/solver:3", ["0.msh", "missing.msh", "2.msh"], ARGS, max_parallel=1)
    fakes.link.await_sent(1)[0].answer()
    fakes.link.await_sent(2)[1].answer()

    good, bad, last = jobs
    assert good.result().outcome == last.result().outcome == "SUCCEEDED"
    with pytest.raises(FileNotFoundError, match=r"missing\.msh"):
        bad.result()
    assert bad.name is None
    assert bad.id is None
    assert bad.outcome is None
    assert "failed" in repr(bad)
    assert not bad.cancel()


def test_an_error_of_the_inputs_comes_after_the_jobs(fakes: Fakes) -> None:
    def inputs() -> Iterator[str]:
        yield "0.msh"
        raise LookupError("no more")

    worker = fakes.worker()
    jobs = worker.map("team/solver:3", inputs(), ARGS)
    fakes.link.await_sent(1)[0].answer()

    for iterate in (worker.as_completed, worker.progress, iter):
        iterator = iterate(jobs)
        assert next(iterator).done()
        with pytest.raises(LookupError, match="no more"):
            next(iterator)


def test_after_close_nothing_is_sent_and_those_who_wait_are_told(fakes: Fakes) -> None:
    asked: list[int] = []

    def inputs() -> Iterator[str]:
        for number in range(3):
            asked.append(number)
            yield f"{number}.msh"

    with fakes.worker() as worker:
        jobs = worker.map("team/solver:3", inputs(), ARGS, max_parallel=1)
        fakes.link.await_sent(1)

    sent = iter(jobs)
    with pytest.raises(ClientClosed):
        next(sent).result()
    with pytest.raises(ClientClosed, match="were not sent"):
        next(sent)
    assert asked == [0]


def test_a_result_has_outputs_and_log(fakes: Fakes, tmp_path: Path) -> None:
    job = fakes.worker().submit("team/solver:3", key="study-7")
    sent = fakes.link.sent[0]
    prefix = sent.fields["prefix"]
    log = f"{prefix}-{job.name}.log"
    fakes.store.objects = {
        f"{prefix}-flow.vtk": "",
        f"{prefix}/mesh/a.vtk": "",
        log: "one\ntwo\n",
        "study-7/other": "",
    }
    sent.answer(log=LogObject("cases", log, 8, True))

    result = job.result()

    assert result.outcome == "SUCCEEDED"
    assert result.exit_code == 0
    assert result.bucket == "cases"
    assert result.outputs == [f"{prefix}-flow.vtk", f"{prefix}/mesh/a.vtk"]
    assert result.log is not None
    assert result.log.text == "one\ntwo\n"
    assert result.log.lines == [*job.logs()] == [*job.logs(follow=True)] == ["one", "two"]
    assert result.log.complete
    result.download(tmp_path)
    assert fakes.store.fetched == {
        f"{prefix}-flow.vtk": "flow.vtk",
        f"{prefix}/mesh/a.vtk": "mesh/a.vtk",
        log: f"{job.name}.log",
    }


def test_outputs_that_would_become_the_same_file_keep_their_names(
    fakes: Fakes, tmp_path: Path
) -> None:
    job = fakes.worker().submit("team/solver:3", key="study-7")
    prefix = fakes.link.sent[0].fields["prefix"]
    fakes.store.objects = {f"{prefix}-a": "", f"{prefix}/a": "", prefix: ""}
    fakes.link.sent[0].answer()

    job.result().download(tmp_path)

    assert fakes.store.fetched == {
        f"{prefix}-a": "a",
        f"{prefix}/a": f"{prefix}/a",
        prefix: prefix.rpartition("/")[2],
    }


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("FAILED", JobFailed),
        ("TIMED_OUT", JobTimedOut),
        ("OUT_OF_MEMORY", JobOutOfMemory),
        ("IMAGE_UNAVAILABLE", ImageUnavailable),
        ("EVICTED", JobEvicted),
        ("CANCELLED", JobCancelled),
        ("LOST", JobLost),
        ("REJECTED", RequestRejected),
        ("PAUSED", JobFailed),
    ],
)
def test_every_outcome_has_its_exception(fakes: Fakes, outcome: str, kind: type) -> None:
    job = fakes.worker().submit("team/solver:3")
    fakes.store.objects = {"a.log": "".join(f"line {number}\n" for number in range(30))}
    fakes.link.sent[0].answer(outcome, LogObject("cases", "a.log", 300, True))

    with pytest.raises(JobFailed) as raised:
        job.result()

    error = raised.value
    assert type(error) is kind
    assert error.outcome == job.outcome == outcome
    if outcome in FAILURES:
        assert error.reason == FAILURES[outcome]
    assert error.exit_code == {"FAILED": 3, "OUT_OF_MEMORY": 137}.get(outcome)
    assert error.log_tail.split("\n") == [f"line {number}" for number in range(10, 30)]
    assert str(error).endswith("line 29")
    assert error.job is job
    assert error.result.outputs == []


def test_a_failure_is_told_though_its_log_cannot_be_read(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise StoreError("the store is away")

    monkeypatch.setattr(fakes.store, "tail", fail)
    job = fakes.worker().submit("team/solver:3")
    fakes.link.sent[0].answer("FAILED", LogObject("cases", "a.log", 300, True))

    with pytest.raises(JobFailed, match="exit code 3") as raised:
        job.result()

    assert "the store is away" in raised.value.log_tail


def test_a_wait_ends_in_time_and_may_be_repeated(fakes: Fakes) -> None:
    job = fakes.worker().submit("team/solver:3")

    with pytest.raises(WaitTimeout, match=f"the reply to job {job.name}"):
        job.result(0)
    fakes.link.sent[0].answer()
    assert job.result(0).outcome == "SUCCEEDED"


def test_a_log_is_followed_over_a_connection_that_breaks(
    fakes: Fakes, caplog: pytest.LogCaptureFixture
) -> None:
    fakes.api.connections = [
        [JobNotFound("it waits in the queue")],
        [LogEvent("notice", "the beginning is gone", "1"), LogEvent("log", "one\ntw", "2")],
        [WorkerUnavailable("it restarts")],
        [LogEvent("log", "o\nthree", "3"), LogEvent("end", "", "4")],
    ]
    job = fakes.worker().submit("team/solver:3")

    assert [*job.logs(follow=True)] == ["one", "two", "three"]
    assert fakes.api.after == ["", "", "2", "2"]
    assert "the beginning is gone" in caplog.text


def test_a_log_of_a_job_that_is_answered_meanwhile_comes_from_the_store(fakes: Fakes) -> None:
    job = fakes.worker().submit("team/solver:3")
    fakes.store.objects = {"a.log": "one\n"}
    lines = job.logs(follow=True)
    fakes.link.sent[0].answer(log=LogObject("cases", "a.log", 4, True))

    assert [*lines] == ["one"]


def test_a_log_that_ends_before_it_was_read_comes_from_the_store(fakes: Fakes) -> None:
    job = fakes.worker().submit("team/solver:3")
    fakes.api.connections = [[LogEvent("end", "", "1")]]
    fakes.store.objects = {"a.log": "one\n"}
    lines = job.logs(follow=True)
    answering = threading.Timer(
        0.05, fakes.link.sent[0].answer, ["FAILED", LogObject("cases", "a.log", 4, True)]
    )
    answering.start()

    assert [*lines] == ["one"]
    answering.join()


def test_a_log_of_a_job_that_is_not_on_record_says_so(fakes: Fakes) -> None:
    with pytest.raises(JobNotFound):
        fakes.worker().submit("team/solver:3").logs()


def test_a_job_is_cancelled_by_its_name(fakes: Fakes) -> None:
    job = fakes.worker().submit("team/solver:3")

    assert job.cancel()
    fakes.link.sent[0].answer("CANCELLED")

    assert not job.cancel()
    assert fakes.api.cancelled == [job.name]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_told_what_is_wrong(fakes: Fakes) -> None:
    worker = fakes.worker()
    job = worker.submit("team/solver:3")
    fakes.link.sent[0].answer()
    uses: list[Callable[[], Any]] = [
        job.result,
        job.logs,
        job.cancel,
        lambda: worker.submit("team/solver:3"),
        lambda: worker.map("team/solver:3", ["a.msh"], ARGS),
        lambda: next(worker.as_completed([job])),
        lambda: next(worker.progress([job])),
    ]

    child = os.fork()
    if child == 0:
        errors = 0
        for use in uses:
            try:
                use()
            except ForkedProcess as e:
                errors += "call connect() here" in str(e)
        os._exit(errors)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == len(uses)


def test_threads_may_share_a_worker(fakes: Fakes) -> None:
    worker = fakes.worker()
    results: list[str | None] = []

    def run(number: int) -> None:
        results.append(worker.submit("team/solver:3", [str(number)]).result(10).outcome)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for sent in [*fakes.link.await_sent(8)]:
        sent.answer()
    for thread in threads:
        thread.join()

    assert results == ["SUCCEEDED"] * 8

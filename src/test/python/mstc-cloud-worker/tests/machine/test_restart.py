"""A worker's jobs when broker, store and worker die together and start again."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from standalone import LAUNCHER, Standalone, free_ports

from mstc_cloud_worker import Data, connect

JOBS = 12
IN_FLIGHT = 6
TIMEOUT_S = 120


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Standalone]:
    """Skips where the worker's sources are not around this project."""
    if not LAUNCHER.exists():
        pytest.skip(f"no worker to start: {LAUNCHER} does not exist")
    standalone = Standalone(tmp_path, *free_ports(3))
    try:
        standalone.start()
        yield standalone
    finally:
        if standalone.processes and standalone.processes[-1].poll() is None:
            standalone.stop()


def test_jobs_go_on_after_everything_died_and_started_again_and_none_runs_twice(
    standalone: Standalone, tmp_path: Path
) -> None:
    cases = [tmp_path / f"{number}.msh" for number in range(JOBS)]
    for case in cases:
        case.write_text(case.stem)

    with connect(**standalone.settings) as worker:
        jobs = worker.map("tests/short", cases, ["{input}"], max_parallel=IN_FLIGHT, key="study")
        completed = worker.as_completed(jobs)
        first = next(completed)
        assert first.result().outcome == "SUCCEEDED"
        standalone.kill()
        standalone.start()
        outcomes = Counter(job.outcome for job in completed)

    # Processes of this machine do not outlive the worker that runs them, and are answered so.
    assert outcomes.keys() <= {"SUCCEEDED", "LOST"}
    assert outcomes.total() == JOBS - 1
    assert outcomes["LOST"] <= IN_FLIGHT
    data = Data("127.0.0.1", standalone.store_port)
    logs = [name for name in data.list_objects("mstc") if name.endswith(".log")]
    assert len(logs) == JOBS

"""A worker's jobs, at the worker that answers at the broker."""

import asyncio
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3
from conftest import Services
from minio import Minio
from proxy import Proxy

from mstc_cloud_worker import (
    Data,
    RequestRejected,
    Worker,
    aconnect,
    connect,
)

pytestmark = pytest.mark.usefixtures("worker")

# The test job ignores its arguments. Where its image has a command instead of an entry point, they
# replace it.
ARGS = ["python3", "/app/main.py", "{input}"]
CASES = 100

# As the README has it, with the image that the tests have, and its arguments.
SCRIPT = """
import sys
from pathlib import Path
from mstc_cloud_worker import JobFailed, connect

with connect() as worker:
    jobs = worker.map(sys.argv[1], Path("cases").glob("*.msh"), args=sys.argv[2:],
                      memory="64Mi", retries=1, timeout="2h", max_parallel=50, key="study-7")
    for job in worker.progress(jobs):
        try:
            job.result().download(f"out/{job.input.stem}")
        except JobFailed as error:
            print(job.input, error.reason, error.log_tail)
"""


@pytest.fixture
def cases(tmp_path: Path) -> list[Path]:
    """Three files."""
    return meshes(tmp_path / "cases", 3)


def meshes(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    files = [folder / f"{number}.msh" for number in range(count)]
    for file in files:
        file.write_text(f"mesh {file.stem}")
    return files


def logs(store: Minio, bucket: str) -> list[str]:
    """The logs of all jobs that have ended."""
    names = [str(entry.object_name) for entry in store.list_objects(bucket, recursive=True)]
    return [name for name in names if name.endswith(".log")]


def created() -> int | None:
    """How many jobs the worker has created; None if its HTTP API is not known."""
    url = os.environ.get("MSTC_URL")
    if not url:
        return None
    page = urllib3.request("GET", f"{url}/metrics").data.decode()
    counter = re.search(r"^mstc_jobs_created_total (\S+)$", page, re.MULTILINE)
    assert counter, page
    return int(float(counter[1]))


def test_a_study_that_is_killed_and_run_again_runs_every_job_once(
    store: Minio, bucket: str, quick_image: str, tmp_path: Path, timeout_s: float
) -> None:
    meshes(tmp_path / "cases", CASES)
    before = created()
    command = [sys.executable, "-c", SCRIPT, quick_image, *ARGS]
    environment = {**os.environ, "MSTC_BUCKET": bucket}

    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as killed:
        deadline = time.monotonic() + timeout_s
        while len(logs(store, bucket)) < CASES // 4 and killed.poll() is None:
            assert time.monotonic() < deadline, "no job has ended"
            time.sleep(0.05)
        killed.kill()
    assert killed.returncode < 0, "it ended before it could be killed"
    again = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * timeout_s,
        check=False,
    )

    assert (again.returncode, again.stdout) == (0, ""), again
    assert f"{CASES}/{CASES}" in again.stderr
    assert len(logs(store, bucket)) == CASES
    assert before is None or created() == before + CASES
    inputs = [*store.list_objects(bucket, prefix="inputs/", recursive=True)]
    assert len(inputs) == CASES
    for number in range(CASES):
        (log,) = (tmp_path / "out" / str(number)).iterdir()
        assert re.search(rf"FILE_PREFIX=study-7/{number}-[0-9a-f]{{16}}\n", log.read_text())


def test_a_job_is_found_by_its_name_and_has_a_log(
    connected: Worker, bucket: str, cases: list[Path], quick_image: str, timeout_s: float
) -> None:
    job = connected.submit(quick_image, ARGS, input=cases[0], key="study-7")

    result = job.result(timeout_s)

    assert result.reply.job == job.name
    assert result.exit_code == 0
    assert result.bucket == bucket
    assert result.outputs == []
    assert result.log is not None
    assert result.log.object.endswith(f"-{job.name}.log")
    assert "SUCCESS" in result.log.lines
    assert result.log.tail().endswith("SUCCESS")
    assert [*job.logs(follow=True)] == result.log.lines


def test_what_a_job_leaves_under_its_prefix_is_its_output(
    connected: Worker, store: Minio, bucket: str, quick_image: str, timeout_s: float, tmp_path: Path
) -> None:
    job = connected.submit(quick_image, key="study-7")
    result = job.result(timeout_s)
    assert result.log is not None
    prefix = result.log.object.removesuffix(f"-{job.name}.log")
    file = tmp_path / "flow.vtk"
    file.write_text("flow")
    store.fput_object(bucket, f"{prefix}-flow.vtk", str(file))

    assert result.outputs == [f"{prefix}-flow.vtk"]
    files = result.download(tmp_path / "out")

    assert [file.name for file in files] == ["flow.vtk", f"{job.name}.log"]
    assert files[0].read_text() == "flow"


def test_a_key_of_a_job_with_other_resources_is_rejected(
    connected: Worker, quick_image: str, timeout_s: float
) -> None:
    job = connected.submit(quick_image, key="study-7", memory="64Mi")
    assert job.result(timeout_s).outcome == "SUCCEEDED"

    with pytest.raises(RequestRejected, match="was used for another request"):
        connected.submit(quick_image, key="study-7", memory="65Mi").result(timeout_s)
    again = connected.submit(quick_image, key="study-7", memory="64Mi")
    assert again.result(timeout_s).reply.job == job.name


def test_an_invalid_request_is_rejected_in_the_workers_words(
    connected: Worker, quick_image: str, timeout_s: float
) -> None:
    with pytest.raises(RequestRejected, match=r"resources\.memory") as raised:
        connected.submit(quick_image, memory="much").result(timeout_s)

    assert raised.value.log_tail == ""
    assert raised.value.exit_code is None


def test_a_reply_that_was_lost_with_the_connection_is_asked_for_again(
    proxy: Proxy, store: Minio, bucket: str, quick_image: str, timeout_s: float
) -> None:
    with connect(broker_host="127.0.0.1", broker_port=proxy.port, bucket=bucket) as worker:
        jobs = [worker.submit(quick_image) for _ in range(3)]
        assert jobs[0].result(timeout_s).outcome == "SUCCEEDED"
        proxy.cut()
        jobs += [worker.submit(quick_image) for _ in range(2)]
        deadline = time.monotonic() + timeout_s
        while len(logs(store, bucket)) < 3:
            assert time.monotonic() < deadline, "the jobs that were sent have not ended"
            time.sleep(0.05)
        proxy.mend()

        names = {job.result(timeout_s).reply.job for job in jobs}

    assert len(names) == len(logs(store, bucket)) == 5


def test_a_pool_of_threads_may_share_a_worker(
    connected: Worker, cases: list[Path], quick_image: str, timeout_s: float
) -> None:
    def run(case: Path) -> str | None:
        return connected.submit(quick_image, ARGS, input=case).result(timeout_s).outcome

    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(run, cases)] == ["SUCCEEDED"] * 3


def test_asyncio_awaits_jobs(
    bucket: str, cases: list[Path], quick_image: str, timeout_s: float, tmp_path: Path
) -> None:
    async def study() -> set[str]:
        async with aconnect(bucket=bucket) as worker:
            jobs = worker.map(quick_image, cases, ARGS, key="study-7")
            done = set()
            async for job in worker.as_completed(jobs):
                result = await job.result()
                await result.download(tmp_path / "out" / str(job.input and job.input.stem))
                done.add(str(job.input))
            return done

    done = asyncio.run(asyncio.wait_for(study(), timeout_s))

    assert done == {str(case) for case in cases}
    assert len([*(tmp_path / "out").glob("*/*.log")]) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_worker_survives_that_its_process_forks(
    connected: Worker, quick_image: str, timeout_s: float
) -> None:
    child = os.fork()
    if child == 0:
        # What every child does in the end.
        connected.close()
        os._exit(0)
    os.waitpid(child, 0)

    assert connected.submit(quick_image).result(timeout_s).outcome == "SUCCEEDED"


def test_a_content_is_uploaded_once(
    connected: Worker, services: Services, store: Minio, bucket: str, tmp_path: Path
) -> None:
    one, other = tmp_path / "a.msh", tmp_path / "b.msh"
    for file in (one, other):
        file.write_text("mesh")
    stored = connected._services.store.keep(bucket, one)
    # Something that would not survive another upload.
    Data().upload(bucket, one, prefix="before/")
    (tmp_path / "fake").write_text("fake")
    store.fput_object(bucket, stored.object, str(tmp_path / "fake"))

    with connect(bucket=bucket) as another:
        assert another._services.store.keep(bucket, other).object == stored.object

    assert Data().read_text(bucket, stored.object) == "fake"
    assert Data().list_objects(bucket, "inputs/") == [stored.object]


def test_a_missing_bucket_is_created_for_inputs(
    store: Minio, connected: Worker, bucket: str, tmp_path: Path
) -> None:
    new = f"{bucket}-new"
    (tmp_path / "a.tar.gz").write_text("mesh")
    try:
        name = connected._services.store.keep(new, tmp_path / "a.tar.gz").object

        assert re.fullmatch(r"inputs/[0-9a-f]{64}\.tar\.gz", name)
        assert Data().read_text(new, name) == "mesh"
    finally:
        for entry in store.list_objects(new, recursive=True):
            store.remove_object(new, str(entry.object_name))
        store.remove_bucket(new)


def test_an_input_is_a_file(connected: Worker, quick_image: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        connected.submit(quick_image, ARGS, input=tmp_path / "nothing")
    with pytest.raises(IsADirectoryError, match="an input is one file"):
        connected.submit(quick_image, ARGS, input=tmp_path)

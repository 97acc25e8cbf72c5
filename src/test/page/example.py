"""Jobs of all kinds, as people have them: `python3 example.py PORT` serves them with the page."""

import sys
import time

from fake_worker import FakeWorker, a_job, a_name, an_ended_job, moment


def an_example(worker):
    """Jobs of all kinds, as people have them."""
    solver = "registry.example.com/aero/openfoam-solver:11.2"
    wing = {"team": "aero", "study": "wing-7"}
    waiting = "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
    jobs = [
        a_job(
            a_name("wing-7-refined"),
            "PENDING",
            image=solver,
            labels=wing,
            createdAt=moment(14),
            hint=waiting,
        ),
        a_job(
            a_name("wing-7-coarse"),
            "PENDING",
            image=solver,
            labels=wing,
            createdAt=moment(38),
            hint="Pulling image registry.example.com/aero/openfoam-solver:11.2",
        ),
        a_job(
            a_name("wing-6"),
            image=solver,
            labels=wing,
            createdAt=moment(312),
            startedAt=moment(296),
        ),
        a_job(
            a_name("mesh-rotor"),
            image="team/mesher:2.4",
            createdAt=moment(754),
            startedAt=moment(748),
        ),
        a_job(
            a_name("thermal-very-long-name-of-a-study-in-detail"),
            image="team/thermal:latest",
            createdAt=moment(3723),
            startedAt=moment(3700),
        ),
        a_job(
            a_name("post-wing-5"),
            "ENDING",
            image="team/post:1",
            createdAt=moment(4100),
            startedAt=moment(4080),
            finishedAt=moment(2),
        ),
        an_ended_job(
            a_name("wing-5"),
            image=solver,
            labels=wing,
            createdAt=moment(9100),
            startedAt=moment(9080),
            finishedAt=moment(4120),
        ),
        an_ended_job(
            a_name("fatigue"),
            "OUT_OF_MEMORY",
            image="team/fatigue:7",
            createdAt=moment(9500),
            startedAt=moment(9490),
            finishedAt=moment(9020),
            exitCode=137,
        ),
        an_ended_job(
            a_name("wing-4"),
            "FAILED",
            image=solver,
            labels=wing,
            createdAt=moment(12000),
            startedAt=moment(11980),
            finishedAt=moment(11930),
        ),
        an_ended_job(
            a_name("rotor-typo"),
            "IMAGE_UNAVAILABLE",
            image="team/sovler:3",
            createdAt=moment(15000),
            exitCode=None,
        ),
        an_ended_job(
            a_name("mesh-hull"),
            "CANCELLED",
            image="team/mesher:2.4",
            createdAt=moment(17000),
            startedAt=moment(16990),
            finishedAt=moment(16800),
            exitCode=143,
        ),
        an_ended_job(
            a_name("hull-drag"),
            complete=False,
            image=solver,
            createdAt=moment(90000),
            startedAt=moment(89990),
            finishedAt=moment(81000),
            warnings=["the log is not complete: the node was lost, and with it what the container wrote after 11:04"],
        ),
        an_ended_job(
            a_name("nightly"),
            "TIMED_OUT",
            image="team/regression@sha256:" + "4f" * 32,
            createdAt=moment(190000),
            startedAt=moment(189000),
            finishedAt=moment(188100),
            exitCode=None,
        ),
    ]
    reasons = {
        "OUT_OF_MEMORY": "out of memory",
        "IMAGE_UNAVAILABLE": "image not found: team/sovler:3",
        "CANCELLED": "cancelled",
        "TIMED_OUT": "timed out after 15 minutes",
    }
    for job in jobs:
        if job["outcome"] in reasons:
            job["result"] = f"Job {job['name']} failed: {reasons[job['outcome']]}."
        worker.requests[job["name"]] = {
            "image": job["image"],
            "jobName": job["name"][:-37],
            "inputBucket": "cases",
            "outputBucket": "results",
            "args": ["--case", "wing 6/mesh.msh", "--iterations", "400"],
            "env": {"OMP_NUM_THREADS": "8"},
            "resources": {"cpu": "8", "memory": "16Gi"},
            "timeOut": 120,
            "labels": job["labels"],
        }
    worker.put(*jobs)
    for job in jobs:
        if job["name"].startswith(("wing-5", "hull-drag")):
            folder = "wing-5" if job["name"].startswith("wing") else "hull"
            worker.requests[job["name"]]["prefix"] = folder
            worker.store(
                job["name"],
                (f"{folder}/drag.csv", 18_204),
                (f"{folder}/fields/pressure-0400.vtu", 61_865_984),
                (f"{folder}/fields/velocity-0400.vtu", 185_597_952),
                link=f"{worker.address}/store",
                prefix=folder,
            )
    return {job["name"][:-37]: job["name"] for job in jobs}


def example_log(worker, name, steps=40):
    worker.write(
        name,
        "\x1b[1mOpenFOAM 11.2\x1b[0m  case \x1b[36mwing 6/mesh.msh\x1b[0m, 8 threads\nReading mesh: 10 %\r"
        "Reading mesh: 60 %\rReading mesh: 100 %\n\x1b[32m✔\x1b[0m mesh is closed, 2,481,920 cells\n",
    )
    for step in range(1, steps + 1):
        residual = 0.08 * 0.87**step
        worker.write(
            name,
            f"step \x1b[1m{step:4d}\x1b[0m  residual \x1b[34m{residual:.3e}\x1b[0m  "
            f"Cl 0.41{step % 10}  Cd 0.0{2710 - step}\n",
        )
        if step % 17 == 0:
            worker.write(name, "\x1b[33mwarning\x1b[0m: maximum skewness 3.9 in cell 104,772\n")


if __name__ == "__main__":
    fake = FakeWorker(int(sys.argv[1]) if len(sys.argv) > 1 else 8081)
    names = an_example(fake)
    for stem in ("wing-6", "wing-5", "hull-drag", "fatigue"):
        example_log(fake, names[stem])
        if stem != "wing-6":
            fake.end_log(names[stem])
    print(fake.address, flush=True)
    for number in range(41, 100_000):
        time.sleep(1)
        fake.write(
            names["wing-6"],
            f"step \x1b[1m{number:4d}\x1b[0m  residual \x1b[34m1.{number % 1000:03d}e-05\x1b[0m\n",
        )

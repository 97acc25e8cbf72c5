"""What a thousand jobs cost the browser. It is written to target/page/measurements.json; only what is
on the page is asserted, as a machine may be as busy as it likes.
"""

import json
from pathlib import Path

from playwright.sync_api import expect

from fake_worker import HOME, a_job, a_name, an_ended_job, moment

JOBS = 1_000
OBSERVE = """() => { window.longest = 0; window.tasks = 0;
const count = (task) => { window.tasks++; window.longest = Math.max(window.longest, task.duration); };
new PerformanceObserver((list) => list.getEntries().forEach(count)).observe({entryTypes: ["longtask"]}); }"""


def metrics(session):
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def resident_mebibytes(browser):
    """Of the process that shows the page: the one of the browser's that has the most."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    most = 0
    for process in processes:
        if process["type"] == "renderer":
            rollup = Path(f"/proc/{process['id']}/smaps_rollup").read_text(encoding="ascii")
            kibibytes = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
            most = max(most, (kibibytes["Private_Clean"] + kibibytes["Private_Dirty"]) // 1024)
    return most


def test_a_thousand_jobs_are_measured(fake, open_page, browser):
    names = [a_name(f"case-{number}") for number in range(JOBS)]
    fake.put(
        *(
            a_job(name, "PENDING", createdAt=moment(60 + number), labels={"team": "aero"})
            for number, name in enumerate(names)
        )
    )
    page = open_page()
    page.add_init_script(f"({OBSERVE})()")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(fake.address)
    expect(page.locator("#rows tr")).to_have_count(JOBS)
    found = {"jobs": JOBS, "first": {"longest task ms": round(page.evaluate("window.longest"))}}

    def measured(title, change, state, count):
        page.evaluate("() => { window.longest = 0; window.tasks = 0; }")
        before = metrics(session)
        change()
        expect(page.get_by_role("button", name=state)).to_have_text(f"{state} {count:,}")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        after = metrics(session)
        found[title] = {
            f"{name} ms": round((after[f"{name}Duration"] - before[f"{name}Duration"]) * 1000)
            for name in ("Script", "RecalcStyle", "Layout", "Task")
        }
        found[title] |= {
            "longest task ms": round(page.evaluate("window.longest")),
            "long tasks": page.evaluate("window.tasks"),
        }

    def start(some):
        fake.put(*(fake.jobs[name] | {"state": "RUNNING", "startedAt": moment(1)} for name in some))

    measured("one job starts", lambda: start(names[:1]), "Running", 1)
    measured("a hundred start", lambda: start(names[1:101]), "Running", 101)
    measured("all others start", lambda: start(names[101:]), "Running", JOBS)
    measured(
        "all end",
        lambda: fake.put(*(an_ended_job(name, createdAt=fake.jobs[name]["createdAt"]) for name in names)),
        "Ended",
        JOBS,
    )
    page.evaluate("gc()")
    found["memory"] = {
        "JavaScript MiB": round(page.evaluate("performance.memory.usedJSHeapSize") / 2**20, 1),
        "tab MiB": resident_mebibytes(browser),
    }

    report = HOME / "target" / "page" / "measurements.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert page.locator("#rows tr").count() == JOBS

"""One job and its log, and the form for a new one, with a worker that only pretends."""

import json
import re

import pytest
from playwright.sync_api import expect

from example import an_example, example_log
from fake_worker import a_job, a_name, an_ended_job, moment


@pytest.fixture
def opened(fake, open_page):
    """Opens a job's own address."""

    def open_job(job, **options):
        fake.put(job)
        return open_page(f"{fake.address}/#/jobs/{job['name']}", **options)

    return open_job


def badge(page):
    return page.locator("#log-badge")


def lines(page):
    return page.locator(".log-line")


def test_a_running_job_shows_what_it_writes_until_it_ends(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    expect(badge(page)).to_have_text("Still running")
    expect(page.locator("#log-empty")).to_have_text("Nothing yet.")

    fake.write(job["name"], "one\n\x1b[31mtwo\x1b[0m\nth")
    expect(lines(page)).to_have_text(["one", "two", "th"])
    expect(page.locator(".foreground-1")).to_have_text("two")
    fake.write(job["name"], "ree\n")
    expect(lines(page)).to_have_text(["one", "two", "three"])
    fake.put(an_ended_job(job["name"]))
    fake.end_log(job["name"])

    expect(badge(page)).to_have_text("Complete")
    expect(page.locator("#detail-status")).to_have_text("Succeeded")
    expect(page.locator("#facts")).to_contain_text(f"results/{job['name']}.log")
    expect(page.locator("#facts")).to_contain_text("Exit code0")
    expect(page.get_by_role("button", name="Cancel job…")).to_be_hidden()


def test_a_log_continues_after_a_lost_connection_where_it_was(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    fake.write(job["name"], "one\n")
    expect(lines(page)).to_have_text(["one"])

    fake.lose_connections()
    expect(badge(page)).to_have_text("Interrupted")
    expect(page.locator("#log-trouble")).to_contain_text("trying again in")
    fake.write(job["name"], "two\n")
    fake.come_back()

    expect(lines(page)).to_have_text(["one", "two"])
    expect(badge(page)).to_have_text("Still running")
    assert fake.log_requests[-1]["last-event-id"] == "1"


def test_what_is_missing_is_told_and_the_stored_log_can_be_shown(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    fake.write(job["name"], "The cluster no longer has the beginning.", "notice")
    fake.write(job["name"], "late\n")
    expect(badge(page)).to_have_text("Parts are missing")
    expect(page.locator(".log-notice")).to_have_text("The cluster no longer has the beginning.")
    fake.put(an_ended_job(job["name"]))
    fake.end_log(job["name"])
    expect(badge(page)).to_contain_text("show the stored log")

    fake.logs[job["name"]] = [("log", "early\nlate\n"), ("end", None)]
    badge(page).click()

    expect(lines(page)).to_have_text(["early", "late"])
    expect(badge(page)).to_have_text("Complete")


def test_an_ended_job_says_whether_its_log_is_whole(fake, opened):
    job = an_ended_job(a_name("wing"), complete=False, warnings=["the log is not complete: the node was lost"])
    fake.write(job["name"], "one\n")
    fake.end_log(job["name"])

    page = opened(job)

    expect(badge(page)).to_have_text("Not complete")
    expect(page.locator("#detail-warnings")).to_have_text("the log is not complete: the node was lost")


def test_a_log_that_was_not_stored_is_told(fake, opened):
    job = an_ended_job(a_name("wing"), log=None, warnings=["the store refused the log"])
    fake.end_log(job["name"])

    page = opened(job)

    expect(badge(page)).to_have_text("Not stored")
    expect(page.locator("#log-empty")).to_contain_text("was not stored")


def test_the_log_is_searched_back_and_forth(fake, opened):
    job = an_ended_job(a_name("wing"))
    fake.write(
        job["name"],
        "".join(f"step {number} {'WARNING ' if number % 100 == 0 else ''}\n" for number in range(1, 1_001)),
    )
    fake.end_log(job["name"])
    page = opened(job)
    expect(lines(page)).to_have_count(1_000)
    count = page.locator("#log-count")

    page.keyboard.press("s")
    page.keyboard.type("warning")
    expect(count).to_have_text("1 of 10")
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 10")
    expect(lines(page).nth(199)).to_be_in_viewport()
    page.get_by_role("button", name="Previous match").click()
    page.get_by_role("button", name="Previous match").click()

    expect(count).to_have_text("10 of 10")
    expect(lines(page).nth(999)).to_be_in_viewport()
    page.get_by_label("Search the log").fill("nowhere")
    expect(count).to_have_text("Not found")


def test_what_is_searched_before_it_is_written_is_shown_once_it_comes(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    count = page.locator("#log-count")
    page.get_by_label("Search the log").fill("warning")
    expect(count).to_have_text("Not found")

    fake.write(job["name"], "WARNING: thin layer\n" + "step\n" * 500)
    expect(count).to_have_text("1 of 1")
    expect(lines(page)).to_have_count(501)
    expect(lines(page).first).to_be_in_viewport()
    fake.write(job["name"], "WARNING: thick layer\n")

    expect(count).to_have_text("1 of 2")
    expect(lines(page).first).to_be_in_viewport()


def test_the_end_is_followed_until_someone_scrolls_up(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    fake.write(job["name"], "".join(f"step {number}\n" for number in range(500)))
    follow = page.get_by_role("button", name="Follow")
    expect(lines(page).last).to_be_in_viewport()
    expect(follow).to_have_attribute("aria-pressed", "true")

    page.locator("#log-lines").hover()
    page.mouse.wheel(0, -400)
    expect(follow).to_have_attribute("aria-pressed", "false")
    fake.write(job["name"], "last\n")
    expect(lines(page)).to_have_count(501)
    expect(lines(page).last).not_to_be_in_viewport()
    follow.click()

    expect(lines(page).last).to_be_in_viewport()


def test_a_paused_log_holds_lines_back_and_says_how_many(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    fake.write(job["name"], "one\n")
    expect(lines(page)).to_have_count(1)

    page.get_by_role("button", name="Pause").click()
    fake.write(job["name"], "two\nthree\n")
    resume = page.get_by_role("button", name="Resume (2 new)")
    expect(resume).to_be_visible()
    expect(lines(page)).to_have_count(1)
    resume.click()

    expect(lines(page)).to_have_text(["one", "two", "three"])


def test_of_a_long_log_the_last_lines_are_kept_and_the_page_says_so(fake, opened):
    job = a_job(a_name("wing"))
    for block in range(30):
        fake.write(job["name"], "".join(f"step {block * 1000 + number}\n" for number in range(1_000)))
    fake.write(job["name"], "the end\n")

    page = opened(job)

    expect(lines(page).last).to_have_text("the end")
    expect(page.locator("#log-dropped")).to_contain_text("earlier lines not shown")
    assert lines(page).count() <= 10_000
    expect(lines(page).last).to_have_attribute("data-number", "30001")


def test_what_comes_while_a_log_is_paused_is_bounded_too(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    fake.write(job["name"], "first\n")
    expect(lines(page)).to_have_text(["first"])
    page.get_by_role("button", name="Pause").click()

    for block in range(12):
        fake.write(
            job["name"],
            "".join(f"\x1b[3{number % 8}mstep {block * 1000 + number}\n" for number in range(1_000)),
        )
    expect(page.get_by_role("button", name="Resume (10,000 new)")).to_be_visible()
    expect(lines(page)).to_have_text(["first"])
    page.get_by_role("button", name="Resume").click()

    expect(lines(page).last).to_have_text("step 11999")
    expect(lines(page).last).to_have_attribute("data-number", "12001")
    expect(page.locator("#log-dropped")).to_contain_text("2,001 earlier lines")


def test_of_a_stored_log_of_many_megabytes_only_the_end_is_fetched(fake, opened):
    text = "".join(f"{number:07d} {'x' * 91}\n" for number in range(120_000))
    job = an_ended_job(a_name("wing"), size=len(text))
    fake.write(job["name"], text)

    page = opened(job)

    expect(lines(page).last).to_contain_text("0119999")
    expect(page.locator(".log-notice, #log-dropped").first).to_be_visible()
    assert fake.log_requests[-1]["range"] == f"bytes={len(text) - 4 * 1024 * 1024}-{len(text) - 1}"
    assert lines(page).count() <= 10_000


def test_the_log_is_downloaded_as_it_is(fake, opened):
    job = an_ended_job(a_name("wing"))
    fake.write(job["name"], "\x1b[31mgröße\x1b[0m\n")
    fake.end_log(job["name"])
    page = opened(job)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    assert download.value.suggested_filename == f"{job['name']}.log"
    assert download.value.path().read_text(encoding="utf-8") == "\x1b[31mgröße\x1b[0m\n"


def outputs(page):
    return page.get_by_role("list", name="Outputs").get_by_role("listitem")


def test_the_outputs_of_a_job_are_listed_once_it_has_ended(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    expect(page.get_by_text("Outputs", exact=True)).to_be_visible()
    expect(outputs(page)).to_have_count(0)

    fake.store(job["name"], ("run-1/größe <b>.vtk", 5_000_000_000), ("run-1/forces.csv", 12))
    fake.put(an_ended_job(job["name"]))

    expect(outputs(page)).to_have_text(["run-1/größe <b>.vtk 4.7\u00a0GiB", "run-1/forces.csv 12\u00a0bytes"])
    expect(page.locator("#outputs-count")).to_have_text("(2)")
    expect(page.locator("#outputs a")).to_have_count(0)


def test_outputs_are_downloaded_and_never_shown(fake, opened):
    job = an_ended_job(a_name("wing"))
    fake.store(job["name"], ("run-1/a page?.html", 25), link=f"{fake.address}/store")
    page = opened(job)

    with page.expect_download() as download:
        page.get_by_role("link", name="run-1/a page?.html").click()

    assert download.value.suggested_filename == "a page_.html"
    expect(page.get_by_role("link", name="run-1/a page?.html")).to_have_attribute("rel", "noopener noreferrer")


def test_what_a_running_job_has_stored_so_far_is_listed_whenever_it_is_opened(fake, opened):
    job = a_job(a_name("wing"))
    fake.store(job["name"])
    page = opened(job)
    page.get_by_text("Outputs", exact=True).click()
    expect(page.locator("#outputs-note")).to_have_text("Nothing in results begins with run-1.")

    fake.store(job["name"], ("run-1/step-1.vtk", 1024), more=True)
    summary = page.locator("#outputs-box summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(outputs(page)).to_have_text(["run-1/step-1.vtk 1.0\u00a0KiB"])
    expect(summary).to_have_text("Outputs (1+)")
    expect(page.locator("#outputs-note")).to_have_text(
        "And more: these are the first in results that begin with run-1."
    )


def test_outputs_that_cannot_be_listed_are_told(fake, opened):
    fake.store_is_away = True
    away = an_ended_job(a_name("wing"))
    page = opened(away)
    expect(page.locator("#outputs-note")).to_have_text("The object store does not answer.")

    fake.store_is_away = False
    other = an_ended_job(a_name("mesh"))
    fake.put(other)
    page.get_by_role("row").filter(has_text="mesh").click()

    expect(page.locator("#outputs-note")).to_contain_text("The request has no prefix")


def test_a_job_that_the_worker_does_not_know_is_told(fake, open_page):
    page = open_page(f"{fake.address}/#/jobs/nowhere")

    expect(page.locator("#detail-remark")).to_contain_text("does not list this job")


def test_one_job_is_cancelled_after_a_question(fake, opened):
    job = a_job(a_name("wing"))
    page = opened(job)
    page.get_by_role("button", name="Cancel job…").click()

    page.get_by_role("dialog").get_by_role("button", name="Cancel job", exact=True).click()

    expect(page.locator("#detail-status")).to_have_text("Cancelling")
    assert fake.cancelled == [job["name"]]


def test_a_job_that_waits_for_the_store_is_given_up_after_a_question(fake, opened):
    job = a_job(a_name("wing"), "ENDING", finishedAt=moment(5))
    page = opened(job)
    page.get_by_role("button", name="Give up waiting…").click()

    page.get_by_role("dialog").get_by_role("button", name="Give up", exact=True).click()

    expect(page.get_by_role("button", name="Give up waiting…")).to_be_hidden()
    assert fake.cancelled == [job["name"]]


def test_a_label_shows_the_jobs_that_have_it(fake, open_page):
    names = an_example(fake)
    page = open_page(f"{fake.address}/#/jobs/{names['wing-5']}")

    page.get_by_role("button", name="study=wing-7").click()

    expect(page.locator("#rows tr")).to_have_count(5)
    assert page.url.endswith(f"/?label=study%3Dwing-7#/jobs/{names['wing-5']}")


def test_a_job_is_submitted_again_with_a_change(fake, open_page):
    names = an_example(fake)
    page = open_page(f"{fake.address}/#/jobs/{names['wing-5']}")
    page.get_by_role("link", name="Resubmit…").click()
    form = page.get_by_role("dialog", name="Submit again")
    expect(form.get_by_label("Job name")).to_have_value("wing-5")
    form.get_by_label("Memory").fill("32Gi")

    form.get_by_role("button", name="Submit").click()

    expect(page.locator("#detail-name")).to_contain_text("wing-5")
    expect(page.locator("#detail-status")).to_have_text("Pending")
    ((key, request),) = fake.submitted
    before = fake.requests[names["wing-5"]]
    assert request == before | {"resources": {"cpu": "8", "memory": "32Gi"}}
    assert re.fullmatch("[0-9a-f]{32}", key)


def test_what_the_worker_says_of_a_request_stands_beside_its_field(fake, open_page):
    fake.violations = [
        'jobName "Wing 6" must be a DNS label',
        'resources.memory "4Xi" must be bytes',
        "tea is not known",
    ]
    page = open_page(f"{fake.address}/#/submit")

    page.get_by_role("button", name="Submit").click()

    name = page.locator('[name="jobName"]')
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#error-jobName")).to_have_text('jobName "Wing 6" must be a DNS label')
    expect(page.locator("#error-memory")).to_contain_text("must be bytes")
    expect(page.locator("#submit-error")).to_contain_text("tea is not known")


def test_the_same_request_is_sent_with_the_same_key_until_it_is_answered(fake, open_page):
    page = open_page(f"{fake.address}/#/submit")
    expect(page.locator("#connection")).to_have_text("Live")
    for field, value in (("image", "a:1"), ("jobName", "wing"), ("inputBucket", "cases")):
        page.locator(f'[name="{field}"]').fill(value)
    keys = []
    page.on(
        "request",
        lambda sent: keys.append(sent.headers.get("idempotency-key")) if sent.method == "POST" else None,
    )
    fake.available = False
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#submit-error")).to_contain_text("does not answer")
    fake.come_back()

    page.get_by_role("button", name="Submit").click()

    expect(page.locator("#detail-name")).to_contain_text("wing")
    assert len(keys) == 2 and keys[0] == keys[1] == fake.submitted[0][0]


def test_a_request_may_be_written_as_json(fake, open_page):
    page = open_page(f"{fake.address}/#/submit")
    page.locator('[name="image"]').fill("a:1")
    page.locator('[name="env"]').fill("A=1")
    page.get_by_role("button", name="JSON").click()
    text = page.get_by_label("Request as JSON")
    assert json.loads(text.input_value()) == {"image": "a:1", "env": {"A": "1"}}
    text.fill("{")
    page.get_by_role("button", name="Form").click()
    expect(page.locator("#submit-error")).to_contain_text("This is not JSON")
    text.fill('{"image": "a:1", "jobName": "wing", "inputBucket": "cases", "args": ["two\\nlines"]}')
    page.get_by_role("button", name="Form").click()
    expect(page.locator("#submit-error")).to_contain_text("only JSON can express")

    page.get_by_role("button", name="Submit").click()

    expect(page.locator("#detail-name")).to_contain_text("wing")
    assert fake.submitted[0][1]["args"] == ["two\nlines"]


def test_a_line_that_is_no_variable_is_told_before_anything_is_sent(fake, open_page):
    page = open_page(f"{fake.address}/#/submit")
    page.locator('[name="env"]').fill("A=1\nnonsense")

    page.get_by_role("button", name="Submit").click()

    expect(page.locator("#error-env")).to_contain_text("“nonsense” has no name before an equals sign")
    assert fake.submitted == []


def test_an_ended_job_stays_readable_when_the_worker_lists_it_no_longer(fake, opened):
    job = an_ended_job(a_name("wing"), createdAt=moment(4000))
    example_log(fake, job["name"])
    fake.end_log(job["name"])
    page = opened(job)
    expect(lines(page).first).to_be_visible()

    fake.remove(job["name"])

    expect(page.locator("#rows tr")).to_have_count(0)
    expect(lines(page).first).to_be_visible()

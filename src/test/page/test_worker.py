"""The page with a worker that really runs jobs."""

import pytest
from playwright.sync_api import expect

from fake_worker import a_name

RECORD = """() => { window.seen = []; const status = document.getElementById("detail-status");
const note = () => {
  const text = status.textContent;
  if (text && window.seen.at(-1) !== text) window.seen.push(text); };
note(); new MutationObserver(note).observe(status, {childList: true, characterData: true, subtree: true}); }"""


@pytest.fixture
def page(worker, open_page):
    return open_page(worker.address, worker.token)


@pytest.fixture
def submit(page, worker):
    """Submits a job that writes so many lines, as people do."""

    def submit(name, lines):
        page.get_by_role("link", name="New job").click()
        for field, value in (
            ("image", worker.image),
            ("jobName", name),
            ("inputBucket", "page"),
            ("command", worker.command),
            ("args", str(lines)),
            ("labels", "of=the-page"),
        ):
            page.locator(f'[name="{field}"]').fill(value)
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("#detail-name")).to_contain_text(f"{name}-")
        return page.locator("#detail-name").inner_text()

    return submit


def a_stem(kind):
    """A job's name that no other run of the tests uses."""
    return kind + a_name("")[:9]


def test_a_job_is_submitted_and_watched_to_its_end(page, submit):
    page.evaluate(RECORD)
    name = submit(a_stem("watched"), 20)
    row = page.locator(f'#rows tr[data-name="{name}"]')

    expect(page.locator("#detail-status")).to_have_text("Running")
    expect(page.locator(".log-line").first).to_have_text("line 1: residual 1.000e+00")
    expect(page.locator(".foreground-2").first).to_have_text("residual")
    expect(page.locator("#log-badge")).to_have_text("Still running")
    expect(row).to_contain_text("Running")
    expect(page.locator("#detail-status")).to_have_text("Succeeded")

    expect(page.locator(".log-line")).to_have_count(20)
    expect(page.locator("#log-badge")).to_have_text("Complete")
    expect(page.locator("#facts")).to_contain_text(f"page/{name}.log")
    expect(page.locator("#facts")).to_contain_text("Exit code0")
    expect(row).to_contain_text("Succeeded")
    # Not loaded anew, or the record would be gone; and never a step back.
    seen = page.evaluate("window.seen")
    order = ["Pending", "Running", "Ending", "Succeeded"]
    assert seen == [status for status in order if status in seen] and "Running" in seen

    page.reload()
    expect(page.locator(".log-line")).to_have_count(20)
    expect(page.locator("#log-badge")).to_have_text("Complete")
    expect(page.get_by_role("link", name="Resubmit…")).to_be_visible()


def test_a_job_is_cancelled(page, submit):
    submit(a_stem("cancelled"), 3_000)
    expect(page.locator(".log-line").first).to_be_visible()

    page.get_by_role("button", name="Cancel job…").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job", exact=True).click()

    expect(page.locator("#detail-status")).to_have_text("Cancelled")
    expect(page.locator("#log-badge")).to_have_text("Complete")


def test_the_jobs_of_a_filter_are_cancelled_and_no_others(page, submit):
    stem = a_stem("many")
    names = [submit(f"{stem}-{number}", 3_000) for number in range(3)]
    other = submit(a_stem("other"), 3_000)
    page.keyboard.press("Escape")
    page.get_by_label("Name or image").fill(stem)
    page.wait_for_url(f"**/?text={stem}")
    page.reload()
    expect(page.locator("#rows tr")).to_have_count(3)
    expect(page.get_by_label("Name or image")).to_have_value(stem)

    page.get_by_role("button", name="Cancel 3 jobs…").click()
    dialog = page.get_by_role("dialog", name="Cancel 3 jobs?")
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    assert sorted(dialog.get_by_role("listitem").all_inner_texts()) == sorted(names)
    dialog.get_by_role("button", name="Cancel 3 jobs").click()

    expect(page.get_by_role("button", name="Cancelled")).to_have_text("Cancelled 3")
    page.get_by_role("button", name="Clear filter").click()
    row = page.locator(f'#rows tr[data-name="{other}"]')
    expect(row).to_contain_text("Running")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Cancel job…").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job", exact=True).click()
    expect(page.locator("#detail-status")).to_have_text("Cancelled")


def test_the_workers_own_words_stand_beside_the_field(page, worker):
    page.get_by_role("link", name="New job").click()
    for field, value in (
        ("image", worker.image),
        ("jobName", "Not A Name"),
        ("inputBucket", "page"),
        ("memory", "4Xi"),
    ):
        page.locator(f'[name="{field}"]').fill(value)
    page.get_by_role("button", name="Submit").click()

    expect(page.locator("#error-jobName")).to_contain_text("must be")
    expect(page.locator("#error-memory")).to_contain_text("must be")


def test_the_token_is_asked_for_once(worker, open_page):
    page = open_page(worker.address)
    page.get_by_role("dialog", name="Token").get_by_label("Token").fill(worker.token)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#connection")).to_have_text("Live")

    page.reload()

    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_nothing_but_the_page_itself_is_loaded(worker, open_page):
    page = open_page(token=worker.token)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(worker.address)
    expect(page.locator("#connection")).to_have_text("Live")

    assert all(url.startswith(worker.address) for url in asked)
    assert "default-src 'none'" in answer.headers["content-security-policy"]

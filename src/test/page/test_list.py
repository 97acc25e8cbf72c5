"""The list of jobs, with a worker that only pretends."""

import re

from playwright.sync_api import expect

from example import an_example
from fake_worker import a_job, a_name, an_ended_job, moment


def rows(page):
    return page.locator("#rows tr")


def row(page, name):
    return page.locator(f'#rows tr[data-name="{name}"]')


def test_a_job_changes_in_its_row(fake, open_page):
    name = a_name("wing")
    fake.put(a_job(name, "PENDING", hint="Unschedulable: 3 Insufficient cpu"))
    page = open_page(fake.address)
    expect(row(page, name)).to_contain_text("Pending")
    expect(row(page, name)).to_contain_text("3 Insufficient cpu")
    row(page, name).evaluate("(row) => (row.known = true)")

    fake.change(name, state="RUNNING", hint=None, startedAt=moment(1))
    expect(row(page, name)).to_contain_text("Running")
    fake.put(an_ended_job(name, "FAILED"))

    expect(row(page, name)).to_contain_text("Failed")
    expect(row(page, name)).to_contain_text("Exit code 3")
    assert row(page, name).evaluate("(row) => row.known") is True


def test_jobs_that_are_listed_no_longer_go(fake, open_page):
    names = [a_name("a"), a_name("b")]
    fake.put(*map(a_job, names))
    page = open_page(fake.address)
    expect(rows(page)).to_have_count(2)

    fake.remove(names[0])

    expect(rows(page)).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("1 job")


def test_without_jobs_the_page_says_so(fake, open_page):
    page = open_page(fake.address)

    expect(page.locator("#empty")).to_contain_text("No jobs yet")


def test_the_filter_is_in_the_address_and_survives_a_reload_and_going_back(fake, open_page):
    an_example(fake)
    page = open_page(fake.address)
    expect(rows(page)).to_have_count(13)

    page.get_by_role("button", name="Running").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Failed").click()
    expect(rows(page)).to_have_count(4)
    page.get_by_label("Name or image").fill("wing")
    expect(rows(page)).to_have_count(2)
    page.wait_for_url(re.compile(r"\?state=RUNNING&outcome=FAILED&text=wing$"))

    page.reload()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_label("Name or image")).to_have_value("wing")
    expect(page.get_by_role("button", name="Running")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clear filter").click()
    expect(rows(page)).to_have_count(13)
    page.go_back()

    expect(rows(page)).to_have_count(2)


def test_counts_tell_of_each_state_and_outcome_what_the_text_leaves(fake, open_page):
    an_example(fake)
    page = open_page(f"{fake.address}/?label=team%3Daero")

    expect(page.get_by_role("button", name="Pending")).to_have_text("Pending 2")
    expect(page.get_by_role("button", name="Running")).to_have_text("Running 1")
    expect(page.get_by_role("button", name="Succeeded")).to_have_text("Succeeded 1")
    expect(page.locator("#shown")).to_have_text("5 of 13 jobs")


def test_a_filter_that_nothing_matches_says_so(fake, open_page):
    an_example(fake)
    page = open_page(f"{fake.address}/?text=nowhere")

    expect(page.locator("#empty")).to_contain_text("No job matches the filter")


def test_exactly_the_previewed_jobs_are_cancelled(fake, open_page):
    names = an_example(fake)
    page = open_page(f"{fake.address}/?text=wing-")
    page.get_by_role("button", name="Cancel 3 jobs…").click()
    dialog = page.get_by_role("dialog", name="Cancel 3 jobs?")
    expected = sorted(names[stem] for stem in ("wing-7-refined", "wing-7-coarse", "wing-6"))
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    assert sorted(dialog.get_by_role("listitem").all_inner_texts()) == expected
    assert fake.cancelled == []
    late = a_name("wing-8")
    fake.put(a_job(late))

    dialog.get_by_role("button", name="Cancel 3 jobs").click()

    expect(dialog).to_be_hidden()
    expect(row(page, names["wing-6"])).to_contain_text("Cancelling")
    assert sorted(fake.cancelled) == expected


def test_a_job_that_ends_during_the_preview_is_left_alone(fake, open_page):
    names = [a_name("a"), a_name("b")]
    fake.put(*map(a_job, names))
    page = open_page(f"{fake.address}/?state=RUNNING")
    page.get_by_role("button", name="Cancel 2 jobs…").click()
    dialog = page.get_by_role("dialog", name="Cancel 2 jobs?")
    expect(dialog).to_be_visible()

    fake.change(names[0], state="ENDING")
    expect(page.locator('#states [data-value="ENDING"]')).to_have_text("Ending 1")
    dialog.get_by_role("button", name="Cancel 2 jobs").click()

    expect(dialog).to_be_hidden()
    assert fake.cancelled == [names[1]]


def test_keeping_them_cancels_nothing(fake, open_page):
    an_example(fake)
    page = open_page(f"{fake.address}/?state=RUNNING")
    page.get_by_role("button", name="Cancel 3 jobs…").click()

    page.get_by_role("button", name="Keep them").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert fake.cancelled == []


def test_a_lost_connection_is_told_and_tried_again_and_then_all_is_as_the_worker_says(fake, open_page):
    names = [a_name("a"), a_name("b")]
    fake.put(*map(a_job, names))
    page = open_page(fake.address)
    expect(page.locator("#connection")).to_have_text("Live")

    fake.lose_connections()
    expect(page.locator("#lost")).to_contain_text("Connection lost")
    expect(page.locator("#announcer")).to_contain_text("Connection lost")
    expect(page.locator("#lost-wait")).to_contain_text("Trying again in")
    fake.remove(names[0])
    fake.put(a_job(a_name("c")), a_job(a_name("d")))
    fake.come_back()
    page.get_by_role("button", name="Try now").click()

    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#announcer")).to_have_text("Connected again.")
    expect(rows(page)).to_have_count(3)
    expect(row(page, names[0])).to_have_count(0)


def test_the_delays_between_attempts_grow(fake, open_page):
    page = open_page(fake.address)
    expect(page.locator("#connection")).to_have_text("Live")
    page.evaluate("""() => { window.delays = []; const before = window.setTimeout;
        window.setTimeout = (act, delay, ...rest) => {
          const waits = delay > 500 && delay < 40000;
          if (waits) window.delays.push(delay);
          return before(act, waits ? 0 : delay, ...rest); } }""")

    fake.lose_connections()

    page.wait_for_function("() => window.delays.length >= 7")
    delays = page.evaluate("() => window.delays")
    assert delays[0] < 1_300 and delays[1] > 1_500 and delays[3] > 6_000 and max(delays) <= 36_000


def test_what_breaks_the_content_policy_is_noticed(fake, open_page):
    page = open_page(fake.address)
    page.evaluate("() => document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
    page.wait_for_function("() => window.violations.length === 1")

    assert "script-src-elem inline" in page.evaluate("() => window.violations.splice(0)")
    assert open_page.troubles != []
    open_page.troubles.clear()


def test_the_token_is_asked_for_once_and_kept_for_the_tab(fake, open_page):
    fake.token = "right"
    an_example(fake)
    page = open_page(fake.address)
    field = page.get_by_role("dialog", name="Token").get_by_label("Token")
    field.fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#token-text")).to_contain_text("did not accept")
    field.fill("right")
    page.get_by_role("button", name="Continue").click()
    expect(rows(page)).to_have_count(13)

    page.reload()

    expect(rows(page)).to_have_count(13)
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("() => [sessionStorage.length, localStorage.length, document.cookie]") == [
        1,
        0,
        "",
    ]


def test_the_page_is_used_by_keys_alone(fake, open_page):
    names = an_example(fake)
    page = open_page(fake.address)
    expect(rows(page)).to_have_count(13)
    newest = fake.jobs[names["wing-7-refined"]]["name"]

    page.keyboard.press("j")
    expect(row(page, newest).get_by_role("link")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-name")).to_be_focused()
    expect(page.locator("#detail-name")).to_contain_text("wing-7-coarse")
    page.keyboard.press("Escape")
    expect(row(page, names["wing-7-coarse"]).get_by_role("link")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Name or image")).to_be_focused()
    page.keyboard.type("mesh?")
    page.keyboard.press("Backspace")
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(13)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")

    expect(page.get_by_role("dialog", name="New job")).to_be_visible()


def test_a_thousand_jobs_change_without_a_row_being_made_anew(fake, open_page):
    names = [a_name(f"case-{number}") for number in range(1_000)]
    fake.put(*(a_job(name, createdAt=moment(60 + number)) for number, name in enumerate(names)))
    page = open_page(fake.address)
    expect(rows(page)).to_have_count(1_000)
    page.evaluate("() => document.querySelectorAll('#rows tr').forEach((row) => (row.known = true))")

    fake.put(*(an_ended_job(name, createdAt=fake.jobs[name]["createdAt"]) for name in names))

    expect(page.get_by_role("button", name="Ended")).to_have_text("Ended 1,000")
    expect(row(page, names[-1])).to_contain_text("Succeeded")
    assert page.evaluate("() => [...document.querySelectorAll('#rows tr')].filter((row) => row.known).length") == 1_000
    assert page.evaluate("() => [...document.querySelectorAll('#rows tr')].map((row) => row.dataset.name)") == names


def test_more_than_a_thousand_jobs_are_shown_on_request(fake, open_page):
    fake.put(*(a_job(a_name(f"case-{number}")) for number in range(1_200)))
    page = open_page(fake.address)
    expect(rows(page)).to_have_count(1_000)

    page.get_by_role("button", name="Show more").click()

    expect(rows(page)).to_have_count(1_200)

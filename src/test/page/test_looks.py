"""How the page looks, and whether everyone can use it: a picture of each view, in each size and colour scheme,
and what axe-core says of it.
"""

from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from conftest import DESKTOP, PHONE
from example import an_example, example_log

SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(params=list(SIZES))
def size(request):
    return request.param


@pytest.fixture
def names(fake):
    names = an_example(fake)
    for stem in ("wing-6", "hull-drag"):
        example_log(fake, names[stem])
    fake.end_log(names["hull-drag"])
    return names


@pytest.fixture
def look(fake, open_page, images, scheme, size):
    """Opens a view of the page; takes its picture and judges it."""

    def look(view, address, prepare):
        page = open_page(
            fake.address + address,
            viewport=SIZES[size],
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        prepare(page)
        picture = Image.open(BytesIO(page.screenshot()))
        # So they are small enough for the documentation.
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE).save(
            images / f"{view}-{size}-{scheme}.png", optimize=True
        )
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
        assert serious == []

    return look


def test_the_list(look, names):
    look("jobs", "/", lambda page: expect(page.locator("#rows tr")).to_have_count(13))


def test_a_filtered_list(look, names):
    look(
        "filter",
        "/?state=ENDED&outcome=FAILED&text=wing",
        lambda page: expect(page.locator("#rows tr")).to_have_count(1),
    )


def test_a_running_job(look, names):
    def search(page):
        page.get_by_label("Search the log").fill("warning")
        expect(page.locator("#log-count")).to_have_text("1 of 2")

    look("job", f"/#/jobs/{names['wing-6']}", search)


def test_an_ended_job_with_warnings(look, names):
    def show(page):
        expect(page.locator(".log-line").first).to_be_visible()
        expect(page.get_by_role("link", name="hull/drag.csv")).to_be_visible()
        page.get_by_text("Request", exact=True).click()

    look("ended", f"/#/jobs/{names['hull-drag']}", show)


def test_the_form(look, names, fake):
    fake.violations = [
        'jobName "Wing 7" must be a DNS label of at most 63 characters',
        'resources.memory "16Xi" must be bytes such as 512Mi or 2G',
    ]

    def submit(page):
        expect(page.locator('[name="jobName"]')).to_have_value("wing-5")
        page.locator('[name="jobName"]').fill("Wing 7")
        page.locator('[name="memory"]').fill("16Xi")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("#error-memory")).to_be_visible()

    look("submit", f"/#/submit/{names['wing-5']}", submit)


def test_the_form_as_json(look, names):
    def switch(page):
        expect(page.locator('[name="jobName"]')).to_have_value("wing-5")
        page.get_by_role("button", name="JSON").click()

    look("json", f"/#/submit/{names['wing-5']}", switch)


def test_the_preview_of_a_cancellation(look, names):
    look(
        "cancel",
        "/?text=wing",
        lambda page: page.get_by_role("button", name="Cancel 3 jobs…").click(),
    )


def test_a_lost_connection(look, names, fake):
    def lose(page):
        expect(page.locator("#rows tr")).to_have_count(13)
        fake.lose_connections()
        expect(page.locator("#lost")).to_be_visible()

    look("lost", "/", lose)


def test_the_question_for_the_token(look, fake):
    fake.token = "right"
    look("token", "/", lambda page: expect(page.get_by_role("dialog", name="Token")).to_be_visible())


def test_the_help(look, fake):
    look("help", "/", lambda page: page.get_by_role("button", name="Help").click())


def test_no_jobs(look, fake):
    look("empty", "/", lambda page: expect(page.locator("#empty")).to_contain_text("No jobs yet"))

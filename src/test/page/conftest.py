"""What all tests of the page use: Chromium, a page that complains about nothing, and the workers that serve it."""

import os
import shutil
from dataclasses import dataclass

import pytest
from fake_worker import HOME, FakeWorker
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=20_000)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@dataclass(frozen=True)
class Worker:
    """A worker that really runs jobs, and what of `lines.py` it runs."""

    address: str
    token: str
    image: str


@pytest.fixture(scope="session")
def worker():
    missing = [name for name in ("MSTC_PAGE_ADDRESS", "MSTC_PAGE_TOKEN", "MSTC_PAGE_IMAGE") if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no worker: {', '.join(missing)} not set; .ci/page starts one")
    return Worker(os.environ["MSTC_PAGE_ADDRESS"], os.environ["MSTC_PAGE_TOKEN"], os.environ["MSTC_PAGE_IMAGE"])


@pytest.fixture
def fake():
    fake = FakeWorker()
    yield fake
    fake.stop()


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("no chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        arguments += ["--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens pages. At the end, none of them may have broken the content policy or thrown an error."""
    contexts = []
    troubles = []

    def open_at(address, token=None, **options):
        context = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
        contexts.append(context)
        context.add_init_script(WATCH)
        if token:
            context.add_init_script(f"sessionStorage.getItem('mstc.token') ?? sessionStorage.setItem('mstc.token', '{token}')")
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        for page in context.pages:
            troubles += page.evaluate("window.violations")
        context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def images():
    """The folder for pictures of the page."""
    folder = HOME / "target" / "page"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""What all tests of the page use: Chromium, a page that complains about nothing, and the workers that serve it."""

import os
import shutil
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect, sync_playwright

from fake_worker import HOME, FakeWorker

expect.set_options(timeout=60_000)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# lines.py as the command of an image that has Python, a word a line.
PROGRAM = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); "
    r"[print(f'line {n}: \x1b[32mresidual\x1b[0m {1 / n:.3e}', flush=True) or time.sleep(0.2) "
    "for n in range(1, int(sys.argv[1]) + 1)]"
)
LINES = f"python3\n-c\n{PROGRAM}"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@dataclass(frozen=True)
class Worker:
    """A worker that really runs jobs, and what it runs as `lines.py`: an image, or one with a command."""

    address: str
    token: str
    image: str
    command: str


@pytest.fixture(scope="session")
def worker():
    names = ["MSTC_TEST_PAGE_ADDRESS", "MSTC_TEST_PAGE_TOKEN", "MSTC_TEST_PAGE_IMAGE"]
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no worker: {', '.join(missing)} not set; .ci/page starts one")
    address, token, image = (os.environ[name] for name in names)
    return Worker(
        address,
        token,
        image,
        LINES if os.environ.get("MSTC_TEST_PAGE_COMMAND") == "python3" else "",
    )


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

    def open_at(address=None, token=None, **options):
        context = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
        contexts.append(context)
        context.add_init_script(WATCH)
        if token:
            context.add_init_script(
                f"sessionStorage.getItem('mstc.token') ?? sessionStorage.setItem('mstc.token', '{token}')"
            )
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None,
        )
        if address:
            page.goto(address)
        return page

    open_at.troubles = troubles
    yield open_at
    for context in contexts:
        for page in context.pages:
            troubles += page.evaluate("window.violations ?? []")
        context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def images():
    """The folder for pictures of the page."""
    folder = HOME / "target" / "page"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

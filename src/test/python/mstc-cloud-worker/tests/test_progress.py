"""What the bar shows, and where; no services needed."""

import io
from dataclasses import dataclass

import pytest

from mstc_cloud_worker._progress import Bar


@dataclass
class Some:
    """Jobs to show."""

    total: int | None
    sent: int


class Terminal(io.StringIO):
    """A text that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_terminal_has_one_line_that_changes(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    bar = Bar(Some(10, 6), stream, clock)

    clock.seconds = 60
    bar.count(failed=False)
    bar.count(failed=True)
    assert "\n" not in stream.getvalue()
    bar.close()

    _, first, second, last = stream.getvalue().split("\r")
    assert first.startswith("███░░░")
    assert first.rstrip().endswith(" 1/10, 01:00<09:00, 5 in flight")
    assert second.rstrip().endswith(" 2/10, 01:00<04:00, 4 in flight, 1 failed")
    assert last.endswith("\n")


def test_a_narrow_terminal_gets_no_longer_lines(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()

    Bar(Some(10, 6), stream, clock).show()

    assert len(stream.getvalue()) <= 40


def test_a_terminal_without_unicode_gets_ascii(clock: Clock) -> None:
    stream = Terminal()
    stream.encoding = "ascii"

    Bar(Some(10, 6), stream, clock).show()

    assert stream.getvalue().isascii()


def test_a_log_gets_a_line_now_and_then_and_at_the_end(clock: Clock) -> None:
    stream = io.StringIO()
    some = Some(1000, 1000)
    bar = Bar(some, stream, clock)

    for second in range(1000):
        clock.seconds = second
        bar.count(failed=False)
    clock.seconds = 3 * 3600 + 62
    bar.close()

    lines = stream.getvalue().splitlines()
    assert len(lines) == 7
    assert lines[0] == "jobs: 16/1000, 00:15<15:22, 984 in flight"
    assert lines[-1] == "jobs: 1000/1000, 3:01:02"


def test_how_many_there_will_be_need_not_be_known(clock: Clock) -> None:
    stream = io.StringIO()
    bar = Bar(Some(None, 3), stream, clock)

    bar.count(failed=False)
    bar.close()

    assert stream.getvalue() == "jobs: 1 done, 00:00, 2 in flight\n"


def test_no_jobs_are_no_trouble(clock: Clock) -> None:
    stream = io.StringIO()

    Bar(Some(0, 0), stream, clock).close()

    assert stream.getvalue() == "jobs: 0/0, 00:00\n"

"""A bar that shows how many jobs are done: in a terminal, in a notebook, in a plain log.

It is not tqdm's because that one fills logs, and needs a further package to show one line in a
notebook.
"""

import shutil
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

_WIDTH = 30
_LINE_S = (15.0, 300.0)


class Jobs(Protocol):
    """What is shown."""

    @property
    def total(self) -> int | None:
        """How many there will be; None if that is not known yet."""

    @property
    def sent(self) -> int:
        """How many were sent so far."""


class Bar:
    """Shows progress on the standard error output, or in the cell of a notebook.

    A terminal and a notebook show one line that changes. Anything else gets a line now and then:
    after 15 seconds, then after twice as long each time, up to five minutes, and at the end.
    """

    def __init__(
        self,
        jobs: Jobs,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Shows nothing yet; `stream` and `clock` are for tests."""
        self._jobs = jobs
        self._stream = stream or sys.stderr
        self._clock = clock
        self._started = clock()
        self._done = 0
        self._failed = 0
        self._write = self._writer()

    def count(self, *, failed: bool) -> None:
        """One more job is done."""
        self._done += 1
        self._failed += failed
        self.show()

    def show(self) -> None:
        """Shows the time that has passed."""
        self._write(self._text(), False)

    def close(self) -> None:
        """Shows the end."""
        self._write(self._text(), True)

    def _text(self) -> str:
        total, seconds = self._jobs.total, self._clock() - self._started
        parts = [f"{self._done}/{total}" if total is not None else f"{self._done} done"]
        if total and self._done < total and self._done:
            parts.append(f"{_time(seconds)}<{_time(seconds / self._done * (total - self._done))}")
        else:
            parts.append(_time(seconds))
        running = self._jobs.sent - self._done
        if running > 0:
            parts.append(f"{running} in flight")
        if self._failed:
            parts.append(f"{self._failed} failed")
        return ", ".join(parts)

    def _bar(self, text: str, width: int) -> str:
        total = self._jobs.total
        if not total:
            return text[:width]
        full, empty = ("█", "░") if _is_unicode(self._stream) else ("#", ".")
        filled = min(_WIDTH, _WIDTH * self._done // total)
        return f"{full * filled}{empty * (_WIDTH - filled)} {text}"[:width]

    def _writer(self) -> Callable[[str, bool], None]:
        cell = _notebook_cell()
        if cell is not None:
            return lambda text, _: cell(self._bar(text, 200))
        if self._stream.isatty():
            return self._on_terminal
        return _Lines(self._stream, self._clock)

    def _on_terminal(self, text: str, last: bool) -> None:
        width = shutil.get_terminal_size().columns - 1
        line = self._bar(text, width)
        self._stream.write(f"\r{line.ljust(width)}" + ("\n" if last else ""))
        self._stream.flush()


class _Lines:
    """A line now and then."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._pause, self._longest = _LINE_S
        self._next = clock() + self._pause

    def __call__(self, text: str, last: bool) -> None:
        now = self._clock()
        if last or now >= self._next:
            self._stream.write(f"jobs: {text}\n")
            self._stream.flush()
            self._pause = min(2 * self._pause, self._longest)
            self._next = now + self._pause


def _notebook_cell() -> Callable[[str], None] | None:
    """What shows a text in the cell that runs; None outside of notebooks."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    handle: Any = None

    def show(text: str) -> None:
        nonlocal handle
        content = {"text/plain": text}
        if handle is None:
            handle = sys.modules["IPython.display"].display(content, raw=True, display_id=True)
        else:
            handle.update(content, raw=True)

    return show


def _is_unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"

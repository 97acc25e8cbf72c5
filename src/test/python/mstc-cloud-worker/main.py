"""The test job: shows its environment, works for about five seconds and succeeds.

Needs nothing but the standard library.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from types import FrameType

WORK_S = 5
TERMINATED_EXIT_CODE = 128 + signal.SIGTERM
MASK = "***"

_SECRET_NAME = re.compile("PASSWORD|SECRET|KEY|TOKEN|PASS", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_NUMBERS_PER_STEP = 20_000


class Terminated(BaseException):
    """SIGTERM was received."""


def masked(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment sorted by name, with secrets and passwords in URLs masked."""
    return {
        name: MASK if _SECRET_NAME.search(name) else _URL_PASSWORD.sub(rf"\1:{MASK}@", value)
        for name, value in sorted(environment.items())
    }


def primes_between(start: int, end: int) -> int:
    """How many primes there are from `start` up to, not including, `end`."""
    return sum(
        number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
        for number in range(start, end)
    )


def log(message: str) -> None:
    """Prints a line with the UTC time."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    print(f"{now} {message}")


def work() -> None:
    """Counts primes, a batch per second, for `WORK_S` seconds."""
    started = time.monotonic()
    found = 0
    for second in range(1, WORK_S + 1):
        end = second * _NUMBERS_PER_STEP
        found += primes_between(end - _NUMBERS_PER_STEP, end)
        time.sleep(max(0.0, started + second - time.monotonic()))
        log(f"{second} of {WORK_S} s: {found} primes below {end}")


def terminate(_signal: int, _frame: FrameType | None) -> None:
    """Interrupts the work; `main` ends the process."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def main() -> int:
    """Runs the job and returns its exit code."""
    # So that any line can be printed, whatever the locale, and is seen at once.
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    try:
        signal.signal(signal.SIGTERM, terminate)
        log("started")
        for name, value in masked(os.environ).items():
            print(f"{name}={value}")
        log("working")
        work()
        log("done")
        print("SUCCESS")
    except Terminated:
        log("terminated by SIGTERM")
        return TERMINATED_EXIT_CODE
    return 0


if __name__ == "__main__":
    sys.exit(main())

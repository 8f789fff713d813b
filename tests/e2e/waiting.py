"""How does a test wait for something that will be true soon, and say what was missing when it was not?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], *, deadline_s: float = 15, interval_s: float = 0.05) -> T:
    """Calls `check` until it raises no AssertionError; at the deadline the last one is raised."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            return check()
        except (AssertionError, OSError):
            if time.monotonic() > end:
                raise
        time.sleep(interval_s)


def always(check: Callable[[], object], *, for_s: float, interval_s: float = 0.02) -> int:
    """Calls `check` for the whole time; the first AssertionError is raised. Returns how often it was called."""
    end = time.monotonic() + for_s
    times = 0
    while time.monotonic() < end:
        check()
        times += 1
        time.sleep(interval_s)
    return times

"""Does a client notice what goes on behind the Gateway? It keeps asking and remembers answers that were not right."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from tests.e2e.asking import Answer, Door

from torana.embedded.node.handover import is_handed_over

FEWEST = 20


class Target(Protocol):
    """Something that runs in a thread until told to stop."""

    def run(self, stop: threading.Event) -> None: ...


def is_ok(answer: Answer) -> bool:
    return answer.status == 200


@dataclass
class SteadyClient:
    """Asks for one hostname again and again, on a new connection each time."""

    door: Door
    host: str
    path: str = "/"
    right: Callable[[Answer], bool] = is_ok
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        began = time.monotonic()
        # Changes may be live before a handful of requests are through: a few more show what they left behind.
        while self.asked < FEWEST or not stop.is_set():
            self.asked += 1
            if failure := self._ask():
                self.failures.append(f"after {time.monotonic() - began:.3f} s: {failure}")
            stop.wait(0.005)

    def _ask(self) -> str:
        """What went wrong with one request; empty when nothing did."""
        try:
            answer = self.door.ask(self.host, self.path, timeout_s=5)
        except OSError as broken:
            return repr(broken)
        return "" if self.right(answer) else f"{answer.status} {answer.body[:160]!r}"

    def expect_no_failure(self) -> None:
        self._expect_none(self.failures)

    def expect_no_failure_of(self, stopped: int) -> None:
        """Like `expect_no_failure`, where so many proxies stopped meanwhile."""
        self._expect_none(but_resets(self.failures, stopped))

    def _expect_none(self, failures: list[str]) -> None:
        assert self.asked >= FEWEST, "hardly anything was asked"
        assert not failures, f"{len(failures)} of {self.asked} requests failed: {failures[:5]}"


def but_resets(failures: list[str], stopped: int) -> list[str]:
    """The failures that count when so many proxies stopped: where Linux does not hand over the connections that wait
    at one, each may have reset one."""
    resets = [each for each in failures if "Connection reset by peer" in each]
    if is_handed_over() or len(resets) > stopped:
        return failures
    return [each for each in failures if each not in resets]


@dataclass
class Intruder:
    """Asks again and again for what it may not have, on a new connection each time, and remembers what it got."""

    door: Door
    host: str
    asked: int = 0
    got: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        began = time.monotonic()
        while self.asked < FEWEST or not stop.is_set():
            self.asked += 1
            with suppress(OSError):
                answer = self.door.ask(self.host, timeout_s=5)
                if answer.status < 400:
                    self.got.append(f"after {time.monotonic() - began:.3f} s: {answer.status} {answer.body[:160]!r}")

    def expect_nothing(self) -> None:
        assert self.asked >= FEWEST, "hardly anything was asked"
        assert not self.got, f"{len(self.got)} of {self.asked} requests were served: {self.got[:5]}"


@contextmanager
def running(*targets: Target) -> Iterator[None]:
    """The targets run in threads until the block is left."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,), daemon=True) for each in targets]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(40)

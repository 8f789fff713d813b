"""When is an object looked at again? A queue of refs: each is worked on by one task at a time, and never lost.

An edge. A ref added while it is being worked on is worked on once more; failures come back with growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from torana.kube.errors import ApiError, KubeError

K = TypeVar("K", bound=Hashable)

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 10.0


class Work(Generic[K]):
    """The refs of one controller that need attention.

    `reconcile` makes the world as the object wants it, and returns after how many seconds to look again, if at all.
    """

    def __init__(self, name: str, reconcile: Callable[[K], Awaitable[float | None]], parallel: int = 8) -> None:
        self._name = name
        self._reconcile = reconcile
        self._parallel = parallel
        self._due: dict[K, None] = {}
        self._active: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, ref: K) -> None:
        self._due[ref] = None
        self._changed.set()

    def add_after(self, ref: K, delay_s: float) -> None:
        """The earliest of several wishes counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(ref)
        if timer is not None:
            if timer.when() <= loop.time() + delay_s:
                return
            timer.cancel()
        self._timers[ref] = loop.call_later(delay_s, self._ring, ref)

    def _ring(self, ref: K) -> None:
        self._timers.pop(ref, None)
        self.add(ref)

    async def run(self) -> None:
        """Works until cancelled."""
        try:
            while True:
                self._begin()
                self._changed.clear()
                await self._changed.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            for timer in self._timers.values():
                timer.cancel()

    def _begin(self) -> None:
        for ref in tuple(self._due):
            if len(self._active) >= self._parallel:
                return
            if ref in self._active:
                continue
            del self._due[ref]
            self._active.add(ref)
            task = asyncio.ensure_future(self._attend(ref))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attend(self, ref: K) -> None:
        try:
            again = await self._reconcile(ref)
            self._failures.pop(ref, None)
            if again is not None:
                self.add_after(ref, again)
        except KubeError as error:
            self._fail(ref, error)
        except Exception as error:
            # A bug that one object brings out must not stop the controller for the others.
            log.exception("%s: %s", self._name, ref)
            self._fail(ref, error)
        finally:
            self._active.discard(ref)
            self._changed.set()

    def _fail(self, ref: K, error: Exception) -> None:
        failures = self._failures.get(ref, 0)
        self._failures[ref] = failures + 1
        is_usual = isinstance(error, ApiError) and error.is_conflict
        log.log(logging.DEBUG if is_usual or failures < 3 else logging.WARNING, "%s: %s: %s", self._name, ref, error)
        self.add_after(ref, min(FIRST_PAUSE_S * 2.0**failures, LONGEST_PAUSE_S))

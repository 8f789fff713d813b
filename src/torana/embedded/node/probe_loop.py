"""Who asks a running container's probes, and what follows from the answers?

An edge around `probing.py`. One `ProbeLoop` per run of a container; it ends with the run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from torana.api.core.container import Container
from torana.api.core.probe import Probe
from torana.embedded.node.probes import timing_of
from torana.embedded.node.probing import begin, observe

Ask = Callable[[Probe], Awaitable[str]]


class ProbeLoop:
    """`started` and `ready` are true of the container now; `on_change` is called when they change.

    `on_failure(probe name, why)` is called when the container must be killed.
    """

    def __init__(
        self,
        container: Container,
        ask: Ask,
        on_change: Callable[[], None],
        on_failure: Callable[[str, str], None],
        was_ready: bool = False,
    ) -> None:
        self.started = container.startup_probe is None or was_ready
        self.ready = self.started and (container.readiness_probe is None or was_ready)
        self.last_failure = ""
        self._container = container
        self._ask = ask
        self._on_change = on_change
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None
        if container.startup_probe or container.readiness_probe or container.liveness_probe:
            self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.ready = self.started = False

    async def _run(self) -> None:
        container = self._container
        if container.startup_probe is not None and not self.started:
            await self._until_started(container.startup_probe)
        self.started = True
        if container.readiness_probe is None:
            self.ready = True
        self._on_change()
        loops = []
        if container.readiness_probe is not None:
            loops.append(self._watch_readiness(container.readiness_probe))
        if container.liveness_probe is not None:
            loops.append(self._watch_liveness(container.liveness_probe))
        await asyncio.gather(*loops)

    async def _until_started(self, probe: Probe) -> None:
        timing = timing_of(probe, eager=True)
        state = begin(timing, time.monotonic(), passing=False)
        while not state.passing:
            await _sleep_until(state.due)
            why = await self._ask(probe)
            state = observe(timing, state, not why, time.monotonic())
            if state.failed:
                self._on_failure("Startup", why)
                await asyncio.Event().wait()

    async def _watch_readiness(self, probe: Probe) -> None:
        timing = timing_of(probe, eager=True)
        state = begin(timing, time.monotonic(), passing=self.ready)
        while True:
            await _sleep_until(state.due)
            self.last_failure = await self._ask(probe)
            state = observe(timing, state, not self.last_failure, time.monotonic())
            if state.passing != self.ready:
                self.ready = state.passing
                self._on_change()

    async def _watch_liveness(self, probe: Probe) -> None:
        timing = timing_of(probe, eager=False)
        state = begin(timing, time.monotonic(), passing=True)
        while True:
            await _sleep_until(state.due)
            why = await self._ask(probe)
            state = observe(timing, state, not why, time.monotonic())
            if state.failed:
                self._on_failure("Liveness", why)
                await asyncio.Event().wait()


async def _sleep_until(due: float) -> None:
    await asyncio.sleep(max(0.0, due - time.monotonic()))

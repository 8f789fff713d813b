"""Who sees to it that every Gateway's proxy gets made? A small queue: the latest wish of each Gateway, done until it
works.

A wish that fails is tried again with growing pauses, unless a newer one takes its place; other Gateways do not wait
for it. What went wrong is told through `on_problem`, and an empty message says that all is well again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import msgspec

from torana.api.gateway import Gateway
from torana.api.kind import Ref
from torana.infra.apply import ForeignObject, InfraApplier, StillLeaving
from torana.infra.plan import PlanInputs, certificate_outline, plan
from torana.infra.trust import Trust
from torana.kube.errors import KubeError

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 30.0
PARALLEL = 8
"""Gateways worked on at a time."""
RENEWAL_CHECK_S = 6 * 3600.0

OnProblem = Callable[[Ref, str], None]


class _Wish(NamedTuple):
    gateway: Gateway
    inputs: PlanInputs | None
    """`None`: the Gateway stays but its proxy goes."""


class Provisioner:
    """Makes the proxies of all Gateways. `request` and `withdraw` come back at once; `run` does the work."""

    def __init__(self, applier: InfraApplier, trust: Trust, on_problem: OnProblem) -> None:
        self._applier = applier
        self._trust = trust
        self._on_problem = on_problem
        self._wishes: dict[Ref, _Wish] = {}
        self._pending: set[Ref] = set()
        self._failures: dict[Ref, int] = {}
        self._working: set[Ref] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(PARALLEL)
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def request(self, gateway: Gateway, inputs: PlanInputs) -> None:
        """The Gateway's proxy shall be as `inputs` say. Costs nothing when that is what it already is."""
        wish = _Wish(gateway, inputs)
        if not _is_same(self._wishes.get(gateway.metadata.ref), wish):
            self._wish(wish)

    def withdraw(self, gateway: Gateway) -> None:
        """The Gateway is no longer ours: its proxy's objects are deleted."""
        self._wish(_Wish(gateway, None))

    def drop(self, ref: Ref) -> None:
        """The Gateway is gone, and takes its objects along."""
        wish = self._wishes.pop(ref, None)
        self._pending.discard(ref)
        self._failures.pop(ref, None)
        if wish is not None:
            self._applier.drop(wish.gateway.metadata.uid)
            self._trust.drop(wish.gateway.metadata.uid)

    def recheck(self, ref: Ref) -> None:
        """An object of the Gateway was changed or deleted by someone else: applies everything anew."""
        if wish := self._wishes.get(ref):
            self._applier.forget(wish.gateway.metadata.uid)
            self._wish(wish)

    async def idle(self) -> None:
        """Returns when no wish is open."""
        await self._idle.wait()

    async def run(self) -> None:
        """Works until cancelled."""
        await self._until_it_works(self._applier.load)
        renewal = asyncio.create_task(self._renew_forever())
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                for ref in sorted(self._pending - self._working):
                    self._pending.discard(ref)
                    self._start(ref)
                self._note_idle()
        finally:
            renewal.cancel()
            for task in self._tasks:
                task.cancel()

    def _wish(self, wish: _Wish) -> None:
        ref = wish.gateway.metadata.ref
        self._wishes[ref] = wish
        self._failures.pop(ref, None)
        self._queue(ref)

    def _queue(self, ref: Ref) -> None:
        self._pending.add(ref)
        self._idle.clear()
        self._work.set()

    def _start(self, ref: Ref) -> None:
        self._working.add(ref)
        task = asyncio.create_task(self._fulfil(ref))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fulfil(self, ref: Ref) -> None:
        wish = self._wishes.get(ref)
        try:
            if wish is not None:
                async with self._slots:
                    await self._provide(wish)
                self._succeeded(ref, wish)
        except (ForeignObject, StillLeaving, KubeError) as error:
            self._failed(ref, wish, str(error))
        except Exception as error:  # a bug in one Gateway's plan must not stop the others
            self._failed(ref, wish, f"internal error: {type(error).__name__}: {error}")
        finally:
            self._working.discard(ref)
            self._work.set()

    async def _provide(self, wish: _Wish) -> None:
        if wish.inputs is None:
            await self._applier.remove(wish.gateway)
            return
        digest = await self._trust.ensure_certificate(wish.gateway, self._applier)
        inputs = msgspec.structs.replace(wish.inputs, certificate_hash=digest)
        await self._applier.ensure(wish.gateway, plan(wish.gateway, inputs), keep=(certificate_outline(wish.gateway),))

    def _succeeded(self, ref: Ref, wish: _Wish) -> None:
        self._failures.pop(ref, None)
        if self._wishes.get(ref) is wish:
            self._on_problem(ref, "")

    def _failed(self, ref: Ref, wish: _Wish | None, message: str) -> None:
        if self._wishes.get(ref) is not wish or wish is None:
            return
        failures = self._failures.get(ref, 0)
        self._failures[ref] = failures + 1
        self._on_problem(ref, message)
        asyncio.get_running_loop().call_later(_pause_s(failures), self._retry, ref, wish)

    def _retry(self, ref: Ref, wish: _Wish) -> None:
        if self._wishes.get(ref) is wish:
            self._queue(ref)

    def _note_idle(self) -> None:
        if not (self._pending or self._working or self._failures):
            self._idle.set()

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_CHECK_S)
            for ref in self._wishes:
                self._queue(ref)

    async def _until_it_works(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failures = 0
        while True:
            try:
                return await act()
            except KubeError:
                await asyncio.sleep(_pause_s(failures))
                failures += 1


def _is_same(known: _Wish | None, wish: _Wish) -> bool:
    """The status and bookkeeping of a Gateway do not matter to its proxy; its metadata's annotations neither."""
    if known is None or known.inputs != wish.inputs:
        return False
    return known.gateway.metadata.uid == wish.gateway.metadata.uid and known.gateway.spec == wish.gateway.spec


def _pause_s(failures: int) -> float:
    return min(FIRST_PAUSE_S * 2.0**failures, LONGEST_PAUSE_S) * (0.75 + random.random() / 2)

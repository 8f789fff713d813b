"""Do requests that a change does not concern see nothing of it, at any moment? On random objects, with a real Envoy.

What becomes of a request before and after a change says the reference model; where that is the same, it must be so in
between as well. `TORANA_REFERENCE_WORLDS` and `TORANA_REFERENCE_SEED` ask for more.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.e2e.envoy_rig import HOST
from tests.properties.test_reference import GATEWAY, listener_ports
from tests.reference.checking import Difference, difference, story
from tests.reference.client import ask
from tests.reference.comparison import describe, told
from tests.reference.decision import decide
from tests.reference.generator import Generator
from tests.reference.objects import Objects
from tests.reference.outcome import Decision
from tests.reference.proxy import LARGE, PLAIN, Layout, Running, running
from tests.reference.request import Request
from tests.reference.vocabulary import BACKENDS, Document

WORLDS = int(os.environ.get("TORANA_REFERENCE_WORLDS", "10"))
FIRST_SEED = int(os.environ.get("TORANA_REFERENCE_SEED", "1"))
CHANGES = 6
REQUESTS = 60
AT_ONCE = 4
ROUNDS_AFTER = 2
"""How often each request is sent again when the change has arrived."""

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180 + 10 * WORLDS)]


class Steady(NamedTuple):
    """A request that a change does not concern."""

    request: Request
    decision: Decision


@pytest.mark.parametrize("layout", [PLAIN, LARGE], ids=["plain", "sharded tables and trees"])
async def test_a_change_is_not_felt_by_requests_that_it_does_not_concern(tmp_path: Path, layout: Layout) -> None:
    ports = listener_ports(3)
    asked = 0
    async with running(tmp_path, GATEWAY, BACKENDS, layout) as proxy:
        backends = {name: (HOST, port) for name, port in proxy.ports.items()}
        for seed in range(FIRST_SEED, FIRST_SEED + WORLDS):
            generator = Generator(seed, ports)
            objects = generator.objects(backends)
            await proxy.serve(objects)
            for number in range(CHANGES):
                changed = generator.changed(objects)
                steady = unconcerned(objects, changed, generator.requests(REQUESTS, objects))
                settled = await difference(proxy, GATEWAY, objects, [one.request for one in steady])
                assert settled is None, f"seed {seed}, before change {number}\n\n{story(objects, settled)}"
                found, count = await watch(proxy, changed, steady)
                asked += count
                if found is not None:
                    pytest.fail(f"seed {seed}, change {number}\n\n{both(objects, changed, found)}", pytrace=False)
                objects = changed
    print(f"{WORLDS} sets of objects with {CHANGES} changes each, {asked} requests meanwhile")


def unconcerned(before: Sequence[Document], after: Sequence[Document], requests: Sequence[Request]) -> list[Steady]:
    """Those of the requests that the same listener treats in the same way, with what it does.

    When a hostname goes over to another listener, connections to the former one are told so in between (421).
    """
    first, second = Objects(before), Objects(after)
    decisions = [(one, decide(first, GATEWAY, one), decide(second, GATEWAY, one)) for one in requests]
    return [
        Steady(one, old) for one, old, new in decisions if (old.listener, old.outcomes) == (new.listener, new.outcomes)
    ]


async def watch(proxy: Running, changed: list[Document], steady: Sequence[Steady]) -> tuple[Difference | None, int]:
    """The first wrong answer while the change is made, and how many requests were sent."""
    if not steady:
        await proxy.serve(changed)
        return None, 0
    left = asyncio.Event()
    counts = [0] * AT_ONCE

    async def work(number: int) -> Difference | None:
        """Each worker has its share of the requests, in turn, until the change has arrived; then some more."""
        share = [one for at, one in enumerate(steady) if at % AT_ONCE == number]
        rounds = 0
        while share and rounds < ROUNDS_AFTER:
            rounds += left.is_set()
            for request, decision in share:
                answer = await ask(HOST, request)
                counts[number] += 1
                if told(answer, request) not in [describe(one, request) for one in decision.outcomes]:
                    return Difference(request, decision, answer)
        return None

    workers = [asyncio.ensure_future(work(number)) for number in range(AT_ONCE)]
    rejected = await proxy.serve(changed)
    assert not rejected, rejected
    left.set()
    results = await asyncio.gather(*workers)
    return next((one for one in results if one is not None), None), sum(counts)


def both(before: Sequence[Document], after: Sequence[Document], found: Difference) -> str:
    """The story, and what was changed."""
    gone = [one for one in before if one not in after]
    new = [one for one in after if one not in before]
    return f"{story(before, found)}\n\n--- Gone\n{gone}\n\n--- New\n{new}"

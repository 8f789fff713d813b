"""Does a real Envoy hold retries within a budget?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.envoy_rig import Proxy, proxy

from torana.envoy.cluster import render_cluster
from torana.proxy.action import Backend, Forward, Retry
from torana.proxy.cluster import Cluster, RetryBudget
from torana.proxy.match import Match
from torana.proxy.route import Route

pytestmark = pytest.mark.e2e

AT_ONCE = 20
ROUNDS = 5
FAILING = {"x-fail": "1000000", "x-delay": "0.05"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        await started.route(Route("r", Match(), Forward((Backend("one"),), retry=Retry(1, (502,), 1))))
        yield started


async def retries(running: Proxy, budget: RetryBudget | None) -> int:
    """How many retries reach a backend that always fails, of a hundred requests."""
    await running.plane.deliver([render_cluster(Cluster("one", retry_budget=budget)), *running.plane.endpoints])
    before = running.arrivals.qsize()
    for _ in range(ROUNDS):
        await asyncio.gather(*(running.get(headers=FAILING) for _ in range(AT_ONCE)))
    return running.arrivals.qsize() - before - ROUNDS * AT_ONCE


async def test_retries_are_a_share_of_the_requests_under_way(running: Proxy) -> None:
    assert await retries(running, None) == ROUNDS * AT_ONCE
    few = await retries(running, RetryBudget(10, 1))
    some = await retries(running, RetryBudget(50, 1))
    assert ROUNDS <= few <= 25
    assert few < some <= 75


async def test_some_retries_are_allowed_whatever_the_share(running: Proxy) -> None:
    assert 2 * ROUNDS <= await retries(running, RetryBudget(0, 3)) <= 4 * ROUNDS

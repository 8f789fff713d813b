"""Does a real Envoy leave as it is told: its connections first, then its ports, and no request without its answer?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.e2e.envoy_rig import DEADLINE_S, GATEWAY, HOST, Proxy, proxy, until_closed

from torana.envoy.leaving import Step
from torana.envoy.server import Delivered, Disconnected
from torana.proxy.action import Backend, Forward, Respond
from torana.proxy.match import Match
from torana.proxy.route import Host, Route

pytestmark = pytest.mark.e2e

NODE = "node-1"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    """A proxy that passes everything to backend `one`."""
    async with proxy(tmp_path) as started:
        await started.route(Route("all", Match(), Forward((Backend("one"),))), domain="*")
        yield started


class Kept:
    """A connection that is asked on again and again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self) -> bool:
        """An answer of 200 comes; whether another question may follow."""
        self._writer.write(b"GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n")
        head = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), DEADLINE_S)).lower()
        assert head.startswith(b"http/1.1 200"), head
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))
        return b"connection: close" not in head

    async def close(self) -> None:
        self._writer.close()


async def connect(running: Proxy) -> Kept:
    return Kept(*await asyncio.open_connection(HOST, running.port))


async def until_let_go(running: Proxy) -> None:
    """New connections end with their first answer."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            connection = await connect(running)
            may_stay = await connection.ask()
            await connection.close()
            if not may_stay:
                return


async def until_answered(running: Proxy, status: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                if (await running.get()).status == status:
                    return
            await asyncio.sleep(0.01)


async def test_one_that_lets_go_accepts_and_ends_each_connection_with_its_next_answer(running: Proxy) -> None:
    old = await connect(running)
    assert await old.ask()
    running.plane.server.leave(GATEWAY, NODE, Step.LETTING_GO)
    await until_let_go(running)
    assert not await old.ask()
    # What changes meanwhile holds for those who still come.
    running.plane.offer(running.tables(Host("*", (Route("all", Match(), Respond(418)),))))
    await until_answered(running, 418)


async def test_one_that_closes_completes_what_it_has_begun(running: Proxy) -> None:
    kept = await connect(running)
    assert await kept.ask()
    await running.arrivals.get()
    slow = asyncio.ensure_future(running.get(headers={"x-delay": "1"}))
    await running.arrivals.get()
    running.plane.server.leave(GATEWAY, NODE, Step.CLOSED)
    await until_closed(running.port)
    assert not slow.done()
    assert not await kept.ask()
    answer = await slow
    assert (answer.status, answer.headers.get("connection")) == (200, "close")


async def test_both_steps_one_after_the_other_end_with_a_closed_port(running: Proxy) -> None:
    running.plane.server.leave(GATEWAY, NODE, Step.LETTING_GO)
    await until_let_go(running)
    running.plane.server.leave(GATEWAY, NODE, Step.CLOSED)
    await until_closed(running.port)


async def test_nothing_waits_for_one_that_leaves(running: Proxy) -> None:
    told = running.plane.events
    running.plane.server.leave(GATEWAY, NODE, Step.LETTING_GO)
    assert told[-1] == Disconnected(GATEWAY, NODE)
    before = len(told)
    running.plane.offer(running.tables(Host("*", (Route("all", Match(), Respond(200)),))))
    await until_let_go(running)
    running.plane.server.leave(GATEWAY, NODE, Step.CLOSED)
    await until_closed(running.port)
    assert told[before:] == []


async def test_the_ports_of_a_gateway_that_is_gone_close_and_open_for_a_namesake(running: Proxy) -> None:
    slow = asyncio.ensure_future(running.get(headers={"x-delay": "1"}))
    await running.arrivals.get()
    running.plane.server.forget(GATEWAY)
    await until_closed(running.port)
    assert (await slow).status == 200
    seen = len(running.plane.events)
    revision = running.plane.offer([running.bind(), *running.tables(Host("*", (Route("a", Match(), Respond(204)),)))])
    await running.plane.until(
        lambda: any(isinstance(one, Delivered) and one.revision == revision for one in running.plane.events[seen:])
    )
    await until_answered(running, 204)

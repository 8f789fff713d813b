"""What does a client see through the proxy, every millisecond, while something changes?

One raw keep-alive HTTP/1.1 connection, so that nothing stands between the clock and the first byte. A connection that
the server closes after saying `connection: close` is opened again; any other end of a connection is an answer of its
own, `BROKEN`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.documents import VERSION_HEADER

REFUSED = -1
BROKEN = 0


@dataclass(frozen=True)
class Answer:
    """One response: status (`REFUSED` and `BROKEN` for none), the version header, and the start of the body."""

    status: int
    version: str = ""
    body: str = ""


@dataclass
class Watch:
    """Answers seen, in order, and when the first `wanted` one was complete (`time.perf_counter`)."""

    wanted: Callable[[Answer], bool]
    seen: list[Answer] = field(default_factory=list)
    found: asyncio.Event = field(default_factory=asyncio.Event)
    found_at: float = float("inf")

    def add(self, answer: Answer) -> None:
        self.seen.append(answer)
        if not self.found.is_set() and self.wanted(answer):
            self.found_at = time.perf_counter()
            self.found.set()

    def outside(self, *right: Callable[[Answer], bool]) -> list[Answer]:
        """Answers that are none of `right`, or that fall back to an earlier one of `right` after a later one."""
        wrong, reached = [], 0
        for answer in self.seen:
            position = next((at for at in range(reached, len(right)) if right[at](answer)), None)
            if position is None:
                wrong.append(answer)
            else:
                reached = position
        return wrong


class Prober:
    """Asks `address:port` for `/` of one hostname, over one connection at a time; with `fresh` a new one each time."""

    def __init__(self, address: str, port: int, host: str, *, interval_s: float = 0.001, fresh: bool = False) -> None:
        self._address, self._port, self._interval_s, self._fresh = address, port, interval_s, fresh
        self._request = f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\n\r\n".encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> Answer:
        """The next answer; opens a connection when there is none."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._address, self._port)
        except OSError:
            return Answer(REFUSED)
        reader, writer = self._streams
        try:
            writer.write(self._request)
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
            headers = _headers(head)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.close()
            return Answer(BROKEN)
        if self._fresh or headers.get("connection") == "close":
            self.close()
        return Answer(int(head.split(" ", 2)[1]), headers.get(VERSION_HEADER, ""), body[:80].decode("latin-1").strip())

    async def watch(self, into: Watch, stop: asyncio.Event) -> None:
        """Appends answers to `into` until `stop` is set."""
        while not stop.is_set():
            into.add(await self.ask())
            await asyncio.sleep(self._interval_s)

    async def wait(self, wanted: Callable[[Answer], bool], *, deadline_s: float = 60) -> Answer:
        """The first answer that is `wanted`; raises `TimeoutError` with the last one seen."""
        end = time.monotonic() + deadline_s
        while not wanted(answer := await self.ask()):
            if time.monotonic() > end:
                raise TimeoutError(f"{self._address}:{self._port}: still {answer} after {deadline_s:.0f} s")
            await asyncio.sleep(0.01)
        return answer

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None


def _headers(head: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
    return {name.lower(): value.strip() for name, value in pairs}

"""A stand-in for a DNS server, on 53 over UDP and TCP: every question is refused, nothing is forwarded anywhere.

What the conformance suite wants to see is that queries reach a DNS server and that its answers come back.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from torana.embedded.echo.forever import until_cancelled
from torana.embedded.echo.output import say
from torana.embedded.echo.settings import Settings

REFUSED = 5
HEADER = 12


def reply(query: bytes) -> bytes:
    """The query as a response: same ID and question, no records. Empty when it is no query (RFC 1035, section 4.1)."""
    if len(query) < HEADER or query[2] & 0x80:
        return b""
    end = _end_of_question(query)
    if end is None:
        return b""
    flags = bytes([0x80 | (query[2] & 0x79), REFUSED])
    return query[:2] + flags + b"\x00\x01" + b"\x00" * 6 + query[HEADER:end]


def _end_of_question(query: bytes) -> int | None:
    """Where the one question ends; None when there is not exactly one, or it is cut off."""
    if query[4:6] != b"\x00\x01":
        return None
    at = HEADER
    while at < len(query) and query[at]:
        if query[at] & 0xC0:
            return None
        at += 1 + query[at]
    end = at + 5
    return end if end <= len(query) else None


class DatagramDns(asyncio.DatagramProtocol):
    """All clients over UDP."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own transport is no DatagramTransport by inheritance (seen on 3.11).
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = reply(data)
        if answer:
            self._transport.sendto(answer, addr)


async def answer_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client over TCP: messages with their length before them."""
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = reply(await reader.readexactly(length))
            writer.write(len(answer).to_bytes(2, "big") + answer)
    except asyncio.IncompleteReadError:
        writer.close()


async def serve(settings: Settings) -> None:
    """Serves until cancelled. Raises `OSError` when the port cannot be bound."""
    loop = asyncio.get_running_loop()
    address = (settings.address, settings.dns_port)
    await loop.create_datagram_endpoint(DatagramDns, address, reuse_port=True)
    server = await asyncio.start_server(answer_stream, *address, reuse_port=True)
    say(f"DNS stand-in listening on port {settings.dns_port}; it refuses every question and forwards none")
    await until_cancelled([server])

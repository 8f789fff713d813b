"""The echo server over UDP: every datagram is answered by one of JSON, on 8080."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec

from torana.embedded.echo.output import say
from torana.embedded.echo.settings import Context, Settings


def reply(datagram: bytes, context: Context) -> bytes:
    body: dict[str, Any] = {"request": datagram.decode("utf-8", "replace"), **msgspec.to_builtins(context)}
    return msgspec.json.encode(body)


class DatagramEcho(asyncio.DatagramProtocol):
    """All clients."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own transport is no DatagramTransport by inheritance (seen on 3.11).
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        say(f"Received UDP {data.decode('utf-8', 'replace')} from {addr[0]}:{addr[1]}")
        self._transport.sendto(reply(data, self._context), addr)


async def serve(settings: Settings) -> None:
    """Serves until cancelled. Raises `OSError` when the port cannot be bound."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        lambda: DatagramEcho(settings.context), (settings.address, settings.udp_port), reuse_port=True
    )
    say(f"UDP server listening on port {settings.udp_port}")
    await asyncio.get_running_loop().create_future()

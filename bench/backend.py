"""Which process answers behind the proxy while routes change?

A small asyncio server on several ports of one address; every answer names its port, so that the prober can tell two
backends apart. (For traffic measurements nginx is used: this one is too slow to load a proxy.)
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from functools import partial


class _Answering(asyncio.Protocol):
    def __init__(self, name: str) -> None:
        body = name.encode()
        self._answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *whole, self._pending = (self._pending + data).split(b"\r\n\r\n")
        self._transport.write(self._answer * len(whole))


async def serve(address: str, ports: list[int]) -> None:
    """Answers until cancelled; prints the ports it got (0 asks for any) on one line when all are open."""
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        bound = []
        for number, port in enumerate(ports):
            server = await loop.create_server(partial(_Answering, f"backend-{number}"), address, port)
            stack.callback(server.close)
            bound.append(server.sockets[0].getsockname()[1])
        print(*bound, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], [int(port) for port in sys.argv[2:]]))

"""Do the datagram modes of the echo stand-in answer over a real socket?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from torana.embedded.echo.dns_mode import DatagramDns
from torana.embedded.echo.settings import Context
from torana.embedded.echo.udp_mode import DatagramEcho

QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03foo\x03bar\x00\x00\x01\x00\x01"


class _Client(asyncio.DatagramProtocol):
    def __init__(self, question: bytes) -> None:
        self._question = question
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        transport.sendto(self._question)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.answer.set_result(data)


@pytest.mark.parametrize(
    ("server", "question", "expected"),
    [
        (lambda: DatagramEcho(Context("ns", "in", "svc", "pod-1")), b"hi", b'"pod":"pod-1"'),
        (DatagramDns, QUESTION, QUESTION[:2]),
    ],
    ids=["udp", "dns"],
)
async def test_a_datagram_is_answered(
    server: Callable[[], asyncio.DatagramProtocol], question: bytes, expected: bytes
) -> None:
    loop = asyncio.get_running_loop()
    serving, _ = await loop.create_datagram_endpoint(server, ("127.0.0.1", 0))
    address = serving.get_extra_info("sockname")
    asking, client = await loop.create_datagram_endpoint(lambda: _Client(question), remote_addr=address)
    try:
        assert expected in await asyncio.wait_for(client.answer, 10)
    finally:
        asking.close()
        serving.close()

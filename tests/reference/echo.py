"""Who answers behind the proxy? Backends that say in one response header which of them was asked, and for what.

A backend speaks HTTP/1.1 and HTTP/2 with prior knowledge, as the connection begins, and either over TLS.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from tests.reference.tls_inside import HANDSHAKE, TlsInside

from torana.embedded.echo.http2 import PREFACE, Http2Server

Arrival = Callable[[str, dict[str, str]], None]
"""Told of every request: the backend's name, and the headers by lower-case name."""

ECHO = "x-echo"
ANSWER_HEADERS = (("x-a", "backend"), ("x-b", "1"), ("x-b", "2"))
"""What every backend answers besides, for filters of the response to change."""


class Backend(asyncio.Protocol):
    """One connection to the backend `name`."""

    def __init__(self, name: str, arrival: Arrival) -> None:
        self._name, self._arrival = name, arrival
        self._input = b""
        self._http2: Http2Server | None = None
        self._tls: TlsInside | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._input and self._http2 is None and self._tls is None and data.startswith(HANDSHAKE):
            self._tls = TlsInside()
        if self._tls is None:
            self._receive(data)
            return
        try:
            self._receive(self._tls.feed(data))
            self._transport.write(self._tls.take())
        except ssl.SSLError:
            self._transport.abort()

    def _receive(self, data: bytes) -> None:
        self._input += data
        if self._http2 is None and self._input.startswith(PREFACE):
            self._http2 = Http2Server()
        if self._http2 is not None:
            self._feed_http2(self._http2)
        elif not PREFACE.startswith(self._input[: len(PREFACE)]):
            self._feed_http1()

    def _send(self, data: bytes) -> None:
        if self._tls is None:
            self._transport.write(data)
        elif data:
            self._tls.write(data)

    def _feed_http1(self) -> None:
        while b"\r\n\r\n" in self._input:
            head, _, self._input = self._input.partition(b"\r\n\r\n")
            line, *fields = head.decode("latin-1").split("\r\n")
            headers = [(name, value.strip()) for name, _, value in (field.partition(":") for field in fields)]
            told = self._tell(line.split(" ")[1], headers)
            lines = ["HTTP/1.1 200 OK", "content-length: 0", *(f"{name}: {value}" for name, value in told)]
            self._send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _feed_http2(self, machine: Http2Server) -> None:
        requests = machine.feed(self._input)
        self._input = b""
        for request in requests:
            pseudo = {name: value for name, value in request.headers if name.startswith(":")}
            plain = [("host", pseudo.get(":authority", "")), *request.headers]
            told = self._tell(pseudo.get(":path", ""), [one for one in plain if not one[0].startswith(":")])
            fields = [(":status", "200"), ("content-type", "application/grpc"), *told]
            machine.respond(request.stream, fields, b"", [("grpc-status", "0")])
        self._send(machine.take())

    def _tell(self, path: str, headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The response headers that tell what was seen."""
        seen: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            seen[key] = f"{seen[key]},{value}" if key in seen else value
        self._arrival(self._name, seen)
        told: dict[str, Any] = {"backend": self._name, "path": path, "host": seen.get("host", ""), "headers": seen}
        return [(ECHO, base64.b64encode(json.dumps(told).encode()).decode()), *ANSWER_HEADERS]


async def serve(name: str, host: str, arrival: Arrival) -> tuple[asyncio.Server, int]:
    """A running backend, and its port."""
    server = await asyncio.get_running_loop().create_server(lambda: Backend(name, arrival), host, 0)
    return server, int(server.sockets[0].getsockname()[1])

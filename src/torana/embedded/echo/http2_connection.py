"""How does an HTTP/2 connection reach the echo server's answers? The edge around `http2.py`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from torana.embedded.echo.http2 import PREFACE, Http2Server, StreamRequest
from torana.embedded.echo.http_answer import Answer, Request, canonical
from torana.embedded.echo.output import say
from torana.embedded.echo.tls import describe

REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Peer:
    """Who asks: address, and the TLS connection as it is told in answers."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        address = transport.get_extra_info("peername") or ("", 0)
        self.address = f"{address[0]}:{address[1]}"
        connection = transport.get_extra_info("ssl_object")
        self.tls: dict[str, Any] | None = describe(connection) if isinstance(connection, ssl.SSLObject) else None


Handle = Callable[[Http2Server, StreamRequest, Peer], Answer | None]
"""Answers into the connection by itself, or returns what to answer over HTTP."""


class Http2Connection(asyncio.Protocol):
    """One HTTP/2 connection, with prior knowledge or chosen by ALPN."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._machine = Http2Server()
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = Peer(transport)

    def data_received(self, data: bytes) -> None:
        if len(self._begun) < len(PREFACE):
            self._begun += data
            if not PREFACE.startswith(self._begun[: len(PREFACE)]):
                self._transport.write(REFUSAL)
                self._transport.close()
                return
        for request in self._machine.feed(data):
            made = self._handle(self._machine, request, self._peer)
            if made is None:
                continue
            if made.log:
                say(made.log)
            if made.delay_s > 0:
                asyncio.get_running_loop().call_later(made.delay_s, self._answer, request.stream, made)
            else:
                self._answer(request.stream, made)
        self._flush()

    def _answer(self, stream: int, made: Answer) -> None:
        if made.reset:
            self._machine.reset(stream)
        else:
            headers = [(":status", str(made.status)), *((name.lower(), value) for name, value in made.headers)]
            headers.append(("content-length", str(len(made.body))))
            self._machine.respond(stream, headers, made.body)
        self._flush()

    def _flush(self) -> None:
        out = self._machine.take()
        if out and not self._transport.is_closing():
            self._transport.write(out)
        if self._machine.closed:
            self._transport.close()


def to_request(stream: StreamRequest) -> Request:
    """The request as HTTP/1.1 would have told it."""
    pseudo = {name: value for name, value in stream.headers if name.startswith(":")}
    headers = tuple((canonical(name), value) for name, value in stream.headers if not name.startswith(":"))
    fields = dict(headers)
    is_form = fields.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return Request(
        method=pseudo.get(":method", ""),
        target=pseudo.get(":path", ""),
        proto="HTTP/2.0",
        host=pseudo.get(":authority") or fields.get("Host", ""),
        headers=tuple(header for header in headers if header[0] != "Host"),
        form=stream.body.decode("latin-1") if is_form else "",
    )

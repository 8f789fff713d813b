"""The echo server over HTTP: 3000 (HTTP/1.1), 3001 (h2c) and, with certificates, 8443 (TLS)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import httptools

from torana.embedded.echo.forever import until_cancelled
from torana.embedded.echo.http2 import Http2Server, StreamRequest
from torana.embedded.echo.http2_connection import Http2Connection, Peer, to_request
from torana.embedded.echo.http_answer import Answer, Request, answer, echo, text_answer
from torana.embedded.echo.output import say
from torana.embedded.echo.settings import Settings
from torana.embedded.echo.tls import describe, server_context
from torana.embedded.echo.websocket import WebSocketEcho, accept_key

_REASONS = {status.value: status.phrase for status in HTTPStatus}
LARGEST_FORM = 1 << 20


class HttpConnection(asyncio.Protocol):
    """One HTTP/1.1 connection; answers in order, also to pipelined requests."""

    def __init__(self, settings: Settings, port: int, attempts: dict[str, int]) -> None:
        self._settings = settings
        self._port = str(port)
        self._attempts = attempts
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: list[tuple[Request, bool]] = []
        self._answering = False
        self._websocket: WebSocketEcho | None = None
        self._tls: dict[str, Any] | None = None
        self._client = ""

    # --- connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername") or ("", 0)
        self._client = f"{peer[0]}:{peer[1]}"
        connection = transport.get_extra_info("ssl_object")
        if isinstance(connection, ssl.SSLObject):
            self._tls = describe(connection)

    def data_received(self, data: bytes) -> None:
        if self._websocket is not None:
            self._feed_websocket(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._websocket is not None:
                self._feed_websocket(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._send(text_answer(400, "400 Bad Request"), keep_alive=False)

    def _feed_websocket(self, data: bytes) -> None:
        assert self._websocket is not None
        self._transport.write(self._websocket.feed(data))
        if self._websocket.closed:
            self._transport.close()

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if any(name.lower() == "expect" and value.lower() == "100-continue" for name, value in self._headers):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        if len(self._body) < LARGEST_FORM:
            self._body += part

    def on_message_complete(self) -> None:
        fields = {name.lower(): value for name, value in self._headers}
        is_form = fields.get("content-type", "").startswith("application/x-www-form-urlencoded")
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            target=self._target.decode("latin-1"),
            proto=f"HTTP/{self._parser.get_http_version()}",
            host=fields.get("host", ""),
            headers=tuple(header for header in self._headers if header[0].lower() != "host"),
            form=self._body.decode("latin-1") if is_form else "",
        )
        if request.target.partition("?")[0] == "/ws" and fields.get("upgrade", "").lower() == "websocket":
            self._open_websocket(fields.get("sec-websocket-key", ""))
            return
        self._waiting.append((request, bool(self._parser.should_keep_alive())))
        if not self._answering:
            self._answer_next()

    # --- answering ---

    def _open_websocket(self, key: str) -> None:
        self._websocket = WebSocketEcho()
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
        )

    def _answer_next(self) -> None:
        while self._waiting and not self._transport.is_closing():
            request, keep_alive = self._waiting.pop(0)
            made = answer(request, self._settings.context, self._port, self._client, self._tls, self._attempts)
            if made.log:
                say(made.log)
            if made.delay_s > 0:
                self._answering = True
                asyncio.get_running_loop().call_later(made.delay_s, self._finish, made, request, keep_alive)
                return
            self._send(made, keep_alive, request.method)

    def _finish(self, made: Answer, request: Request, keep_alive: bool) -> None:
        self._answering = False
        self._send(made, keep_alive, request.method)
        self._answer_next()

    def _send(self, made: Answer, keep_alive: bool, method: str = "") -> None:
        if self._transport.is_closing():
            return
        if made.reset:
            reset(self._transport)
            return
        lines = [f"HTTP/1.1 {made.status} {_REASONS.get(made.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in made.headers]
        lines.append(f"Date: {formatdate(usegmt=True)}")
        has_body = made.status >= 200 and made.status not in (204, 304)
        if has_body:
            lines.append(f"Content-Length: {len(made.body)}")
        if not keep_alive:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        self._transport.write(head + (made.body if has_body and method != "HEAD" else b""))
        if not keep_alive:
            self._transport.close()


def reset(transport: asyncio.Transport) -> None:
    """Breaks the connection with an RST, which the client cannot take for an answer."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class TlsConnection(asyncio.Protocol):
    """Waits for the handshake, then hands over to what ALPN chose."""

    def __init__(self, http1: Callable[[], asyncio.Protocol], http2: Callable[[], asyncio.Protocol]) -> None:
        self._http1 = http1
        self._http2 = http2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = self._http2() if chosen == "h2" else self._http1()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


async def serve(settings: Settings) -> None:
    """Serves until cancelled. Raises `OSError` when a port cannot be bound or a certificate cannot be read."""
    loop = asyncio.get_running_loop()
    attempts: dict[str, int] = {}

    def http1(port: int) -> HttpConnection:
        return HttpConnection(settings, port, attempts)

    def http2(port: int, has_paths: bool) -> Http2Connection:
        def handle(_: Http2Server, stream: StreamRequest, peer: Peer) -> Answer:
            request = to_request(stream)
            if not has_paths:
                return echo(request, settings.context, str(port), peer.address, peer.tls)
            return answer(request, settings.context, str(port), peer.address, peer.tls, attempts)

        return Http2Connection(handle)

    async def listen(connect: Callable[[], asyncio.Protocol], port: int, name: str, **options: Any) -> asyncio.Server:
        server = await loop.create_server(connect, settings.address, port, reuse_port=True, **options)
        say(f"Starting server, listening on port {port} ({name})")
        return server

    servers = [
        await listen(lambda: http1(settings.http_port), settings.http_port, "http"),
        await listen(lambda: http2(settings.h2c_port, has_paths=False), settings.h2c_port, "h2c"),
    ]
    if settings.tls is not None:
        context, port = server_context(settings.tls, ["h2", "http/1.1"]), settings.https_port
        servers.append(
            await listen(
                lambda: TlsConnection(lambda: http1(port), lambda: http2(port, has_paths=True)),
                port,
                "https",
                ssl=context,
            )
        )
    await until_cancelled(servers)

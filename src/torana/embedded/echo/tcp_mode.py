"""The echo server over TCP: a greeting, then a protocol of lines, on 3000 (plain) and 8443 (TLS)."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import msgspec

from torana.embedded.echo.forever import until_cancelled
from torana.embedded.echo.output import say
from torana.embedded.echo.settings import Settings
from torana.embedded.echo.tls import server_context, server_name

GREETING = b"Gateway API Test TCP Server\n"
LONGEST_LINE = 64 * 1024


def reply(line: str, settings: Settings, tls: dict[str, Any] | None) -> bytes:
    """The answer to one line, ended by a newline; nothing for lines without meaning."""
    match line:
        case "PING":
            return b"PONG\n"
        case "IS_TLS":
            return b"true\n" if tls is not None else b"false\n"
        case "TEST":
            body: dict[str, Any] = {
                **msgspec.to_builtins(settings.context),
                "tcpport": str(settings.tcp_port),
                "tlsport": str(settings.https_port),
                "isTLS": tls is not None,
            }
            return msgspec.json.encode(body | ({"tls": tls} if tls is not None else {})) + b"\n"
    return b""


def describe(connection: ssl.SSLObject | None) -> dict[str, Any] | None:
    if connection is None:
        return None
    cipher = connection.cipher()
    return {
        "version": (connection.version() or "").replace("TLSv", "TLS "),
        "serverName": server_name(connection),
        "negotiatedProtocol": connection.selected_alpn_protocol() or "",
        "cipherSuite": cipher[0] if cipher else "",
    }


class LineConnection(asyncio.Protocol):
    """One client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tls = describe(transport.get_extra_info("ssl_object"))
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            answer = reply(line.decode("utf-8", "replace").strip(), self._settings, self._tls)
            if answer:
                self._transport.write(answer)
        if len(self._rest) > LONGEST_LINE:
            self._transport.close()


async def serve(settings: Settings) -> None:
    """Serves until cancelled. Raises `OSError` when a port cannot be bound or a certificate cannot be read."""
    loop = asyncio.get_running_loop()

    def connect() -> LineConnection:
        return LineConnection(settings)

    servers = [await loop.create_server(connect, settings.address, settings.tcp_port, reuse_port=True)]
    say(f"Starting server (tcp), listening on port {settings.tcp_port}")
    if settings.tls is not None:
        context = server_context(settings.tls, [])
        port = settings.https_port
        servers.append(await loop.create_server(connect, settings.address, port, ssl=context, reuse_port=True))
        say(f"Starting server (tls), listening on port {port}")
    await until_cancelled(servers)

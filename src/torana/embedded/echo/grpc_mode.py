"""The echo server over gRPC: 3000 (plain HTTP/2) and, with certificates, 8443 (TLS)."""

from __future__ import annotations

import asyncio

from torana.embedded.echo.forever import until_cancelled
from torana.embedded.echo.grpc_answer import answer
from torana.embedded.echo.http2 import Http2Server, StreamRequest
from torana.embedded.echo.http2_connection import Http2Connection, Peer
from torana.embedded.echo.output import say
from torana.embedded.echo.settings import Settings
from torana.embedded.echo.tls import server_context


async def serve(settings: Settings) -> None:
    """Serves until cancelled. Raises `OSError` when a port cannot be bound or a certificate cannot be read."""

    def handle(machine: Http2Server, request: StreamRequest, peer: Peer) -> None:
        made = answer(request.headers, settings.context, peer.tls)
        machine.respond(request.stream, made.headers, made.body, made.trailers)

    def connect() -> Http2Connection:
        return Http2Connection(handle)

    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(connect, settings.address, settings.http_port, reuse_port=True)]
    say(f"plaintext server listening on port {settings.http_port}")
    if settings.tls is not None:
        context = server_context(settings.tls, ["h2"])
        port = settings.https_port
        servers.append(await loop.create_server(connect, settings.address, port, ssl=context, reuse_port=True))
        say(f"secure server listening on port {port}")
    await until_cancelled(servers)

"""How is the API served? A TLS socket, and for each request the user and the answer. (edge: sockets)"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.connection import MAX_BODY, Answer, Connection, HttpRequest
from torana.embedded.apiserver.response import Response
from torana.embedded.apiserver.server import ApiServer

log = logging.getLogger(__name__)

KEEP_ALIVE_S = 120
SWEEP_S = 30
SHUTDOWN_S = 2


class Application:
    """Answers of an ApiServer, refusals and failures among them."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def answer(self, request: HttpRequest) -> Answer:
        try:
            return await self._answer(request)
        except errors.ApiFailure as failure:
            return _failure(failure)
        except RecursionError:
            return _failure(errors.bad_request("the body is nested too deeply"))
        except Exception as error:
            log.exception("%s %s failed", request.method, request.url.decode("latin-1"))
            return _failure(errors.ApiFailure(500, "InternalError", f"Internal error occurred: {error}"))

    async def _answer(self, request: HttpRequest) -> Answer:
        if request.is_too_long:
            raise errors.too_large_body(MAX_BODY)
        headers = request.headers
        user = self._server.authenticator.user(request.user, headers.get("authorization", ""))
        path, _, query = request.url.decode("latin-1").partition("?")
        return await self._server.handle(request.method, path, query, headers, request.body, user)


def _failure(failure: errors.ApiFailure) -> Response:
    headers: tuple[tuple[bytes, bytes], ...] = ()
    seconds = (failure.details or {}).get("retryAfterSeconds")
    if seconds:
        headers = ((b"retry-after", str(seconds).encode()),)
    return Response(orjson.dumps(failure.to_status()), failure.status, headers=headers)


async def serve_https(server: ApiServer, host: str, port: int, pki: Path, on_ready: Callable[[int], None]) -> None:
    """Serve until cancelled. `on_ready(port)` is called when connections are accepted."""
    application = Application(server)
    connections: set[Connection] = set()
    listening = await asyncio.get_running_loop().create_server(
        lambda: Connection(application.answer, connections), host, port, ssl=_tls(pki), backlog=1024
    )
    try:
        on_ready(listening.sockets[0].getsockname()[1])
        while True:
            await asyncio.sleep(SWEEP_S)
            _close_idle(connections)
    finally:
        listening.close()
        server.end_watches()
        work = [task for connection in connections if (task := connection.work) is not None]
        if work:
            await asyncio.wait(work, timeout=SHUTDOWN_S)
        for connection in tuple(connections):
            connection.close()


def _tls(pki: Path) -> ssl.SSLContext:
    """Clients may show a certificate of our authority, or a token instead."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
    context.load_verify_locations(pki / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _close_idle(connections: set[Connection]) -> None:
    limit = time.monotonic() - KEEP_ALIVE_S
    for connection in tuple(connections):
        if connection.idle_since is not None and connection.idle_since < limit:
            connection.close()

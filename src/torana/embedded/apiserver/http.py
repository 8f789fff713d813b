"""How do requests come in and answers go out? uvicorn with TLS, and one ASGI application. (edge: sockets)

The client's certificate is read once per connection by a subclass of uvicorn's protocol (uvicorn 0.54 does not pass it
on). Bodies are limited; what is too long is read and dropped, so that the client hears why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.authn import certificate_user
from torana.embedded.apiserver.request import User
from torana.embedded.apiserver.response import Response, Stream
from torana.embedded.apiserver.server import ApiServer

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 3 * 1024 * 1024
MAX_DROPPED = 128 * 1024 * 1024
KEEP_ALIVE_S = 120


class _Protocol(HttpToolsProtocol):
    """Tells the application which user the client's certificate speaks for."""

    _user: User | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert() if tls is not None else None
        self._user = certificate_user(certificate) if certificate else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["torana_user"] = self._user  # type: ignore[typeddict-unknown-key]


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Application:
    """The ASGI application over an ApiServer."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except errors.ApiFailure as failure:
            answer = _failure(failure)
        except RecursionError:
            answer = _failure(errors.bad_request("the body is nested too deeply"))
        except Exception as error:
            log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            answer = _failure(errors.ApiFailure(500, "InternalError", f"Internal error occurred: {error}"))
        if isinstance(answer, Stream):
            await _send_stream(answer, receive, send)
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.encoded_headers()})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Response | Stream:
        headers: dict[str, str] = {}
        for raw_key, raw_value in scope["headers"]:
            key, value = raw_key.decode("latin-1"), raw_value.decode("latin-1")
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        method = scope["method"]
        body = b""
        if method not in ("GET", "HEAD"):
            body = await _read_body(headers, receive)
        user = self._server.authenticator.user(scope.get("torana_user"), headers.get("authorization", ""))
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return await self._server.handle(method, path, query, headers, body, user)


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    """The whole body. Raises RequestEntityTooLarge after having read what the client sends, up to a limit."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.bad_request("the client went away")
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        elif size > MAX_DROPPED:
            raise errors.too_large_body(MAX_BODY)
        if not message.get("more_body"):
            break
    if size > MAX_BODY:
        raise errors.too_large_body(MAX_BODY)
    return b"".join(parts)


def _failure(failure: errors.ApiFailure) -> Response:
    headers: tuple[tuple[bytes, bytes], ...] = ()
    seconds = (failure.details or {}).get("retryAfterSeconds")
    if seconds:
        headers = ((b"retry-after", str(seconds).encode()),)
    return Response(orjson.dumps(failure.to_status()), failure.status, headers=headers)


async def _send_stream(stream: Stream, receive: Receive, send: Send) -> None:
    """Send parts as they come, until the stream or the client ends."""
    headers = [(b"content-type", stream.content_type.encode()), (b"cache-control", b"no-cache, private")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    sender = asyncio.ensure_future(_send_parts(stream, send))
    listener = asyncio.ensure_future(_until_disconnect(receive))
    try:
        await asyncio.wait((sender, listener), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sender, listener):
            task.cancel()
        await asyncio.gather(sender, listener, return_exceptions=True)
        close = getattr(stream.parts, "aclose", None)
        if close is not None:
            await close()


async def _send_parts(stream: Stream, send: Send) -> None:
    # The header goes out at once: a client waits for it before it believes the watch.
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    async for part in stream.parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def serve_https(server: ApiServer, host: str, port: int, pki: Path, on_ready: Callable[[int], None]) -> None:
    """Serve until cancelled. `on_ready(port)` is called when connections are accepted."""
    config = uvicorn.Config(
        Application(server),
        host=host,
        port=port,
        loop="none",
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=2,
        backlog=1024,
        ssl_certfile=str(pki / "apiserver.crt"),
        ssl_keyfile=str(pki / "apiserver.key"),
        ssl_ca_certs=str(pki / "ca.crt"),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
    )
    running = _Server(config)
    task = asyncio.ensure_future(running.serve())
    try:
        # uvicorn sets a flag when it listens and offers nothing to await.
        while not running.started and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        if running.started:
            on_ready(running.servers[0].sockets[0].getsockname()[1])
        await asyncio.shield(task)
    finally:
        server.end_watches()
        running.should_exit = True
        await asyncio.wait((task,), timeout=5)

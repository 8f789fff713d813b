"""How is HTTP/1.1 spoken on one connection? Requests in, whole answers or streams out. (edge: sockets)

Parsing is httptools'; this keeps requests in order, frames answers and minds what the client can take. A general ASGI
server costs a request several times of what is done here.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

import httptools
import msgspec

from torana.embedded.apiserver.authn import certificate_user
from torana.embedded.apiserver.request import User
from torana.embedded.apiserver.response import Response, Stream
from torana.embedded.apiserver.watching import Subscription

MAX_HEAD = 64 * 1024
MAX_BODY = 3 * 1024 * 1024
MAX_DROPPED = 128 * 1024 * 1024
"""What is too long is read and dropped up to this length, so that the client hears why."""
MAX_WAITING = 16
"""Requests that a client may send before the first of them is answered."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_LAST_CHUNK = b"0\r\n\r\n"


class HttpRequest(msgspec.Struct, gc=False):
    """One request, read completely. Header names are lower case."""

    method: str
    url: bytes
    headers: dict[str, str]
    body: bytes
    user: User | None
    """Whom the client's certificate speaks for."""
    is_too_long: bool
    keeps_alive: bool
    is_chunkable: bool


Answer = Response | Stream | Subscription


class Connection(asyncio.Protocol):
    """One client. `answer` never raises; `connections` is where open connections stand."""

    def __init__(self, answer: Callable[[HttpRequest], Awaitable[Answer]], connections: set[Connection]) -> None:
        self._answer = answer
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._user: User | None = None
        self._waiting: deque[HttpRequest] = deque()
        self._task: asyncio.Task[None] | None = None
        self._subscription: Subscription | None = None
        self._is_chunked = False
        self._is_streaming = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport
        self.idle_since: float | None = time.monotonic()
        """When the last answer was complete; None while one is due."""

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert() if tls is not None else None
        self._user = certificate_user(certificate) if certificate else None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # We offer no other protocol: the request was read and is answered as it stands.
            self._transport.pause_reading()
        except httptools.HttpParserError:
            self._refuse(400)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._waiting.clear()
        self._writable.set()
        if self._subscription is not None:
            self._subscription.close()
        elif self._task is not None and self._is_streaming:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
        if self._subscription is not None:
            self._subscription.flush()

    def close(self) -> None:
        self._transport.close()

    @property
    def work(self) -> asyncio.Task[None] | None:
        """The answer that is being made."""
        return self._task

    # What httptools calls while it parses

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            self._refuse(431)
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers = self._headers
        headers[key] = f"{headers[key]},{text}" if key in headers else text

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._task is None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size <= MAX_BODY:
            self._body.append(body)
        elif self._body_size > MAX_DROPPED:
            self._refuse(413)

    def on_message_complete(self) -> None:
        parser = self._parser
        request = HttpRequest(
            parser.get_method().decode("latin-1"),
            self._url,
            self._headers,
            b"".join(self._body),
            self._user,
            self._body_size > MAX_BODY,
            parser.should_keep_alive() and not parser.should_upgrade(),
            parser.get_http_version() == "1.1",
        )
        if self._transport.is_closing():
            return
        if self._task is None:
            self._begin(request)
            return
        self._waiting.append(request)
        if len(self._waiting) >= MAX_WAITING:
            self._transport.pause_reading()

    # Answers

    def _begin(self, request: HttpRequest) -> None:
        self.idle_since = None
        self._task = asyncio.get_running_loop().create_task(self._respond(request))

    async def _respond(self, request: HttpRequest) -> None:
        answer = await self._answer(request)
        if isinstance(answer, Response):
            body = b"" if request.method == "HEAD" else answer.body
            self._write(_head(answer.status, answer.encoded_headers(), request.keeps_alive) + body)
            self._end(request.keeps_alive)
            return
        headers = [(b"content-type", answer.content_type.encode()), (b"cache-control", b"no-cache, private")]
        self._is_chunked = request.is_chunkable
        if self._is_chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        keeps_alive = request.keeps_alive and self._is_chunked
        # The header goes out at once: a client waits for it before it believes a watch.
        self._write(_head(200, headers, keeps_alive))
        if isinstance(answer, Subscription):
            self._follow(answer, keeps_alive)
        else:
            await self._stream(answer.parts)
            self._end_stream(keeps_alive)

    def _follow(self, subscription: Subscription, keeps_alive: bool) -> None:
        if self._transport.is_closing():
            subscription.close()
            return
        self._subscription = subscription
        subscription.attach(self._write_part, self._writable.is_set, lambda: self._end_stream(keeps_alive))

    async def _stream(self, parts: AsyncIterator[bytes]) -> None:
        self._is_streaming = True
        try:
            async for part in parts:
                if self._transport.is_closing():
                    break
                self._write_part(part)
                await self._writable.wait()
        finally:
            self._is_streaming = False
            close = getattr(parts, "aclose", None)
            if close is not None:
                await close()

    def _end_stream(self, keeps_alive: bool) -> None:
        self._subscription = None
        if self._is_chunked:
            self._write(_LAST_CHUNK)
        self._is_chunked = False
        self._end(keeps_alive)

    def _end(self, keeps_alive: bool) -> None:
        """The answer is complete: on to the next request, if there is to be one."""
        self._task = None
        if not keeps_alive:
            self._transport.close()
        elif self._waiting:
            if len(self._waiting) == MAX_WAITING:
                self._transport.resume_reading()
            self._begin(self._waiting.popleft())
        else:
            self.idle_since = time.monotonic()

    def _write_part(self, part: bytes) -> None:
        if part:
            self._write(b"%x\r\n%b\r\n" % (len(part), part) if self._is_chunked else part)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _refuse(self, status: int) -> None:
        """What was read is no request that could be answered otherwise."""
        if self._task is None:
            self._write(_head(status, [(b"content-length", b"0")], keeps_alive=False))
        self._transport.close()


def _head(status: int, headers: list[tuple[bytes, bytes]], keeps_alive: bool) -> bytes:
    parts = [_STATUS_LINES[status], b"date: ", _dates.now(), b"\r\n"]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if keeps_alive else b"connection: close\r\n\r\n")
    return b"".join(parts)


class _Dates:
    """The `date` header, made once a second at most."""

    def __init__(self) -> None:
        self._second = 0
        self._text = b""

    def now(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True).encode()
        return self._text


_dates = _Dates()

"""How do a watch's bytes reach us without delay? One connection whose body is handed over inside the reading callback.

An edge. A general HTTP client wakes a task for each chunk, which costs a watch event some 0.2 ms; here the event loop
calls the receiver directly. HTTP/1.1, one request per connection; through a proxy the general client is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

import httptools

from torana.kube.errors import Unreachable, error_of_response

CONNECT_TIMEOUT_S = 10.0
ERROR_BODY_LIMIT = 64 * 1024


async def stream(
    url: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    on_bytes: Callable[[bytes], None],
    *,
    tls: ssl.SSLContext | None,
    tls_server_name: str,
    silence_s: float,
) -> None:
    """Sends one GET and hands its body to `on_bytes` as it comes; returns when the server ends it.

    Raises `ApiError` for an error status, `Unreachable` for a broken connection or `silence_s` without a byte, and what
    `on_bytes` raises.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    loop = asyncio.get_running_loop()
    name = (tls_server_name or host) if tls else None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            transport, reading = await loop.create_connection(
                lambda: _Reading(on_bytes), host, parts.port or (443 if tls else 80), ssl=tls, server_hostname=name
            )
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"{parts.netloc} is not reached: {str(error) or type(error).__name__}") from error
    try:
        keep_alive(transport.get_extra_info("socket"))
        target = f"{parts.path or '/'}?{urlencode(params)}"
        transport.write(_request(target, {"Host": parts.netloc, **headers}))
        await reading.finish(silence_s)
    finally:
        transport.abort()


def keep_alive(connected: socket.socket) -> None:
    """Lets the socket notice within half a minute that the other machine is gone: a watch may be silent for long."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _request(target: str, headers: Mapping[str, str]) -> bytes:
    items = headers.items()
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in items), "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


class _Reading(asyncio.Protocol):
    """Parses the response. The `on_*` methods are httptools' callbacks."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._on_bytes = on_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._bodies: list[bytes] = []
        self._error_body = b""
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = time.monotonic()

    async def finish(self, silence_s: float) -> None:
        """Returns when the response has ended; raises why it did not end well."""
        while not self._ended.done():
            await asyncio.wait((self._ended,), timeout=silence_s)
            if not self._ended.done() and time.monotonic() - self._heard >= silence_s:
                raise Unreachable(f"nothing came for {silence_s:.0f} s")
        self._ended.result()

    def data_received(self, data: bytes) -> None:
        self._heard = time.monotonic()
        try:
            self._parser.feed_data(data)
            self._hand_over()
        except httptools.HttpParserError as error:
            self._fail(Unreachable(f"the answer is not HTTP: {error}"))
        except Exception as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Unreachable(f"the connection broke: {exc or 'closed by the server'}"))

    def on_body(self, body: bytes) -> None:
        self._bodies.append(body)

    def on_message_complete(self) -> None:
        self._hand_over()
        if self._ended.done():
            return
        if self._parser.get_status_code() >= 400:
            self._fail(error_of_response(self._parser.get_status_code(), self._error_body))
        else:
            self._ended.set_result(None)

    def _hand_over(self) -> None:
        """All that one read brought goes over as one piece, however many HTTP chunks it was."""
        if not self._bodies:
            return
        piece = b"".join(self._bodies)
        self._bodies.clear()
        if self._parser.get_status_code() >= 400:
            self._error_body = (self._error_body + piece)[:ERROR_BODY_LIMIT]
        elif not self._ended.done():
            self._on_bytes(piece)

    def _fail(self, error: Exception) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            self._ended.set_exception(error)
            # Marked as retrieved: when the watch is cancelled nobody is left to ask for it.
            self._ended.exception()

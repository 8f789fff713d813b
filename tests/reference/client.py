"""How does a request of the model get to the proxy, byte by byte as it says, and what comes back?"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from typing import Any, NamedTuple

from tests.reference.echo import ECHO
from tests.reference.request import Request

from torana.embedded.echo.hpack import HpackDecoder, encode
from torana.embedded.echo.http2 import ACK, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS

TIMEOUT_S = 10.0


class Answer(NamedTuple):
    """Status 0: nobody listens. Headers by lower-case name, values joined; `seen` is what the backend says."""

    status: int
    headers: dict[str, str]
    grpc_status: str = ""
    certificate: bytes = b""
    """What was shown to a client that speaks TLS, as DER."""

    @property
    def seen(self) -> dict[str, Any] | None:
        if ECHO not in self.headers:
            return None
        found: dict[str, Any] = json.loads(base64.b64decode(self.headers[ECHO]))
        return found


def _context(protocol: str) -> ssl.SSLContext:
    """Takes any certificate: which one it is, is looked at later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


_CONTEXTS = {True: _context("h2"), False: _context("http/1.1")}
"""By whether gRPC is spoken."""


async def ask(host: str, request: Request) -> Answer:
    """The answer to a request on a connection of its own."""
    tls = {"ssl": _CONTEXTS[request.is_grpc], "server_hostname": request.server_name} if request.is_tls else {}
    try:
        reader, writer = await asyncio.open_connection(host, request.port, **tls)  # type: ignore[arg-type]
    except (ConnectionError, ssl.SSLError):
        return Answer(0, {})
    secure = writer.get_extra_info("ssl_object")
    shown = secure.getpeercert(binary_form=True) if secure is not None else b""
    try:
        exchange = _call if request.is_grpc else _exchange
        answer = await asyncio.wait_for(exchange(reader, writer, request), TIMEOUT_S)
    except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        return Answer(0, {})
    finally:
        writer.close()
    return answer._replace(certificate=shown)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> Answer:
    lines = [f"{request.method} {request.path} HTTP/1.1", f"host: {request.host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    head = await reader.readuntil(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = [field.partition(":") for field in fields]
    return Answer(int(status.split(" ")[1]), joined([(name, value.strip()) for name, _, value in pairs]))


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> Answer:
    fields = [
        (":method", request.method), (":scheme", request.scheme), (":path", request.path), (":authority", request.host),
        ("te", "trailers"), ("content-type", "application/grpc"),
        *((name.lower(), value) for name, value in request.headers),
    ]  # fmt: skip
    writer.write(PREFACE + frame(SETTINGS, 0, 0, b"") + frame(HEADERS, END_HEADERS | END_STREAM, 1, encode(fields)))
    decoder, found = HpackDecoder(), []
    while True:
        header = await reader.readexactly(9)
        kind, flags = header[3], header[4]
        payload = await reader.readexactly(int.from_bytes(header[:3], "big"))
        if kind in (SETTINGS, PING) and not flags & ACK:
            writer.write(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind == HEADERS:
            found += decoder.decode(payload)
        elif kind == RST_STREAM:
            raise ConnectionResetError("stream reset")
        if kind in (HEADERS, 0) and flags & END_STREAM:
            headers = joined(found)
            return Answer(int(headers[":status"]), headers, headers.get("grpc-status", ""))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers

"""What goes back to the client: one body, or a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

JSON = "application/json"


@dataclass(frozen=True)
class Response:
    """A complete answer."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    warnings: tuple[str, ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def encoded_headers(self) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-cache, private"),
            *self.headers,
        ]
        headers += [(b"warning", b'299 - "' + _quote(text) + b'"') for text in self.warnings]
        return headers


@dataclass(frozen=True)
class Stream:
    """An answer whose parts are sent as they come."""

    parts: AsyncIterator[bytes]
    content_type: str = JSON


def _quote(text: str) -> bytes:
    clean = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
    return clean.encode("utf-8", "replace")[:1024]


def json_response(value: Any, status: int = 200, content_type: str = JSON) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), status, content_type)

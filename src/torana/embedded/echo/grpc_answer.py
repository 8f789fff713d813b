"""What does the gRPC echo answer? Pure: method and headers in; response headers, message and trailers out.

The service is `gateway_api_conformance.echo_basic.grpcecho.GrpcEcho` of the Gateway API's conformance suite. Its few
messages are encoded by hand, so that the server starts without loading a protobuf runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from torana.embedded.echo.hpack import Header
from torana.embedded.echo.settings import Context

SERVICE = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/"
UNIMPLEMENTED = "12"
GRPC: tuple[Header, ...] = ((":status", "200"), ("content-type", "application/grpc"))


class GrpcAnswer(msgspec.Struct, frozen=True):
    """`trailers` None: everything is in `headers`."""

    headers: tuple[Header, ...]
    body: bytes = b""
    trailers: tuple[Header, ...] | None = None


def answer(headers: Sequence[Header], context: Context, tls: dict[str, Any] | None) -> GrpcAnswer:
    """`headers` are the request's, with pseudo-headers."""
    path = next((value for name, value in headers if name == ":path"), "")
    if path not in (f"{SERVICE}Echo", f"{SERVICE}EchoTwo"):
        method = path.removeprefix(SERVICE)
        message = f"method {method} not implemented" if path.startswith(SERVICE) else f"unknown service {path}"
        return GrpcAnswer((*GRPC, ("grpc-status", UNIMPLEMENTED), ("grpc-message", message)))
    message_bytes = _field(1, _assertions(path, headers, context, tls)) + _field(2, b"")
    framed = b"\x00" + len(message_bytes).to_bytes(4, "big") + message_bytes
    return GrpcAnswer(GRPC, framed, (("grpc-status", "0"),))


def _assertions(path: str, headers: Sequence[Header], context: Context, tls: dict[str, Any] | None) -> bytes:
    authority = next((value for name, value in headers if name == ":authority"), "")
    told = [(name, value) for name, value in headers if not name.startswith(":") or name == ":authority"]
    out = _text(1, path)
    for name, value in told:
        out += _field(2, _text(1, name) + _text(2, value))
    out += _text(3, authority)
    names = (context.namespace, context.ingress, context.service, context.pod)
    out += _field(4, b"".join(_text(number, value) for number, value in enumerate(names, 1)))
    if tls is not None:
        facts = (tls["version"], tls["negotiatedProtocol"], tls["serverName"], tls["cipherSuite"])
        body = b"".join(_text(number, value) for number, value in enumerate(facts, 1))
        out += _field(5, body + b"".join(_text(5, each) for each in tls.get("peerCertificates", ())))
    return out


def _text(number: int, value: str) -> bytes:
    """A string field; absent when empty, as proto3 does."""
    return _field(number, value.encode()) if value else b""


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)

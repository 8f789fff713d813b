"""How length-delimited protobuf fields are written by hand, so that rendered pieces are joined and never parsed again.

A framed piece is `tag | length | bytes`: pieces of one repeated field are concatenated to form that field.
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, payload: bytes) -> bytes:
    """One occurrence of the bytes, string or message field `number`."""
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(payload)) + payload


def text(number: int, value: str) -> bytes:
    """The string field `number`; nothing when empty, as proto3 writes it."""
    return field(number, value.encode()) if value else b""

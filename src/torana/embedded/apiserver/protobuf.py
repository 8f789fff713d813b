"""Which object does a body in Kubernetes' protobuf encoding hold? Table-driven: `protobuf_fields.py` knows the numbers.

Layout: the magic `k8s\\0`, then a `runtime.Unknown` {1: TypeMeta{1: apiVersion, 2: kind}, 2: the object's bytes}.
Clients send it for built-in kinds; answers are always JSON, which every one of them accepts.
"""

from __future__ import annotations

import base64
import datetime
import json
import struct
from collections.abc import Iterator
from typing import Any

from torana.embedded.apiserver.protobuf_fields import KIND_MESSAGES, MESSAGES

MAGIC = b"k8s\x00"
MAX_DEPTH = 64


class ProtobufError(ValueError):
    """The body is no protobuf object that this API server knows."""


def decode(body: bytes) -> dict[str, Any]:
    """The object as its JSON form would be decoded. Raises ProtobufError."""
    if not body.startswith(MAGIC):
        raise ProtobufError("the magic number is missing")
    try:
        return _decode_unknown(body[len(MAGIC) :])
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError, TypeError, AttributeError) as error:
        raise ProtobufError(f"malformed message: {error}") from error


def _decode_unknown(body: bytes) -> dict[str, Any]:
    type_meta: dict[int, str] = {}
    raw = b""
    for number, _, value in _fields(body):
        if number == 1:
            type_meta = {n: v.decode() for n, _, v in _fields(value)}
        elif number == 2:
            raw = value
    api_version, kind = type_meta.get(1, ""), type_meta.get(2, "")
    group = api_version.rpartition("/")[0]
    message = KIND_MESSAGES.get((group, kind)) or KIND_MESSAGES.get(("*", kind))
    if message is None:
        raise ProtobufError(f"no protobuf form of {api_version} {kind} is known; send JSON")
    return {"apiVersion": api_version, "kind": kind, **_decode_message(message, raw, 0)}


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """(field number, wire type, int or bytes) of each field of a message."""
    position, end = 0, len(data)
    while position < end:
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield number, wire, value
        elif wire == 2:
            size, position = _varint(data, position)
            if position + size > end:
                raise ProtobufError("a field is longer than its message")
            yield number, wire, data[position : position + size]
            position += size
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            yield number, wire, data[position : position + size]
            position += size
        else:
            raise ProtobufError(f"wire type {wire} is not used by Kubernetes")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
        if shift > 63:
            raise ProtobufError("a number is longer than 64 bits")


def _decode_message(name: str, data: bytes, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ProtobufError("the message is nested too deeply")
    special = _SPECIAL.get(name)
    if special is not None:
        return special(data)
    fields = MESSAGES[name]
    result: dict[str, Any] = {}
    for number, wire, value in _fields(data):
        known = fields.get(number)
        if known is None:
            continue
        field, type_, shape = known
        if shape == "inline":
            result.update(_decode_message(type_, value, depth + 1))
        elif shape == "list":
            result.setdefault(field, []).append(_decode_value(type_, wire, value, depth))
        elif shape == "map":
            key, item = _decode_map_item(type_, value, depth)
            result.setdefault(field, {})[key] = item
        elif shape == "one" or value:
            result[field] = _decode_value(type_, wire, value, depth)
    return _tidy(result)


def _tidy(result: dict[str, Any]) -> dict[str, Any]:
    """Drop what proto2 writes for unset Go values and JSON omits: empty strings, null times."""
    return {key: value for key, value in result.items() if value is not None and value != ""}


def _decode_map_item(type_: str, data: bytes, depth: int) -> tuple[str, Any]:
    key, value = "", None
    for number, wire, raw in _fields(data):
        if number == 1:
            key = raw.decode()
        else:
            value = _decode_value(type_, wire, raw, depth)
    if value is None:
        value = "" if type_ in ("string", "bytes") else _decode_message(type_, b"", depth + 1)
    return key, value


def _decode_value(type_: str, wire: int, value: Any, depth: int) -> Any:
    if type_ == "string":
        return value.decode()
    if type_ == "bytes":
        return base64.b64encode(value).decode()
    if type_ == "bool":
        return bool(value)
    if type_ == "int":
        return value - (1 << 64) if value >= 1 << 63 else value
    if type_ == "double":
        return struct.unpack("<d", value)[0]
    if wire != 2:
        raise ProtobufError(f"{type_} is not a message")
    return _decode_message(type_, value, depth + 1)


def _time(data: bytes) -> str | None:
    return _format_time(data, micro=False)


def _micro_time(data: bytes) -> str | None:
    return _format_time(data, micro=True)


def _format_time(data: bytes, *, micro: bool) -> str | None:
    parts = {number: value for number, _, value in _fields(data)}
    seconds = parts.get(1, 0)
    seconds = seconds - (1 << 64) if seconds >= 1 << 63 else seconds
    if not parts or seconds < -62135596800 + 1:
        return None
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{parts.get(2, 0) // 1000:06d}Z" if micro else f"{text}Z"


def _int_or_string(data: bytes) -> int | str:
    parts = {number: value for number, _, value in _fields(data)}
    if parts.get(1, 0) == 1:
        return str(parts.get(3, b"").decode())
    number = int(parts.get(2, 0))
    return number - (1 << 64) if number >= 1 << 63 else number


def _quantity(data: bytes) -> str:
    return next((str(value.decode()) for number, _, value in _fields(data) if number == 1), "0")


def _raw_json(data: bytes) -> Any:
    raw = next((value for number, _, value in _fields(data) if number == 1), b"null")
    return json.loads(raw or b"null")


def _strings(data: bytes) -> list[str]:
    """`ExtraValue` and its like: a list of strings inside a message of its own."""
    return [value.decode() for _, _, value in _fields(data)]


_SPECIAL = {
    "Time": _time,
    "MicroTime": _micro_time,
    "IntOrString": _int_or_string,
    "Quantity": _quantity,
    "RawExtension": _raw_json,
    "FieldsV1": _raw_json,
    "Verbs": _strings,
    "ExtraValue": _strings,
}

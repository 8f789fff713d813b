"""How do objects get from JSON to Structs and back?

Kubernetes itself writes `null` for some empty lists and times (an EndpointSlice without endpoints, for one). For a
field that has no use for null, it means absent here, as it does in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from torana.api.field import ApiStruct

S = TypeVar("S", bound=ApiStruct)


def decode(struct: type[S], raw: bytes | bytearray | memoryview | str) -> S:
    """The value that the JSON text holds. Raises msgspec.ValidationError, naming the field, when it does not fit."""
    try:
        return cast(S, _decoder(struct).decode(raw))
    except msgspec.ValidationError as error:
        if "`null`" not in str(error):
            raise
    return msgspec.convert(without_nulls(msgspec.json.decode(raw)), type=struct)


def from_dict(struct: type[S], value: Mapping[str, Any]) -> S:
    """The same from plain JSON values."""
    try:
        return msgspec.convert(value, type=struct)
    except msgspec.ValidationError as error:
        if "`None`" not in str(error) and "`null`" not in str(error):
            raise
    return msgspec.convert(without_nulls(value), type=struct)


def to_dict(value: ApiStruct) -> dict[str, Any]:
    """The value as plain JSON values. Fields that have their default value are left out.

    So a merge patch made from the result cannot set a field back to its default: replace the object instead.
    """
    # By way of JSON, because msgspec.to_builtins leaves tuples, which do not equal the lists of other JSON values.
    return cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(value)))


def encode(value: ApiStruct) -> bytes:
    """The value as JSON text, with the same fields as `to_dict`."""
    return msgspec.json.encode(value)


def without_nulls(value: Any) -> Any:
    """The JSON value without the object fields that are null, at any depth."""
    if isinstance(value, Mapping):
        return {name: without_nulls(child) for name, child in value.items() if child is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(child) for child in value]
    return value


@cache
def _decoder(struct: type[ApiStruct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct)

"""How does a rule see a value? Property names escaped, times and bytes as such, and of the metadata only the names.

Input is a structural schema; output a function from a JSON value to what `self` is, or None where the value itself will
do (nearly everywhere), so that nothing is copied for nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from torana.embedded.apiserver.formats import parse_duration_ns

Adapter = Callable[[Any], Any]

RESERVED = frozenset(
    {
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    }
)
SYMBOLS = re.compile(r"__|\.|-|/")
SYMBOL_NAMES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escape(name: str) -> str:
    """A property name as rules spell it: `namespace` is `__namespace__`, `a-b` is `a__dash__b`."""
    if name in RESERVED:
        return f"__{name}__"
    return SYMBOLS.sub(lambda found: SYMBOL_NAMES[found.group()], name)


def compile_adapter(schema: Mapping[str, Any]) -> Adapter | None:
    """The function from a value to what rules see; None when they see the value itself."""
    if "items" in schema:
        return _list_adapter(compile_adapter(schema["items"]))
    properties = schema.get("properties") or {}
    extra = schema.get("additionalProperties")
    if properties or isinstance(extra, Mapping):
        names = {name: escape(name) for name in properties if escape(name) != name}
        children = {name: adapt for name, child in properties.items() if (adapt := compile_adapter(child))}
        every = compile_adapter(extra) if isinstance(extra, Mapping) else None
        return _object_adapter(names, children, every)
    if schema.get("type") == "string":
        return FORMAT_ADAPTERS.get(schema.get("format", ""))
    if schema.get("type") == "number":
        return lambda value: float(value) if type(value) is int else value
    return None


def _list_adapter(item: Adapter | None) -> Adapter | None:
    if item is None:
        return None
    return lambda value: [item(element) for element in value] if type(value) is list else value


def _object_adapter(names: Mapping[str, str], children: Mapping[str, Adapter], every: Adapter | None) -> Adapter | None:
    if not names and not children and every is None:
        return None

    def adapt(value: Any) -> Any:
        if type(value) is not dict:
            return value
        adapted = {}
        for name, element in value.items():
            child = children.get(name, every)
            adapted[names.get(name, name)] = element if child is None else child(element)
        return adapted

    return adapt


def root_value(value: Any) -> Any:
    """What a rule on the whole object sees: of the metadata only `name` and `generateName`."""
    if type(value) is not dict or type(value.get("metadata")) is not dict:
        return value
    meta = value["metadata"]
    return {**value, "metadata": {name: meta[name] for name in ("name", "generateName") if name in meta}}


def _timestamp(value: Any) -> Any:
    stamp = Timestamp()
    try:
        stamp.FromJsonString(value if "T" in value else f"{value}T00:00:00Z")
    except (ValueError, TypeError):
        return value
    return stamp


def _duration(value: Any) -> Any:
    nanoseconds = parse_duration_ns(value) if isinstance(value, str) else None
    if nanoseconds is None:
        return value
    sign = -1 if nanoseconds < 0 else 1
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    return Duration(seconds=sign * seconds, nanos=sign * rest)


def _bytes(value: Any) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return value


FORMAT_ADAPTERS: dict[str, Adapter] = {
    "date-time": _timestamp,
    "datetime": _timestamp,
    "date": _timestamp,
    "duration": _duration,
    "byte": _bytes,
}

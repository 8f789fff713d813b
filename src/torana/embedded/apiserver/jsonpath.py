"""Which values does a printer column's JSONPath select? The subset that CustomResourceDefinitions use.

`.spec.hosts[0].name`, `.status.conditions[?(@.type=="Ready")].status`, `[*]`, and keys with escaped dots.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

Finder = Callable[[Any], list[Any]]

_STEP = re.compile(
    r"""\.?\[\?\(@\.(?P<field>[\w.\-/\\]+)\s*(?P<operator>==|!=)\s*(?P<quote>['"]?)(?P<value>[^'"\)]*)(?P=quote)\)\]"""
    r"""|\[(?P<index>-?\d+|\*)\]|\[['"](?P<quoted>[^'"]+)['"]\]|\.(?P<key>(?:\\.|[^.\[\]\\])+)"""
)


@lru_cache(maxsize=1024)
def compile_path(path: str) -> Finder:
    """A function from an object to the values at `path`. A path that is not understood selects nothing."""
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if text and not text.startswith((".", "[")):
        text = "." + text
    steps: list[Finder] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            return lambda _obj: []
        steps.append(_step(found))
        position = found.end()

    def find(obj: Any) -> list[Any]:
        values = [obj]
        for step in steps:
            values = [child for value in values for child in step(value)]
        return values

    return find


def _step(found: re.Match[str]) -> Finder:
    if found["field"] is not None:
        return _filter(found["field"], found["operator"] == "==", found["value"])
    if found["index"] == "*":
        return lambda value: (
            value if isinstance(value, list) else (list(value.values()) if isinstance(value, dict) else [])
        )
    if found["index"] is not None:
        index = int(found["index"])
        return lambda value: [value[index]] if isinstance(value, list) and -len(value) <= index < len(value) else []
    key = found["quoted"] or re.sub(r"\\(.)", r"\1", found["key"])
    return lambda value: [value[key]] if isinstance(value, dict) and key in value else []


def _filter(field: str, is_equal: bool, wanted: str) -> Finder:
    find = compile_path("." + field)

    def keep(value: Any) -> list[Any]:
        items = value if isinstance(value, list) else []
        return [item for item in items if any(text(got) == wanted for got in find(item)) == is_equal]

    return keep


def text(value: Any) -> str:
    """A value as a table cell shows it."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()

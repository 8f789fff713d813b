"""Which fields of an object does its schema not know? They are dropped, and their paths returned.

Input is a structural schema; output a function that prunes a value in place. Where nothing below can be unknown
(scalars, preserved subtrees) there is no function, so pruning touches only objects and lists of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Pruner = Callable[[Any], "list[str] | None"]
"""Drops unknown fields of a value in place; paths are relative (`.rules[0].bogus`). None when nothing was dropped."""

TYPE_META = ("apiVersion", "kind", "metadata")


def compile_pruner(schema: Mapping[str, Any], *, root: bool = False) -> Pruner | None:
    """The pruner of a schema; None when there is nothing to prune."""
    if "items" in schema:
        return _list_pruner(compile_pruner(schema["items"]))
    properties = {name: compile_pruner(child) for name, child in (schema.get("properties") or {}).items()}
    extra = schema.get("additionalProperties")
    preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if root or schema.get("x-kubernetes-embedded-resource"):
        properties.update(dict.fromkeys(TYPE_META, None))
    if isinstance(extra, Mapping):
        return _map_pruner(compile_pruner(extra), properties)
    if extra is True or (preserve and not any(properties.values())):
        return None
    if not properties and schema.get("type") != "object":
        return None
    return _object_pruner(properties, preserve)


def _list_pruner(item: Pruner | None) -> Pruner | None:
    if item is None:
        return None

    def prune(value: Any) -> list[str] | None:
        if type(value) is not list:
            return None
        dropped: list[str] | None = None
        for index, element in enumerate(value):
            if paths := item(element):
                dropped = _under(dropped, f"[{index}]", paths)
        return dropped

    return prune


def _map_pruner(item: Pruner | None, properties: Mapping[str, Pruner | None]) -> Pruner | None:
    if item is None and not any(properties.values()):
        return None

    def prune(value: Any) -> list[str] | None:
        if type(value) is not dict:
            return None
        dropped: list[str] | None = None
        for key, element in value.items():
            child = properties.get(key, item)
            if child is not None and (paths := child(element)):
                dropped = _under(dropped, f".{key}", paths)
        return dropped

    return prune


def _object_pruner(properties: Mapping[str, Pruner | None], preserve: bool) -> Pruner:
    unknown = _unknown

    def prune(value: Any) -> list[str] | None:
        if type(value) is not dict:
            return None
        dropped: list[str] | None = None
        gone: list[str] | None = None
        for key, element in value.items():
            child = properties.get(key, unknown)
            if child is None:
                continue
            if child is unknown:
                if not preserve:
                    gone = [key] if gone is None else [*gone, key]
            elif paths := child(element):
                dropped = _under(dropped, f".{key}", paths)
        if gone:
            for key in gone:
                del value[key]
            dropped = (dropped or []) + [f".{key}" for key in gone]
        return dropped

    return prune


def _unknown(value: Any) -> list[str] | None:
    """Stands for a field the schema does not know."""
    return None


def _under(dropped: list[str] | None, prefix: str, paths: list[str]) -> list[str]:
    return (dropped or []) + [prefix + path for path in paths]

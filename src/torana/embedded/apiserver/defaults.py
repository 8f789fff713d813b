"""Which values does a schema fill in? Absent fields that have a default get it; a null that is not allowed is no value.

Input is a structural schema; output a function that completes a value in place. Defaults are themselves completed, so a
default of `{}` gains the defaults inside it. A null of a field that may not be null is dropped, or replaced by the
default when there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torana.embedded.apiserver.copying import copy_json

Defaulter = Callable[[Any], None]

NO_DEFAULT = object()


def compile_defaulter(schema: Mapping[str, Any]) -> Defaulter | None:
    """The function that completes values of a schema; None for scalars, which have nothing inside."""
    if "items" in schema:
        return _list_defaulter(compile_defaulter(schema["items"]))
    properties = schema.get("properties") or {}
    extra = schema.get("additionalProperties")
    if not properties and not isinstance(extra, Mapping):
        return None
    defaults: list[tuple[str, Any]] = []
    children: dict[str, Defaulter] = {}
    for name, child in properties.items():
        if (defaulter := compile_defaulter(child)) is not None:
            children[name] = defaulter
        if "default" in child:
            defaults.append((name, child["default"]))
    nullable = frozenset(name for name, child in properties.items() if _may_be_null(child))
    if isinstance(extra, Mapping):
        return _map_defaulter(compile_defaulter(extra), _may_be_null(extra), defaults, children, nullable)
    return _object_defaulter(defaults, children, frozenset(properties) - nullable)


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("nullable"))


def _list_defaulter(item: Defaulter | None) -> Defaulter | None:
    if item is None:
        return None

    def complete(value: Any) -> None:
        if type(value) is list:
            for element in value:
                item(element)

    return complete


def _object_defaulter(
    defaults: list[tuple[str, Any]], children: Mapping[str, Defaulter], not_null: frozenset[str]
) -> Defaulter:
    find_child = children.get

    def complete(value: Any) -> None:
        if type(value) is not dict:
            return
        if None in value.values():
            for key in [key for key, element in value.items() if element is None and key in not_null]:
                del value[key]
        for name, default in defaults:
            if name not in value:
                value[name] = copy_json(default)
        for name, element in value.items():
            if (child := find_child(name)) is not None:
                child(element)

    return complete


def _map_defaulter(
    item: Defaulter | None,
    item_may_be_null: bool,
    defaults: list[tuple[str, Any]],
    children: Mapping[str, Defaulter],
    nullable: frozenset[str],
) -> Defaulter:
    declared = frozenset(children) | nullable | {name for name, _ in defaults}

    def complete(value: Any) -> None:
        if type(value) is not dict:
            return
        if None in value.values():
            for key in [key for key, element in value.items() if element is None]:
                if key not in nullable and not (item_may_be_null and key not in declared):
                    del value[key]
        for name, default in defaults:
            if name not in value:
                value[name] = copy_json(default)
        for name, element in value.items():
            child = children.get(name, item)
            if child is not None:
                child(element)

    return complete

"""Which old value does a new value replace? Members of objects and maps by name, items of map lists by their keys.

Items of other lists have no identity, so they replace nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torana.embedded.apiserver.field_error import REQUIRED, Fault, Step, shown


def correlate_items(schema: Mapping[str, Any], new: list[Any], old: Any, absent: Any) -> list[Any]:
    """For each item of a list the old item with the same keys, or `absent`."""
    if schema.get("x-kubernetes-list-type") != "map" or type(old) is not list:
        return [absent] * len(new)
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    olds = {_identity(item, keys): item for item in old}
    return [olds.get(_identity(item, keys), absent) for item in new]


def _identity(item: Any, keys: Any) -> str:
    return shown([item.get(key) for key in keys] if isinstance(item, dict) else item)


def is_unchanged(fault: Fault, schema: Mapping[str, Any], new: Any, old: Any) -> bool:
    """Whether the fault lies in a part of the object that the update leaves as it was.

    A missing field is a fault of the object it is missing from.
    """
    absent = object()
    steps = fault.steps[:-1] if fault.type == REQUIRED else fault.steps
    if steps and steps[0] in ("apiVersion", "kind"):
        return False
    for step in ("", *steps):
        if step != "":
            schema, new, old = _descend(step, schema, new, old, absent)
        if old is absent:
            return False
        if shown(new) == shown(old):
            return True
    return False


def _descend(
    step: Step, schema: Mapping[str, Any], new: Any, old: Any, absent: Any
) -> tuple[Mapping[str, Any], Any, Any]:
    if isinstance(step, int):
        olds = correlate_items(schema, new, old, absent)
        return schema.get("items") or {}, new[step], olds[step]
    child = (schema.get("properties") or {}).get(step) or schema.get("additionalProperties")
    below = child if isinstance(child, Mapping) else {}
    return below, new.get(step), old.get(step, absent) if isinstance(old, dict) else absent

"""Which parts of an object have owners of their own? What a schema says about merging, as ownership and apply need it.

Scalars, atomic lists and atomic maps are one piece. Objects and maps are divided by name, map lists by their keys and
set lists by their values. What the schema does not describe is divided too, except that its lists are one piece.
`metadata` has the same shape for every kind, whatever a CustomResourceDefinition says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torana.embedded.apiserver.fieldset import item_key, value_key

Schema = Mapping[str, Any]

STRING: Schema = {"type": "string"}
METADATA: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(
            (
                "name",
                "generateName",
                "namespace",
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "deletionTimestamp",
                "selfLink",
            ),
            STRING,
        ),
        "generation": {"type": "integer"},
        "deletionGracePeriodSeconds": {"type": "integer"},
        "labels": {"type": "object", "additionalProperties": STRING},
        "annotations": {"type": "object", "additionalProperties": STRING},
        "finalizers": {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"},
        "ownerReferences": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
            "items": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"uid": STRING}},
        },
        "managedFields": {"type": "array", "x-kubernetes-list-type": "atomic"},
    },
}
ROOT_FIELDS = {"apiVersion": STRING, "kind": STRING, "metadata": METADATA}
UNKNOWN: Schema = {}


def object_schema(schema: Schema) -> Schema:
    """The schema of a whole object with the shape of metadata that all objects share."""
    return {**schema, "properties": {**(schema.get("properties") or {}), **ROOT_FIELDS}}


def is_divided(schema: Schema, value: Any) -> bool:
    """Whether parts of the value have owners of their own."""
    if type(value) is dict:
        return bool(value) and schema.get("x-kubernetes-map-type") != "atomic"
    if type(value) is list:
        return bool(value) and schema.get("x-kubernetes-list-type") in ("map", "set")
    return False


def member_schema(schema: Schema, name: str) -> tuple[Schema, bool]:
    """The schema of a member, and whether it is a declared field (and not an entry of a map)."""
    properties = schema.get("properties")
    if properties is not None and (child := properties.get(name)) is not None:
        return child, True
    extra = schema.get("additionalProperties")
    return (extra if isinstance(extra, Mapping) else UNKNOWN), False


def item_schema(schema: Schema) -> Schema:
    return schema.get("items") or UNKNOWN


def item_element(schema: Schema, item: Any) -> str:
    """The path element of an item of a divided list. Absent keys count with their defaults.

    Raises ValueError for an item without identity.
    """
    if schema.get("x-kubernetes-list-type") == "set":
        if isinstance(item, (dict, list)) or item is None:
            raise ValueError("an item of a set list must be a string, number or boolean")
        return value_key(item)
    if type(item) is not dict:
        raise ValueError("an item of a map list must be an object")
    properties = item_schema(schema).get("properties") or {}
    keys: dict[str, Any] = {}
    for name in schema.get("x-kubernetes-list-map-keys") or ():
        if name in item:
            keys[name] = item[name]
        elif "default" in (known := properties.get(name) or {}):
            keys[name] = known["default"]
    if not keys:
        names = ", ".join(schema.get("x-kubernetes-list-map-keys") or ())
        raise ValueError(f"an item of a map list must have at least one of its keys: {names}")
    return item_key(keys)


def index_items(schema: Schema, items: Iterable[Any]) -> dict[str, list[Any]]:
    """Items by their path element, in order; more than one where an element stands twice. Items without identity count
    under their index."""
    found: dict[str, list[Any]] = {}
    for index, item in enumerate(items):
        try:
            element = item_element(schema, item)
        except ValueError:
            element = f"i:{index}"
        found.setdefault(element, []).append(item)
    return found

"""What does a strategic merge patch make of an object? As a merge patch, but lists with a merge key are merged.

Input is the object, the patch with its directives and the kind's OpenAPI schema, whose `x-kubernetes-patch-strategy`
and `x-kubernetes-patch-merge-key` say how each field merges; output is a new object. kubectl sends such patches for
built-in kinds. Directives: `$patch` (replace, delete, merge), `$setElementOrder/<list>`, `$retainKeys` and
`$deleteFromPrimitiveList/<list>`. A patch that makes no sense is a PatchError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torana.embedded.apiserver.copying import copy_json
from torana.embedded.apiserver.patch import PatchError
from torana.embedded.apiserver.shape import METADATA, Schema, item_schema, member_schema

PATCH, RETAIN = "$patch", "$retainKeys"
ORDER, DELETE_ITEMS = "$setElementOrder/", "$deleteFromPrimitiveList/"

MERGED: Schema = {"x-kubernetes-patch-strategy": "merge"}
PATCH_METADATA: Schema = {
    **METADATA,
    "properties": {
        **METADATA["properties"],
        "finalizers": {**METADATA["properties"]["finalizers"], **MERGED},
        "ownerReferences": {
            **METADATA["properties"]["ownerReferences"],
            **MERGED,
            "x-kubernetes-patch-merge-key": "uid",
        },
    },
}


def strategic_merge(doc: dict[str, Any], patch: dict[str, Any], schema: Any) -> dict[str, Any]:
    """The object with the patch merged in. `schema` is the schema as a dict, or compiled. Raises PatchError."""
    if not isinstance(patch, dict):
        raise PatchError("a strategic merge patch is an object", status=400)
    raw: Schema = schema if isinstance(schema, Mapping) else schema.schema
    shape = {**raw, "properties": {**(raw.get("properties") or {}), "metadata": PATCH_METADATA}}
    return _merge_object(copy_json(doc), patch, shape)


def _merge_object(doc: dict[str, Any], patch: dict[str, Any], schema: Schema) -> dict[str, Any]:
    match patch.get(PATCH):
        case "replace":
            return {key: copy_json(value) for key, value in patch.items() if key != PATCH}
        case "delete":
            return {}
        case None | "merge":
            pass
        case other:
            raise PatchError(f"unknown patch type {other!r} in $patch; use replace, delete or merge", status=400)
    _retain(doc, patch)
    orders = {key.removeprefix(ORDER): value for key, value in patch.items() if key.startswith(ORDER)}
    for key, value in patch.items():
        if key.startswith(DELETE_ITEMS):
            name = key.removeprefix(DELETE_ITEMS)
            if isinstance(doc.get(name), list):
                doc[name] = [item for item in doc[name] if item not in value]
        elif key in (PATCH, RETAIN) or key.startswith(ORDER):
            continue
        elif value is None:
            doc.pop(key, None)
        else:
            _merge_member(doc, key, value, member_schema(schema, key)[0], orders.pop(key, None))
    for name, order in orders.items():
        if isinstance(doc.get(name), list):
            merge_key = member_schema(schema, name)[0].get("x-kubernetes-patch-merge-key")
            doc[name] = _ordered(doc[name], order, doc[name], merge_key)
    return doc


def _retain(doc: dict[str, Any], patch: dict[str, Any]) -> None:
    """Drops the members that `$retainKeys` does not name."""
    keys = patch.get(RETAIN)
    if keys is None:
        return
    if not isinstance(keys, list):
        raise PatchError("$retainKeys must be a list of field names", status=400)
    for name in [name for name in doc if name not in keys]:
        del doc[name]


def _merge_member(doc: dict[str, Any], name: str, value: Any, schema: Schema, order: list[Any] | None) -> None:
    mine = doc.get(name)
    if isinstance(value, dict):
        merged = _merge_object(mine if isinstance(mine, dict) else {}, value, schema)
        if value.get(PATCH) == "delete":
            doc.pop(name, None)
        else:
            doc[name] = merged
    elif isinstance(value, list) and "merge" in str(schema.get("x-kubernetes-patch-strategy", "")).split(","):
        merge_key = schema.get("x-kubernetes-patch-merge-key")
        before = mine if isinstance(mine, list) else []
        after = _merge_list(before, value, schema, merge_key)
        doc[name] = after if order is None else _ordered(after, order, before, merge_key)
    else:
        doc[name] = copy_json(value)


def _merge_list(doc: list[Any], patch: list[Any], schema: Schema, merge_key: str | None) -> list[Any]:
    if merge_key is None:
        return doc + [item for index, item in enumerate(patch) if item not in doc and item not in patch[:index]]
    if any(isinstance(item, dict) and item.get(PATCH) == "replace" for item in patch):
        return [copy_json(item) for item in patch if not (isinstance(item, dict) and PATCH in item)]
    merged = list(doc)
    below = item_schema(schema)
    for item in patch:
        if not isinstance(item, dict):
            raise PatchError(f"an item of a list with merge key {merge_key!r} must be an object", status=400)
        if merge_key not in item:
            raise PatchError(f"map: {item} does not contain declared merge key: {merge_key}", status=400)
        places = [index for index, one in enumerate(merged) if _key(one, merge_key) == item[merge_key]]
        if item.get(PATCH) == "delete":
            merged = [one for index, one in enumerate(merged) if index not in places]
        elif places:
            merged[places[0]] = _merge_object(merged[places[0]], item, below)
        else:
            merged.append(_merge_object({}, item, below))
    return merged


def _key(item: Any, merge_key: str | None) -> Any:
    """What identifies an item: its merge key, or itself."""
    if merge_key is None:
        return item
    return item.get(merge_key) if isinstance(item, dict) else None


def _ordered(items: list[Any], order: list[Any], before: list[Any], merge_key: str | None) -> list[Any]:
    """Items in the wanted order; those it does not name keep their place among the old neighbours."""
    if not isinstance(order, list):
        raise PatchError("$setElementOrder must be a list", status=400)
    wanted = [_key(item, merge_key) for item in order]
    old = [_key(item, merge_key) for item in before]
    named = [item for item in items if _key(item, merge_key) in wanted]
    named.sort(key=lambda item: wanted.index(_key(item, merge_key)))
    others = [item for item in items if _key(item, merge_key) not in wanted]
    merged: list[Any] = []
    while named and others:
        left, right = _key(others[0], merge_key), _key(named[0], merge_key)
        is_first = left in old and right in old and old.index(left) < old.index(right)
        merged.append((others if is_first else named).pop(0))
    return merged + named + others

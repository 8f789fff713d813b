"""What does a write make of an object and of the owners of its fields? Server-side apply, and tracking of other writes.

`apply` merges an applied configuration into the live object; `track_update` notes who changed what after a create, an
update or a patch. Both return the new object with its `metadata.managedFields`, and the very same entries when nothing
changed. Input objects are not changed; results share unchanged parts with them.
Implements https://kubernetes.io/docs/reference/using-api/server-side-apply/
(all versions of a kind have the same fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import orjson

from torana.embedded.apiserver.comparison import Comparison, compare, field_set
from torana.embedded.apiserver.fieldset import Tree, difference, intersection, paths, union
from torana.embedded.apiserver.managed import (
    NOT_OWNED,
    Entry,
    add_update,
    conflicts,
    decode,
    encode,
    is_reset,
    yield_fields,
)
from torana.embedded.apiserver.merging import check_items, merge, remove, with_named_fields
from torana.embedded.apiserver.schema import CompiledSchema
from torana.embedded.apiserver.shape import Schema, object_schema

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
BEFORE_FIRST_APPLY = "before-first-apply"
SERVER_METADATA = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""Metadata that an applied configuration cannot set."""

SchemaLike = CompiledSchema | Mapping[str, Any]


class ApplyConflict(Exception):
    """Other managers own fields that the configuration wants to set. `causes` are those of a 409 Status."""

    def __init__(self, message: str, causes: list[dict[str, str]]) -> None:
        super().__init__(message)
        self.message = message
        self.causes = causes


class ApplyInvalid(ValueError):
    """The configuration cannot be applied to any object (answer 400): it has managedFields, or doubled list items."""


def apply(
    live: dict[str, Any] | None,
    config: dict[str, Any],
    *,
    manager: str,
    force: bool = False,
    schema: SchemaLike,
    subresource: str = "",
    now: str,
) -> dict[str, Any]:
    """The live object with the configuration applied, or the object it creates. Raises ApplyConflict, ApplyInvalid.

    A write to `/status` applies nothing but the status. Fields that this manager applied before and that are no longer
    in the configuration are removed, unless somebody else owns them too. Defaults are the caller's to fill in.
    """
    shape = _shape(schema)
    config = _applicable(config, subresource)
    base = _without_managed(live) if live is not None else {}
    entries = _live_entries(live, shape, config["apiVersion"])
    try:
        check_items(shape, config)
    except ValueError as error:
        raise ApplyInvalid(f"failed to create typed patch object: {error}") from error
    if not force and (taken := _find_conflicts(base, config, entries, _identity(manager, subresource), shape)):
        taken = _not_migrated(taken, base, config, manager, shape)
        if taken:
            raise _conflict_error(taken)
    merged, entries, entry = _merge_owned(base, config, entries, manager, subresource, shape)
    if manager == "kubectl":
        merged = _with_last_applied(merged, config)
    return _with_managed(merged, _timed(entries, entry, base, merged, now))


def _identity(manager: str, subresource: str) -> tuple[str, str, str, str]:
    return (manager, "Apply", "", subresource)


def _shape(schema: SchemaLike) -> Schema:
    if isinstance(schema, CompiledSchema):
        return schema.shape
    return object_schema(schema)


def _applicable(config: dict[str, Any], subresource: str) -> dict[str, Any]:
    """The part of a configuration that this write may set."""
    meta = config.get("metadata") or {}
    if meta.get("managedFields") is not None:
        raise ApplyInvalid("metadata.managedFields must be nil")
    if not config.get("apiVersion"):
        raise ApplyInvalid("apiVersion must be set in an apply configuration")
    identity = {key: value for key, value in meta.items() if key not in SERVER_METADATA}
    if subresource == "status":
        names = {key: identity[key] for key in ("name", "namespace") if key in identity}
        part: dict[str, Any] = {key: config[key] for key in ("apiVersion", "kind", "status") if key in config}
        return {**part, "metadata": names}
    return {**config, "metadata": identity}


def _live_entries(live: dict[str, Any] | None, shape: Schema, api_version: str) -> list[Entry]:
    """The owners of the live object's fields; what nobody was noted for belongs to those before the first apply."""
    if live is None:
        return []
    raw = (live.get("metadata") or {}).get("managedFields")
    entries = decode(raw)
    if entries is None:
        raise ApplyInvalid("the live object's metadata.managedFields is malformed; reset it with [{}]")
    if not entries:
        owned = difference(compare(shape, {}, _without_managed(live)).added, NOT_OWNED)
        entries = [Entry(BEFORE_FIRST_APPLY, "Update", api_version, owned)] if owned else []
    return entries


def _find_conflicts(
    base: dict[str, Any],
    config: dict[str, Any],
    entries: list[Entry],
    identity: tuple[str, str, str, str],
    shape: Schema,
) -> list[tuple[Entry, Tree]]:
    change = compare(shape, base, merge(shape, base, config))
    return conflicts(entries, union(change.modified, change.added), identity)


def _merge_owned(
    base: dict[str, Any], config: dict[str, Any], entries: list[Entry], manager: str, subresource: str, shape: Schema
) -> tuple[dict[str, Any], list[Entry], Entry | None]:
    """The merged object, its owners, and the applier's own entry (None when it owns nothing)."""
    identity = _identity(manager, subresource)
    previous = next((entry for entry in entries if entry.identity == identity), None)
    wanted = field_set(shape, config)
    own = Entry(manager, "Apply", config["apiVersion"], wanted, previous.time if previous else "", subresource)
    others = [entry for entry in entries if entry.identity != identity]
    merged = merge(shape, base, config)
    if previous is not None:
        merged = _drop_abandoned(merged, previous.fields, [own, *others], shape)
    change = compare(shape, base, merged)
    others = yield_fields(others, change, union(change.modified, change.added), None)
    owned = difference(wanted, NOT_OWNED)
    if not owned:
        return merged, others, None
    own = replace(own, fields=owned)
    return merged, [*others, own], own


def _drop_abandoned(merged: dict[str, Any], last: Tree, owners: list[Entry], shape: Schema) -> dict[str, Any]:
    """The object without what the applier (the first of the owners) owned, no longer applies, and nobody else owns.

    A map that ends empty is gone, as in Kubernetes; but when the configuration itself says `{}` it stays, so that what
    is applied holds and applying it again changes nothing.
    """
    own = owners[0].fields
    owned: Tree = {}
    for entry in owners:
        owned = union(owned, entry.fields)
    if not difference(last, owned):
        return merged
    last = with_named_fields(shape, last)
    present = with_named_fields(shape, field_set(shape, merged))
    pruned = remove(shape, merged, last, own) or {}
    left = with_named_fields(shape, field_set(shape, pruned))
    keep = union(left, with_named_fields(shape, owned))
    pruned = remove(shape, merged, difference(present, keep), own) or {}
    left = with_named_fields(shape, field_set(shape, pruned))
    return remove(shape, merged, intersection(difference(present, left), last), own) or {}


def _not_migrated(
    found: list[tuple[Entry, Tree]], base: dict[str, Any], config: dict[str, Any], manager: str, shape: Schema
) -> list[tuple[Entry, Tree]]:
    """Conflicts left when kubectl turns from client-side to server-side apply.

    Fields that still are what the last-applied annotation says were kubectl's own: it may take them from anybody.
    """
    text = ((base.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if manager != "kubectl" or not text:
        return found
    try:
        last = orjson.loads(text)
    except orjson.JSONDecodeError:
        return found
    if not isinstance(last, dict) or last.get("apiVersion") != config["apiVersion"]:
        return found
    change: Comparison = compare(shape, last, base)
    allowed = field_set(shape, last)
    for differing in (change.modified, change.added, change.removed):
        allowed = difference(allowed, differing)
    return [(entry, rest) for entry, taken in found if (rest := difference(taken, allowed))]


def _conflict_error(found: list[tuple[Entry, Tree]]) -> ApplyConflict:
    """The error that kubectl shows."""
    found = sorted(found, key=lambda pair: pair[0].identity)
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {entry.text}", "field": path}
        for entry, taken in found
        for path in paths(taken)
    ]
    if len(causes) == 1:
        return ApplyConflict(f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}", causes)
    lines: list[str] = []
    for entry, taken in found:
        lines.append(f"conflicts with {entry.text}:")
        lines.extend(f"- {path}" for path in paths(taken))
    return ApplyConflict(f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines), causes)


def _with_last_applied(merged: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The object with kubectl's annotation brought up to date, if it has one."""
    meta = merged.get("metadata") or {}
    annotations = meta.get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return merged
    applied = dict(config["metadata"].get("annotations") or {})
    applied.pop(LAST_APPLIED, None)
    clean = {**config, "metadata": {**config["metadata"], "annotations": applied}}
    if not applied:
        del clean["metadata"]["annotations"]
    text = orjson.dumps(clean, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    return {**merged, "metadata": {**meta, "annotations": {**annotations, LAST_APPLIED: text}}}


def _timed(
    entries: list[Entry], entry: Entry | None, base: dict[str, Any], merged: dict[str, Any], now: str
) -> list[Entry]:
    """Entries with the applier's time set, when it changed the object or is new."""
    if entry is None or (entry.time and merged == base):
        return entries
    return [replace(one, time=now) if one is entry else one for one in entries]


def track_update(
    live: dict[str, Any] | None,
    new: dict[str, Any],
    *,
    manager: str,
    operation: Literal["Update"] = "Update",
    schema: SchemaLike,
    subresource: str = "",
    now: str,
) -> dict[str, Any]:
    """The new object with its managedFields: what `manager` changed is its own, and no longer anybody else's.

    The caller has filled in defaults and carried over what this write may not change. A client may set managedFields
    itself (not through a subresource), and forgets all owners with `[{}]`.
    """
    meta = new.get("metadata") or {}
    raw = meta.get("managedFields")
    live_raw = (live.get("metadata") or {}).get("managedFields") if live is not None else None
    if subresource or raw is None:
        entries = decode(live_raw) or []
    elif is_reset(raw):
        entries = []
    else:
        entries = decode(raw) or decode(live_raw) or []
    clean = _without_managed(new)
    if live is not None and not entries:
        # Nobody was noted when the object was made, or owners were just reset: the next apply starts afresh.
        return clean
    shape = _shape(schema)
    change = compare(shape, _without_managed(live) if live is not None else {}, clean)
    changed = union(change.modified, change.added)
    if changed or change.removed:
        entries = yield_fields(entries, change, changed, None)
    owned = difference(changed, NOT_OWNED)
    if owned:
        update = Entry(manager or "unknown", operation, new["apiVersion"], owned, now, subresource)
        entries = add_update(entries, update)
    return _with_managed(clean, entries)


def _without_managed(obj: dict[str, Any]) -> dict[str, Any]:
    meta = obj.get("metadata")
    if not meta or "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {key: value for key, value in meta.items() if key != "managedFields"}}


def _with_managed(obj: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    if not entries:
        return obj
    return {**obj, "metadata": {**(obj.get("metadata") or {}), "managedFields": encode(entries)}}

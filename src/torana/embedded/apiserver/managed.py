"""Who owns which fields? `metadata.managedFields` as entries, and how entries change when an object does.

Input are the entries as the API carries them; output entries in the order Kubernetes writes them. Nothing here looks at
a clock: `now` is an RFC 3339 text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from torana.embedded.apiserver.comparison import Comparison
from torana.embedded.apiserver.fieldset import Tree, difference, intersection, is_valid, union

Operation = Literal["Apply", "Update"]

MAX_UPDATE_MANAGERS = 10
ANCIENT = "ancient-changes"
NOT_OWNED: Tree = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        **{
            f"f:{name}": {}
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        },
    },
}
"""Fields nobody owns: they identify the object or belong to the server."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one manager owns through one operation, version and subresource."""

    manager: str
    operation: Operation
    api_version: str
    fields: Tree
    time: str = ""
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Two entries with the same identity are one. An applier has one entry whatever version it last applied."""
        version = "" if self.operation == "Apply" else self.api_version
        return (self.manager, self.operation, version, self.subresource)

    @property
    def text(self) -> str:
        """The manager as conflict messages name it."""
        text = f'"{self.manager}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


def decode(raw: Any) -> list[Entry] | None:
    """The entries of an object's `managedFields`; None when they are not well formed."""
    entries: list[Entry] = []
    for item in raw or ():
        fields = item.get("fieldsV1") or {}
        if (
            item.get("operation") not in ("Apply", "Update")
            or not item.get("apiVersion")
            or item.get("fieldsType") != "FieldsV1"
            or not is_valid(fields)
        ):
            return None
        entries.append(
            Entry(
                manager=item.get("manager", ""),
                operation=item["operation"],
                api_version=item["apiVersion"],
                fields=fields,
                time=item.get("time") or "",
                subresource=item.get("subresource", ""),
            )
        )
    return entries


def is_reset(raw: Any) -> bool:
    """Whether a client asks to forget all owners: an empty list, or a list of one empty entry."""
    return raw is not None and (raw == [] or raw == [{}])


def encode(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Entries in the API's form and order: appliers first, then by age."""
    ordered = sorted(entries, key=lambda e: (e.operation, e.time, e.manager, e.api_version, e.subresource))
    return [_encode(entry) for entry in ordered]


def _encode(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "manager": entry.manager,
        "operation": entry.operation,
        "apiVersion": entry.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": entry.fields,
    }
    if entry.time:
        item["time"] = entry.time
    if entry.subresource:
        item["subresource"] = entry.subresource
    return item


def conflicts(entries: Iterable[Entry], changed: Tree, identity: tuple[str, str, str, str]) -> list[tuple[Entry, Tree]]:
    """Fields that a change takes from other entries than the changer's own."""
    return [
        (entry, taken)
        for entry in entries
        if entry.identity != identity and (taken := intersection(entry.fields, changed))
    ]


def yield_fields(
    entries: Iterable[Entry], change: Comparison, changed: Tree, identity: tuple[str, str, str, str] | None
) -> list[Entry]:
    """Entries after a change: others lose what was changed or removed, and those without fields are gone.

    `changed` is what the change added or modified; `identity` the entry that keeps what it has (None: nobody).
    """
    kept: list[Entry] = []
    for entry in entries:
        if entry.identity == identity:
            kept.append(entry)
            continue
        fields = difference(difference(entry.fields, changed), change.removed)
        if fields:
            kept.append(entry if fields == entry.fields else replace(entry, fields=fields))
    return kept


def add_update(entries: list[Entry], update: Entry) -> list[Entry]:
    """Entries with those of an update joined in, and never more than ten updaters."""
    previous = next((entry for entry in entries if entry.identity == update.identity), None)
    if previous is not None:
        update = replace(update, fields=union(update.fields, previous.fields))
    others = [entry for entry in entries if entry.identity != update.identity]
    return cap([*others, update])


def cap(entries: list[Entry]) -> list[Entry]:
    """Entries with the oldest updaters of a version joined under one name, until at most ten updaters are left."""
    updaters = sorted((e for e in entries if e.operation == "Update"), key=lambda e: (e.time, e.identity))
    appliers = [entry for entry in entries if entry.operation == "Apply"]
    excess = len(updaters) - MAX_UPDATE_MANAGERS
    buckets: dict[str, Entry] = {}
    kept: list[Entry] = []
    first: dict[str, Entry] = {}
    for entry in updaters:
        version = entry.api_version
        if excess <= 0:
            kept.append(entry)
        elif version not in first:
            first[version] = entry
        else:
            joined = buckets.get(version, first[version])
            buckets[version] = Entry(ANCIENT, "Update", version, union(joined.fields, entry.fields), entry.time)
            excess -= 1
    for version, entry in first.items():
        kept.append(buckets.get(version, entry))
    return _join_same(appliers + kept)


def _join_same(entries: list[Entry]) -> list[Entry]:
    by_identity: dict[tuple[str, str, str, str], Entry] = {}
    for entry in entries:
        other = by_identity.get(entry.identity)
        if other is not None:
            entry = replace(entry, fields=union(other.fields, entry.fields), time=max(other.time, entry.time))
        by_identity[entry.identity] = entry
    return list(by_identity.values())

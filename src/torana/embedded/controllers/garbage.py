"""What must go because its owner went? Pure: an object, its owners and its dependents in; actions out.

Background deletion: an object whose owners are all gone is deleted. Foreground: an owner with the finalizer
`foregroundDeletion` waits for the dependents that block it. Orphan: with the finalizer `orphan`, dependents lose the
owner reference and stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from torana.api.meta import OwnerReference
from torana.embedded.controllers.action import Action, Delete, Patch
from torana.embedded.controllers.objects import Known

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"


def is_dying(known: Known) -> bool:
    return known.meta.deletion_timestamp is not None


def collect(known: Known, gone_owners: Collection[str]) -> list[Action]:
    """For an object some of whose owners (by uid) are gone for certain."""
    if is_dying(known) or not known.meta.owner_references:
        return []
    left = [owner for owner in known.meta.owner_references if owner.uid not in gone_owners]
    if not left:
        return [Delete(known.kind, known.ref, known.meta.uid, "Background")]
    if len(left) < len(known.meta.owner_references):
        return [_own(known, left)]
    return []


def finalise(owner: Known, dependents: Iterable[Known], has_dependents: Collection[str]) -> list[Action]:
    """For an owner that waits for this controller to go. `has_dependents`: uids of dependents with their own."""
    if not is_dying(owner):
        return []
    if ORPHAN in owner.meta.finalizers:
        actions: list[Action] = [
            _own(each, [ref for ref in each.meta.owner_references if ref.uid != owner.meta.uid]) for each in dependents
        ]
        return [*actions, _without_finalizer(owner, ORPHAN)]
    if FOREGROUND in owner.meta.finalizers:
        return _foreground(owner, dependents, has_dependents)
    return []


def _foreground(owner: Known, dependents: Iterable[Known], has_dependents: Collection[str]) -> list[Action]:
    actions: list[Action] = []
    is_blocked = False
    for each in dependents:
        is_blocked = is_blocked or _blocks(each, owner)
        if not is_dying(each) and all(ref.uid == owner.meta.uid for ref in each.meta.owner_references):
            policy = "Foreground" if each.meta.uid in has_dependents else "Background"
            actions.append(Delete(each.kind, each.ref, each.meta.uid, policy))
    return actions if is_blocked else [*actions, _without_finalizer(owner, FOREGROUND)]


def _blocks(dependent: Known, owner: Known) -> bool:
    return any(
        ref.uid == owner.meta.uid and ref.block_owner_deletion is True for ref in dependent.meta.owner_references
    )


def _own(known: Known, owners: Iterable[OwnerReference]) -> Patch:
    return _change(known, {"ownerReferences": [msgspec.to_builtins(owner) for owner in owners] or None})


def _without_finalizer(known: Known, finalizer: str) -> Patch:
    left = [each for each in known.meta.finalizers if each != finalizer]
    return _change(known, {"finalizers": left or None})


def _change(known: Known, metadata: dict[str, Any]) -> Patch:
    guard = {"uid": known.meta.uid, "resourceVersion": known.meta.resource_version}
    return Patch(known.kind, known.ref, {"metadata": {**guard, **metadata}})

"""What goes when an owner goes."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.core.config_map import CONFIG_MAP
from torana.api.meta import ObjectMeta
from torana.embedded.controllers.action import Delete, Patch
from torana.embedded.controllers.garbage import collect, finalise
from torana.embedded.controllers.objects import Known


def known(name: str, *owners: str, blocks: bool = True, **metadata: Any) -> Known:
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": each, "uid": each, "blockOwnerDeletion": blocks}
        for each in owners
    ]
    body = {"name": name, "namespace": "default", "uid": name, "ownerReferences": references, **metadata}
    return Known(CONFIG_MAP, msgspec.convert(body, ObjectMeta))


def dying(name: str, *owners: str, finalizers: tuple[str, ...] = ()) -> Known:
    return known(name, *owners, deletionTimestamp="2026-01-01T00:00:00Z", finalizers=finalizers)


def test_an_object_whose_owners_are_all_gone_is_deleted() -> None:
    (delete,) = collect(known("a", "x", "y"), {"x", "y"})
    assert isinstance(delete, Delete)
    assert delete.uid == "a"


def test_an_object_that_still_has_an_owner_only_forgets_the_one_that_went() -> None:
    (patch,) = collect(known("a", "x", "y"), {"x"})
    assert isinstance(patch, Patch)
    assert [owner["uid"] for owner in patch.body["metadata"]["ownerReferences"]] == ["y"]


def test_an_object_with_living_owners_stays() -> None:
    assert collect(known("a", "x"), set()) == []


def test_orphaning_cuts_the_dependents_loose_and_then_lets_the_owner_go() -> None:
    owner = dying("x", finalizers=("orphan", "other"))
    cut, release = finalise(owner, [known("a", "x")], set())
    assert isinstance(cut, Patch)
    assert cut.body["metadata"]["ownerReferences"] is None
    assert isinstance(release, Patch)
    assert release.body["metadata"]["finalizers"] == ["other"]


def test_foreground_deletion_deletes_the_dependents_and_waits_for_those_that_block() -> None:
    owner = dying("x", finalizers=("foregroundDeletion",))
    (delete,) = finalise(owner, [known("a", "x")], {"a"})
    assert isinstance(delete, Delete)
    assert delete.propagation == "Foreground"
    assert finalise(owner, [dying("a", "x")], set()) == []
    (release,) = finalise(owner, [], set())
    assert isinstance(release, Patch)


def test_foreground_deletion_does_not_wait_for_dependents_that_do_not_block() -> None:
    owner = dying("x", finalizers=("foregroundDeletion",))
    actions = finalise(owner, [known("a", "x", blocks=False)], set())
    assert [type(action) for action in actions] == [Delete, Patch]

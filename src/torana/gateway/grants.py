"""Whether a reference into another namespace is allowed.

A ReferenceGrant in the target's namespace allows it when one of its `from` entries names the referring kind and
namespace exactly and one of its `to` entries names the target's kind, and its name or none. Several grants add up.
Specification: ReferenceGrant, GEP-709.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torana.api.kind import ObjectRef
from torana.derive.collection import Index
from torana.derive.look import Look

FEATURES = ("ReferenceGrant",)


class Asker(NamedTuple):
    """Who refers: group, kind and namespace are all that a grant may ask about."""

    group: str
    kind: str
    namespace: str


def is_granted(look: Look, grants_by_namespace: Index[Any, Any], asker: Asker, target: ObjectRef) -> bool:
    """True within one namespace, or when some grant in the target's namespace covers both sides."""
    if asker.namespace == target.namespace:
        return True
    return any(_covers(grant, asker, target) for _, grant in look.list(grants_by_namespace, target.namespace))


def _covers(grant: Any, asker: Asker, target: ObjectRef) -> bool:
    return any(
        (source.group, source.kind, source.namespace) == (asker.group, asker.kind, asker.namespace)
        for source in grant.spec.from_
    ) and any(
        (to.group, to.kind) == (target.group, target.kind) and (not to.name or to.name == target.name)
        for to in grant.spec.to
    )

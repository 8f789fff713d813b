"""How many Pods may the new and the old ReplicaSets of a Deployment have right now? Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from torana.api.core.deployment import Deployment
from torana.api.core.replica_set import ReplicaSet


class Limits(msgspec.Struct, frozen=True):
    """Pods that may exist beyond, and be missing below, the wished number."""

    surge: int
    unavailable: int


def limits_of(deployment: Deployment) -> Limits:
    """Percentages: of the replicas, surge rounded up and unavailability down; both zero would never get anywhere."""
    if deployment.spec.strategy.type == "Recreate":
        return Limits(0, 0)
    rolling = deployment.spec.strategy.rolling_update
    surge = _amount("25%" if rolling is None else rolling.max_surge, deployment.spec.replicas, round_up=True)
    missing = _amount("25%" if rolling is None else rolling.max_unavailable, deployment.spec.replicas, round_up=False)
    return Limits(surge, 1 if surge == 0 and missing == 0 else missing)


def _amount(value: int | str | None, of: int, round_up: bool) -> int:
    if isinstance(value, int):
        return value
    text = "25%" if value is None else value
    exact = int(text.removesuffix("%")) * of / 100 if text.removesuffix("%").isdigit() else 0.0
    return math.ceil(exact) if round_up else math.floor(exact)


def new_replicas(deployment: Deployment, new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> int:
    """How many Pods the new set should have now."""
    wished = deployment.spec.replicas
    have = new.spec.replicas if new is not None else 0
    if not old or have >= wished:
        return wished
    total = have + sum(each.spec.replicas for each in old)
    room = wished + limits_of(deployment).surge - total
    return min(wished, have + max(0, room))


def old_replicas(deployment: Deployment, new: ReplicaSet, old: Sequence[ReplicaSet]) -> dict[str, int]:
    """How many Pods each old set should have now, by name; `old` comes oldest first.

    Pods of old sets that are not available go first, since nobody misses them; then as many available ones as the
    limits allow.
    """
    wished = deployment.spec.replicas
    limits = limits_of(deployment)
    sizes = {each.metadata.name: each.spec.replicas for each in old}
    least = wished - limits.unavailable
    new_unavailable = max(0, new.spec.replicas - new.status.available_replicas)
    removable = sum(sizes.values()) + new.spec.replicas - least - new_unavailable
    if removable <= 0:
        return sizes
    for each in old:
        broken = max(0, sizes[each.metadata.name] - each.status.available_replicas)
        taken = max(0, min(broken, removable))
        sizes[each.metadata.name] -= taken
        removable -= taken
    available = sum(min(each.status.available_replicas, sizes[each.metadata.name]) for each in old)
    spare = available + min(new.status.available_replicas, new.spec.replicas) - least
    for each in old:
        taken = max(0, min(sizes[each.metadata.name], spare))
        sizes[each.metadata.name] -= taken
        spare -= taken
    return sizes

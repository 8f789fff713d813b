"""Which Pods must be made or removed for a ReplicaSet? Pure: the set and its Pods in; actions and status out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from torana.api.core.pod import POD, Pod
from torana.api.core.replica_set import REPLICA_SET, ReplicaSet
from torana.embedded.controllers.action import Action, Create, Delete, LookAgain, Patch
from torana.embedded.controllers.ownership import controller_of, controller_reference, is_controlled_by, short_hash
from torana.embedded.controllers.selector import chooses

BURST = 100
"""The most Pods made or removed in one go."""


def is_active(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in ("Succeeded", "Failed")


def is_ready(pod: Pod) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions)


def available_in(pod: Pod, min_ready_s: int, now: datetime) -> float | None:
    """Seconds until the Pod counts as available: 0 when it does, None when it is not ready."""
    ready = next((each for each in pod.status.conditions if each.type == "Ready" and each.status == "True"), None)
    if ready is None:
        return None
    if min_ready_s == 0 or not ready.last_transition_time:
        return 0.0
    since = datetime.fromisoformat(ready.last_transition_time.replace("Z", "+00:00"))
    return max(0.0, min_ready_s - (now - since).total_seconds())


def decide(replica_set: ReplicaSet, pods: Iterable[Pod], seed: int, now: datetime) -> list[Action]:
    """`pods` are those of the namespace that the set owns or whose labels it selects. `seed` makes new names differ."""
    uid = replica_set.metadata.uid
    pods = tuple(pods)
    owned = [pod for pod in pods if is_controlled_by(pod.metadata, uid)]
    actions: list[Action] = []
    if replica_set.metadata.deletion_timestamp is None:
        orphans = [pod for pod in pods if _is_adoptable(replica_set, pod)]
        actions += [_adopt(replica_set, pod) for pod in orphans]
        actions += [_release(replica_set, pod) for pod in owned if _is_lost(replica_set, pod)]
        owned = [pod for pod in owned if not _is_lost(replica_set, pod)] + orphans
        active = [pod for pod in owned if is_active(pod)]
        missing = replica_set.spec.replicas - len(active)
        if missing > 0:
            taken = {pod.metadata.name for pod in pods}
            actions += [Create(POD, new_pod(replica_set, name)) for name in _names(replica_set, missing, seed, taken)]
        elif missing < 0:
            actions += [_delete(pod) for pod in victims(active, -missing)]
    return actions + _report(replica_set, [pod for pod in owned if is_active(pod)], now)


def _names(replica_set: ReplicaSet, count: int, seed: int, taken: set[str]) -> list[str]:
    names: list[str] = []
    while len(names) < min(count, BURST):
        seed += 1
        name = f"{replica_set.metadata.name}-{short_hash(f'{replica_set.metadata.uid}/{seed}', 5)}"
        if name not in taken and name not in names:
            names.append(name)
    return names


def new_pod(replica_set: ReplicaSet, name: str) -> dict[str, Any]:
    template = replica_set.spec.template
    assert template is not None
    body: dict[str, Any] = msgspec.to_builtins(template)
    metadata = body.get("metadata") or {}
    return {
        "metadata": {
            "name": name,
            "generateName": f"{replica_set.metadata.name}-",
            "namespace": replica_set.metadata.namespace,
            "labels": metadata.get("labels", {}),
            "annotations": metadata.get("annotations", {}),
            "finalizers": list(metadata.get("finalizers", ())),
            "ownerReferences": [controller_reference(REPLICA_SET, replica_set)],
        },
        "spec": body["spec"],
    }


def victims(pods: Sequence[Pod], count: int) -> list[Pod]:
    """The Pods whose loss costs least: not bound, not running, not ready, restarted most, youngest."""
    phases = {"Pending": 0, "Unknown": 1, "Running": 2}

    def worth(pod: Pod) -> tuple[Any, ...]:
        restarts = sum(status.restart_count for status in pod.status.container_statuses)
        return (
            bool(pod.spec.node_name),
            phases.get(pod.status.phase, 0),
            is_ready(pod),
            -restarts,
            _reversed(pod.metadata.creation_timestamp),
            pod.metadata.name,
        )

    return sorted(pods, key=worth)[:count]


def _reversed(timestamp: str) -> tuple[int, ...]:
    """Sorts later times first."""
    return tuple(-ord(letter) for letter in timestamp)


def _delete(pod: Pod) -> Delete:
    return Delete(POD, pod.metadata.ref, pod.metadata.uid)


def _is_adoptable(replica_set: ReplicaSet, pod: Pod) -> bool:
    is_free = controller_of(pod.metadata) is None and is_active(pod)
    return is_free and chooses(replica_set.spec.selector, pod.metadata.labels)


def _is_lost(replica_set: ReplicaSet, pod: Pod) -> bool:
    """Owned, but its labels were changed so that it is no longer chosen."""
    return not chooses(replica_set.spec.selector, pod.metadata.labels)


def _adopt(replica_set: ReplicaSet, pod: Pod) -> Patch:
    owners = [msgspec.to_builtins(owner) for owner in pod.metadata.owner_references]
    return _own(pod, [*owners, controller_reference(REPLICA_SET, replica_set)])


def _release(replica_set: ReplicaSet, pod: Pod) -> Patch:
    kept = [owner for owner in pod.metadata.owner_references if owner.uid != replica_set.metadata.uid]
    return _own(pod, [msgspec.to_builtins(owner) for owner in kept])


def _own(pod: Pod, owners: list[dict[str, Any]]) -> Patch:
    metadata = {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version, "ownerReferences": owners}
    return Patch(POD, pod.metadata.ref, {"metadata": metadata})


def _report(replica_set: ReplicaSet, active: Sequence[Pod], now: datetime) -> list[Action]:
    """The status, when it differs, and when to look again because a Pod will be available by then."""
    waits = [available_in(pod, replica_set.spec.min_ready_seconds, now) for pod in active]
    template = replica_set.spec.template
    labels = template.metadata.labels if template is not None else {}
    counts = {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(labels.items() <= pod.metadata.labels.items() for pod in active),
        "readyReplicas": sum(is_ready(pod) for pod in active),
        "availableReplicas": sum(wait == 0 for wait in waits),
        "observedGeneration": replica_set.metadata.generation,
    }
    status = replica_set.status
    current = (
        status.replicas,
        status.fully_labeled_replicas,
        status.ready_replicas,
        status.available_replicas,
        status.observed_generation,
    )
    actions: list[Action] = []
    if tuple(counts.values()) != current:
        actions.append(Patch(REPLICA_SET, replica_set.metadata.ref, {"status": counts}, "status"))
    soon = [wait for wait in waits if wait]
    if soon:
        actions.append(LookAgain(min(soon)))
    return actions

"""Which ReplicaSets does a Deployment need? Pure: the Deployment and its ReplicaSets in; actions out.

Every template has one ReplicaSet, found by its hash; a rollout moves Pods from the old ones to the new one step by step
(`rollout.py`), each step following what the sets report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from torana.api.core.deployment import DEPLOYMENT, Deployment
from torana.api.core.replica_set import REPLICA_SET, ReplicaSet
from torana.embedded.controllers.action import Action, Create, Delete, Patch
from torana.embedded.controllers.deployment_status import report
from torana.embedded.controllers.ownership import controller_of, controller_reference, short_hash
from torana.embedded.controllers.rollout import limits_of, new_replicas, old_replicas
from torana.embedded.controllers.selector import chooses

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


def template_hash(deployment: Deployment) -> str:
    template = msgspec.json.encode(deployment.spec.template, order="sorted").decode()
    return short_hash(f"{template}/{deployment.status.collision_count or 0}", 10)


def decide(deployment: Deployment, replica_sets: Sequence[ReplicaSet], pod_count: int, now: datetime) -> list[Action]:
    """`replica_sets` are those that the Deployment owns, or selects and nobody owns; `pod_count` counts their Pods."""
    if deployment.metadata.deletion_timestamp is not None:
        return []
    name = f"{deployment.metadata.name}-{template_hash(deployment)}"
    new = next((each for each in replica_sets if each.metadata.name == name), None)
    old = sorted(
        (each for each in replica_sets if each is not new), key=lambda each: (_revision(each), each.metadata.name)
    )
    actions: list[Action] = [_adopt(deployment, each) for each in replica_sets if controller_of(each.metadata) is None]
    if deployment.spec.paused:
        actions += _scale_paused(deployment, new, [each for each in old if each.spec.replicas > 0])
    elif deployment.spec.strategy.type == "Recreate":
        actions += _recreate(deployment, new, old, pod_count)
    else:
        actions += _roll(deployment, new, old)
    revision = _next_revision(new, old)
    if new is not None and new.metadata.annotations.get(REVISION) != revision:
        actions.append(Patch(REPLICA_SET, new.metadata.ref, {"metadata": {"annotations": {REVISION: revision}}}))
    if (new is not None or not deployment.spec.paused) and deployment.metadata.annotations.get(REVISION) != revision:
        actions.append(Patch(DEPLOYMENT, deployment.metadata.ref, {"metadata": {"annotations": {REVISION: revision}}}))
    actions += _forget(deployment, old)
    actions += report(deployment, new, replica_sets, now)
    return actions


def _roll(deployment: Deployment, new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> list[Action]:
    active = [each for each in old if each.spec.replicas > 0]
    wanted = new_replicas(deployment, new, active)
    if new is None:
        return [_create(deployment, wanted, old)]
    if new.spec.replicas != wanted:
        return [_scale(deployment, new, wanted)]
    sizes = old_replicas(deployment, new, active)
    changed = [each for each in active if sizes[each.metadata.name] != each.spec.replicas]
    return [_scale(deployment, each, sizes[each.metadata.name]) for each in changed]


def _recreate(
    deployment: Deployment, new: ReplicaSet | None, old: Sequence[ReplicaSet], pod_count: int
) -> list[Action]:
    """The new Pods come when the last old one is gone."""
    active = [each for each in old if each.spec.replicas > 0]
    if active:
        return [_scale(deployment, each, 0) for each in active]
    new_pods = new.status.replicas if new is not None else 0
    if any(each.status.replicas > 0 for each in old) or pod_count > new_pods:
        return []
    if new is None:
        return [_create(deployment, deployment.spec.replicas, old)]
    if new.spec.replicas != deployment.spec.replicas:
        return [_scale(deployment, new, deployment.spec.replicas)]
    return []


def _scale_paused(deployment: Deployment, new: ReplicaSet | None, active: Sequence[ReplicaSet]) -> list[Action]:
    """While paused only the number counts: it goes to the newest set that has Pods."""
    sets = [*active, new] if new is not None and (new.spec.replicas > 0 or not active) else [*active]
    if not sets:
        return []
    others = sum(each.spec.replicas for each in sets[:-1])
    wanted = max(0, deployment.spec.replicas - others)
    return [_scale(deployment, sets[-1], wanted)] if sets[-1].spec.replicas != wanted else []


def _create(deployment: Deployment, replicas: int, old: Sequence[ReplicaSet]) -> Create:
    digest = template_hash(deployment)
    template: dict[str, Any] = msgspec.to_builtins(deployment.spec.template)
    metadata = dict(template.get("metadata") or {})
    labels = {**metadata.get("labels", {}), HASH_LABEL: digest}
    template["metadata"] = {**metadata, "labels": labels}
    selector: dict[str, Any] = msgspec.to_builtins(deployment.spec.selector)
    selector["matchLabels"] = {**selector.get("matchLabels", {}), HASH_LABEL: digest}
    return Create(
        REPLICA_SET,
        {
            "metadata": {
                "name": f"{deployment.metadata.name}-{digest}",
                "namespace": deployment.metadata.namespace,
                "labels": labels,
                "annotations": {**_own_annotations(deployment, replicas), REVISION: _next_revision(None, old)},
                "ownerReferences": [controller_reference(DEPLOYMENT, deployment)],
            },
            "spec": {
                "replicas": replicas,
                "selector": selector,
                "template": template,
                "minReadySeconds": deployment.spec.min_ready_seconds,
            },
        },
    )


def _adopt(deployment: Deployment, replica_set: ReplicaSet) -> Patch:
    owners = [msgspec.to_builtins(owner) for owner in replica_set.metadata.owner_references]
    metadata = {
        "uid": replica_set.metadata.uid,
        "resourceVersion": replica_set.metadata.resource_version,
        "ownerReferences": [*owners, controller_reference(DEPLOYMENT, deployment)],
    }
    return Patch(REPLICA_SET, replica_set.metadata.ref, {"metadata": metadata})


def is_adoptable(deployment: Deployment, replica_set: ReplicaSet) -> bool:
    """Nobody owns the set, and its labels are those that the Deployment selects."""
    meta = replica_set.metadata
    is_free = controller_of(meta) is None and meta.deletion_timestamp is None
    return is_free and chooses(deployment.spec.selector, meta.labels)


def _own_annotations(deployment: Deployment, replicas: int) -> dict[str, str]:
    most = deployment.spec.replicas + limits_of(deployment).surge
    return {DESIRED: str(deployment.spec.replicas), MAXIMUM: str(most)}


def _scale(deployment: Deployment, replica_set: ReplicaSet, replicas: int) -> Patch:
    return Patch(
        REPLICA_SET,
        replica_set.metadata.ref,
        {
            "metadata": {"annotations": _own_annotations(deployment, replicas)},
            "spec": {"replicas": replicas},
        },
    )


def _revision(replica_set: ReplicaSet) -> int:
    text = replica_set.metadata.annotations.get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def _next_revision(new: ReplicaSet | None, old: Sequence[ReplicaSet]) -> str:
    """The new set's revision is the highest of all; going back to an old template makes it the newest again."""
    highest = max((_revision(each) for each in old), default=0)
    return str(max(highest + 1, _revision(new) if new is not None else 0))


def _forget(deployment: Deployment, old: Sequence[ReplicaSet]) -> list[Action]:
    """Old sets beyond the history limit go, oldest first, when nothing of them runs."""
    idle = [each for each in old if each.spec.replicas == 0 and each.status.replicas == 0]
    surplus = len(idle) - deployment.spec.revision_history_limit
    return [Delete(REPLICA_SET, each.metadata.ref, each.metadata.uid, "Background") for each in idle[: max(0, surplus)]]

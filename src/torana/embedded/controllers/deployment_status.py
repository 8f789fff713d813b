"""How far is a Deployment? Pure: its ReplicaSets in; its status out, as a patch when it differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from torana.api.core.deployment import DEPLOYMENT, Deployment, DeploymentCondition
from torana.api.core.replica_set import ReplicaSet
from torana.embedded.controllers.action import Action, LookAgain, Patch
from torana.embedded.controllers.rollout import limits_of


def report(
    deployment: Deployment, new: ReplicaSet | None, replica_sets: Sequence[ReplicaSet], now: datetime
) -> list[Action]:
    counts = _counts(deployment, new, replica_sets)
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    old = {condition.type: condition for condition in deployment.status.conditions}
    name = new.metadata.name if new is not None else deployment.metadata.name
    available = _available(deployment, counts)
    progressing = _progressing(deployment, counts, name, old.get("Progressing"), now)
    conditions = [_condition(*available, old.pop("Available", None), time)]
    progress = _condition(*progressing, old.get("Progressing"), time)
    moved = _has_moved(deployment, counts)
    if moved:
        # The time of the last progress, from which the deadline counts.
        progress["lastUpdateTime"] = time
    conditions.append(progress)
    status: dict[str, Any] = {**counts, "conditions": conditions}
    actions: list[Action] = []
    if moved or conditions != [_plain(condition) for condition in deployment.status.conditions]:
        actions.append(Patch(DEPLOYMENT, deployment.metadata.ref, {"status": status}, "status"))
    if progress["status"] == "True" and progress["reason"] != "NewReplicaSetAvailable":
        actions.append(LookAgain(float(deployment.spec.progress_deadline_seconds) + 1.0))
    return actions


def _counts(deployment: Deployment, new: ReplicaSet | None, replica_sets: Sequence[ReplicaSet]) -> dict[str, int]:
    total = sum(each.status.replicas for each in replica_sets)
    available = sum(each.status.available_replicas for each in replica_sets)
    wished = sum(each.spec.replicas for each in replica_sets)
    return {
        "observedGeneration": deployment.metadata.generation,
        "replicas": total,
        "updatedReplicas": new.status.replicas if new is not None else 0,
        "readyReplicas": sum(each.status.ready_replicas for each in replica_sets),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(wished, total) - available),
    }


def _has_moved(deployment: Deployment, counts: dict[str, int]) -> bool:
    status = deployment.status
    return counts != {
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "updatedReplicas": status.updated_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "unavailableReplicas": status.unavailable_replicas,
    }


def _available(deployment: Deployment, counts: dict[str, int]) -> tuple[str, bool, str, str]:
    enough = counts["availableReplicas"] >= deployment.spec.replicas - limits_of(deployment).unavailable
    if enough:
        return "Available", True, "MinimumReplicasAvailable", "Deployment has minimum availability."
    return "Available", False, "MinimumReplicasUnavailable", "Deployment does not have minimum availability."


def _progressing(
    deployment: Deployment, counts: dict[str, int], name: str, before: DeploymentCondition | None, now: datetime
) -> tuple[str, bool, str, str]:
    wished = deployment.spec.replicas
    if deployment.spec.paused:
        return "Progressing", True, "DeploymentPaused", "Deployment is paused"
    complete = (
        counts["updatedReplicas"] == wished and counts["replicas"] == wished and counts["availableReplicas"] == wished
    )
    if complete:
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return "Progressing", True, "NewReplicaSetAvailable", text
    if before is not None and before.last_update_time and not _has_moved(deployment, counts):
        since = datetime.fromisoformat(before.last_update_time.replace("Z", "+00:00"))
        overdue = (now - since).total_seconds() > deployment.spec.progress_deadline_seconds
        if overdue and before.reason != "NewReplicaSetAvailable":
            text = f'ReplicaSet "{name}" has timed out progressing.'
            return "Progressing", False, "ProgressDeadlineExceeded", text
    return "Progressing", True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'


def _condition(
    type_: str, holds: bool, reason: str, message: str, before: DeploymentCondition | None, time: str
) -> dict[str, Any]:
    status = "True" if holds else "False"
    same_status = before is not None and before.status == status
    same = same_status and before is not None and before.reason == reason and before.message == message
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": before.last_update_time if same and before is not None else time,
        "lastTransitionTime": before.last_transition_time if same_status and before is not None else time,
    }


def _plain(condition: DeploymentCondition) -> dict[str, Any]:
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "lastUpdateTime": condition.last_update_time,
        "lastTransitionTime": condition.last_transition_time,
    }

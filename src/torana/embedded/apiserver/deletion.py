"""When does a deleted object go, and what holds it until then? Pure.

Finalizers hold every object; a grace period holds a Pod that runs on a node; the `foreground` and `orphan` policies
hold an object with a finalizer that the garbage collector removes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.resource import Resource

Obj = dict[str, Any]
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_POLICIES = ("Background", "Foreground", "Orphan")


def check_preconditions(resource: Resource, live: Obj, options: Obj) -> None:
    """Raises Conflict when the options name another object or version, BadRequest when they make no sense."""
    name = live["metadata"]["name"]
    wanted = options.get("preconditions") or {}
    for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        value, actual = wanted.get(field), live["metadata"].get(field)
        if value and value != actual:
            why = f"Precondition failed: {label} in precondition: {value}, {label} in object meta: {actual}"
            raise errors.conflict(resource.group, resource.plural, name, why)
    policy = options.get("propagationPolicy")
    if policy is not None and policy not in _POLICIES:
        raise errors.bad_request(
            f'propagationPolicy: Unsupported value: "{policy}": supported values: "Background", "Foreground", "Orphan"'
        )


def mark(resource: Resource, obj: Obj, options: Obj, now: datetime) -> Obj | None:
    """The object marked as being deleted, or None when nothing holds it and it goes at once. Changes `obj`."""
    meta = obj["metadata"]
    finalizers = list(meta.get("finalizers") or [])
    policy = options.get("propagationPolicy")
    if options.get("orphanDependents") and policy is None:
        policy = "Orphan"
    for wanted, finalizer in (("Foreground", FOREGROUND), ("Orphan", ORPHAN)):
        if policy == wanted and finalizer not in finalizers:
            finalizers.append(finalizer)
        elif policy is not None and policy != wanted and finalizer in finalizers:
            finalizers.remove(finalizer)
    grace = _grace_period(resource, obj, options)
    holds_namespace = resource.key == "namespaces" and bool((obj.get("spec") or {}).get("finalizers"))
    if not finalizers and grace == 0 and not holds_namespace:
        return None
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
    if "deletionTimestamp" not in meta:
        if "generation" in meta:
            meta["generation"] += 1
        meta["deletionTimestamp"] = _stamp(now + timedelta(seconds=grace))
        meta["deletionGracePeriodSeconds"] = grace
    elif grace < meta.get("deletionGracePeriodSeconds", 0):
        meta["deletionTimestamp"] = _stamp(now + timedelta(seconds=grace))
        meta["deletionGracePeriodSeconds"] = grace
    if holds_namespace:
        obj.setdefault("status", {})["phase"] = "Terminating"
    return obj


def is_finished(obj: Obj) -> bool:
    """Whether an object that was updated has nothing left that holds it."""
    meta = obj["metadata"]
    if "deletionTimestamp" not in meta or meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
        return False
    return not (obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"))


def _grace_period(resource: Resource, obj: Obj, options: Obj) -> int:
    """Seconds that a Pod has to end; 0 for everything else and for Pods that run nowhere."""
    if resource.key != "pods":
        return 0
    spec = obj.get("spec") or {}
    if not spec.get("nodeName") or (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    asked = options.get("gracePeriodSeconds")
    if asked is None:
        asked = spec.get("terminationGracePeriodSeconds", 30)
    return max(0, int(asked))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

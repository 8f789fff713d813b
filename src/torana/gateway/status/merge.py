"""Our answer folded into an object's live status: what is others' stays, what is ours is replaced as a whole.

In: a report, the live `status` as JSON, the time. Out: the new `status`, equal to the live one when nothing is to be
written. Transition times move only with a condition's status. Specification: notes on `status.parents` and on
conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from torana.api.kind import Ref
from torana.gateway.listeners import GROUP
from torana.gateway.status.condition import (
    ClassReport,
    GatewayReport,
    Judgement,
    ListenerReport,
    PolicyReport,
    RouteReport,
    SetReport,
)

Json = dict[str, Any]

_OWN_TYPES = frozenset(
    {
        "Accepted",
        "Programmed",
        "ResolvedRefs",
        "PartiallyInvalid",
        "Conflicted",
        "OverlappingTLSConfig",
        "DefaultGateway",
        "SupportedVersion",
        "InsecureFrontendValidationMode",
    }
)
"""Condition types that we write; others on the same object belong to others."""


def conditions(judged: Iterable[Judgement], live: list[Json], generation: int, now: str) -> list[Json]:
    """The judgements as conditions, then the conditions of others as they were."""
    before = {one.get("type"): one for one in live}
    merged = []
    for one in judged:
        old = before.get(one.type, {})
        status = "True" if one.status else "False"
        since = old.get("lastTransitionTime") if old.get("status") == status else None
        merged.append(
            {
                "type": one.type,
                "status": status,
                "reason": one.reason,
                "message": one.message[:32768],
                "observedGeneration": one.generation or generation,
                "lastTransitionTime": since or now,
            }
        )
    return merged + [one for one in live if one.get("type") not in _OWN_TYPES]


def route_status(report: RouteReport, live: Json, controller_names: frozenset[str], now: str) -> Json:
    """The new status of a route. Entries of other controllers keep their order and content; a route that has and gets
    none of ours is left alone."""
    old = live.get("parents") or []
    theirs = [entry for entry in old if entry.get("controllerName") not in controller_names]
    mine = {_parent_key(entry): entry for entry in old if entry.get("controllerName") in controller_names}
    fresh = []
    for parent in report.parents:
        entry = {"parentRef": msgspec.to_builtins(parent.parent_ref), "controllerName": parent.controller_name}
        before = mine.get(_parent_key(entry), {})
        entry["conditions"] = conditions(parent.conditions, before.get("conditions") or [], report.generation, now)
        fresh.append(entry)
    return {**live, "parents": theirs + fresh} if fresh or mine else live


def policy_status(report: PolicyReport, live: Json, controller_names: frozenset[str], now: str) -> Json:
    """The new status of a policy. Entries of other controllers keep their place and content; ours fill what is left."""
    return {**live, "ancestors": _by_gateway(report, live.get("ancestors"), "ancestorRef", 16, controller_names, now)}


def backend_status(report: PolicyReport, live: Json, controller_names: frozenset[str], now: str) -> Json:
    """The new status of an XBackend."""
    return {**live, "parents": _by_gateway(report, live.get("parents"), "parentRef", 32, controller_names, now)}


def _by_gateway(
    report: PolicyReport, live: list[Json] | None, ref: str, most: int, controller_names: frozenset[str], now: str
) -> list[Json]:
    """At most so many entries, each with its Gateway in the field `ref`."""
    old = live or []
    theirs = [entry for entry in old if entry.get("controllerName") not in controller_names]
    mine = {_gateway_key(entry, ref): entry for entry in old if entry.get("controllerName") in controller_names}
    fresh = []
    for ancestor in report.ancestors[: most - len(theirs)]:
        entry: Json = {ref: _gateway_ref(ancestor.gateway), "controllerName": ancestor.controller_name}
        before = mine.get(_gateway_key(entry, ref), {})
        entry["conditions"] = conditions(ancestor.conditions, before.get("conditions") or [], report.generation, now)
        fresh.append(entry)
    return theirs + fresh


def _gateway_ref(gateway: Ref) -> Json:
    return {"group": GROUP, "kind": "Gateway", "namespace": gateway.namespace, "name": gateway.name}


def _gateway_key(entry: Json, ref: str) -> tuple[Any, ...]:
    gateway = entry.get(ref) or {}
    return (entry.get("controllerName"), gateway.get("namespace"), gateway.get("name"))


def gateway_status(report: GatewayReport, live: Json, now: str) -> Json:
    """The new status of a Gateway."""
    return {
        **_with_listeners(report, live, now),
        "addresses": [{"type": kind, "value": value} for kind, value in report.addresses],
        "attachedListenerSets": report.attached_listener_sets,
    }


def set_status(report: SetReport, live: Json, now: str) -> Json:
    """The new status of a ListenerSet."""
    return _with_listeners(report, live, now)


def class_status(report: ClassReport, live: Json, now: str) -> Json:
    """The new status of a GatewayClass."""
    return {
        **live,
        "conditions": conditions(report.conditions, live.get("conditions") or [], report.generation, now),
        "supportedFeatures": [{"name": name} for name in sorted(report.features)],
    }


def _with_listeners(report: GatewayReport | SetReport, live: Json, now: str) -> Json:
    before = {entry.get("name"): entry for entry in live.get("listeners") or []}
    return {
        **live,
        "conditions": conditions(report.conditions, live.get("conditions") or [], report.generation, now),
        "listeners": [_listener(one, before.get(one.name, {}), report.generation, now) for one in report.listeners],
    }


def _listener(report: ListenerReport, live: Json, generation: int, now: str) -> Json:
    return {
        "name": report.name,
        "attachedRoutes": report.attached_routes,
        "supportedKinds": [{"group": GROUP, "kind": kind} for kind in report.kinds],
        "conditions": conditions(report.conditions, live.get("conditions") or [], generation, now),
    }


def _parent_key(entry: Json) -> tuple[Any, ...]:
    ref = entry.get("parentRef") or {}
    what = ref.get("group", GROUP), ref.get("kind", "Gateway")
    return (entry.get("controllerName"), *what, *(ref.get(k) for k in ("namespace", "name", "sectionName", "port")))

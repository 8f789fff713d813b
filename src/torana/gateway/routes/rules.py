"""What rules of HTTPRoute and GRPCRoute have in common: backends with filters, named matches, a place in the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from torana.api.kind import ObjectRef
from torana.api.references import GATEWAY_GROUP
from torana.gateway import sessions
from torana.gateway.backends import ClusterKey
from torana.gateway.filters.reading import FilterContext
from torana.gateway.filters.registry import read as read_filter
from torana.gateway.finding import Finding, bad_numbers
from torana.gateway.precedence import order
from torana.gateway.regex import problem_with
from torana.gateway.routes.compiled import CompiledRoute, Entry
from torana.gateway.routes.plan import RulePlan
from torana.proxy.action import Backend
from torana.proxy.origin import Origin
from torana.proxy.route import Route


def compile_rules(kind: str, route: Any, plan_rule: Callable[[Any, str], RulePlan]) -> CompiledRoute:
    """All rules of a route; `plan_rule` reads one, given its field path."""
    entries: list[Entry] = []
    clusters: dict[ClusterKey, None] = {}
    dropped: list[tuple[int, Finding]] = []
    unresolved: list[Finding] = []
    for number, rule in enumerate(route.spec.rules):
        path = f"spec.rules[{number}]"
        plan = plan_rule(rule, path)
        if bad := bad_numbers(rule, path):
            plan = plan.failing(bad)
        identity = sessions.rule_identity(kind, route.metadata.ref, rule.name or path)
        _read_session(rule, identity, path, plan, is_grpc=kind == "GRPCRoute")
        entries += _entries(kind, route, number, identity, plan)
        clusters.update(dict.fromkeys(plan.clusters))
        dropped += [(number, finding) for finding in plan.findings]
        unresolved += plan.unresolved
    return CompiledRoute(
        tuple(entries),
        tuple(clusters),
        len(route.spec.rules),
        tuple(dropped),
        tuple(unresolved),
        hostnames=tuple(name.lower() for name in route.spec.hostnames),
    )


def _read_session(rule: Any, identity: str, path: str, plan: RulePlan, *, is_grpc: bool) -> None:
    if rule.session_persistence is None:
        return
    session = sessions.read(rule.session_persistence, identity, f"{path}.sessionPersistence", is_grpc=is_grpc)
    if isinstance(session, Finding):
        plan.findings.append(session)
    elif plan.forward is not None:
        plan.forward = msgspec.structs.replace(plan.forward, session=session)


def _entries(kind: str, route: Any, number: int, identity: str, plan: RulePlan) -> list[Entry]:
    ref = route.metadata.ref
    origin = Origin(ObjectRef(GATEWAY_GROUP, kind, *ref), f"spec.rules[{number}]")
    label = route.spec.rules[number].name or str(number)
    return [
        Entry(
            order(rank, route.metadata.creation_timestamp, ref, number, position),
            Route(
                name=f"{kind.lower()}/{ref.namespace}/{ref.name}/{label}/{position}",
                match=match,
                action=plan.action(),
                request_headers=plan.request_headers,
                response_headers=plan.response_headers,
                cors=plan.cors,
                external_auth=plan.external_auth,
                origin=origin,
            ),
            identity,
        )
        for position, (match, rank) in enumerate(zip(plan.matches, plan.ranks, strict=True))
    ]


def read_named(items: Any, noun: Any, fold: Any, path: str) -> tuple[tuple[Any, ...], Finding | None]:
    """Header or query matches. Of several with an equivalent name only the first counts."""
    found: dict[str, Any] = {}
    for position, item in enumerate(items):
        name = fold(item.name)
        kind = item.type or "Exact"
        if kind not in ("Exact", "RegularExpression"):
            return (), Finding("UnsupportedValue", f"{kind} is not a kind of match", f"{path}[{position}].type")
        if kind == "RegularExpression" and (problem := problem_with(item.value)):
            return (), Finding("UnsupportedValue", problem, f"{path}[{position}].value")
        found.setdefault(name, noun(name, item.value, kind == "RegularExpression"))
    return tuple(found.values()), None


def read_backends(rule: Any, path: str, context: FilterContext, plan: RulePlan) -> tuple[Backend, ...]:
    """The shares of the rule's traffic, those without weight too: a session may have one."""
    found = []
    for position, ref in enumerate(rule.backend_refs):
        weight = 1 if ref.weight is None else ref.weight
        found.append(_backend(ref, weight, f"{path}.backendRefs[{position}]", context, plan))
    return tuple(found)


def _backend(ref: Any, weight: int, path: str, context: FilterContext, plan: RulePlan) -> Backend:
    """One share of the traffic; a mistake in it makes only this share fail."""
    verdict = context.resolve(ref, path)
    if verdict.finding is not None:
        plan.unresolved.append(verdict.finding)
    if verdict.cluster is None:
        return Backend("", weight)
    own = RulePlan()
    inner = FilterContext(context.resolve, context.prefix, on_backend=True, filters=context.filters)
    for position, one in enumerate(ref.filters):
        own.take(read_filter(one, f"{path}.filters[{position}]", inner), f"{path}.filters[{position}]")
    if own.findings:
        plan.findings += own.findings
        return Backend("", weight)
    plan.clusters.append(verdict.cluster)
    return Backend(verdict.cluster.name, weight, own.request_headers, own.response_headers, own.rewrite)

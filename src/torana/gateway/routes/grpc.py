"""GRPCRoute rules → proxy routes.

In: a GRPCRoute and a way to resolve backends. Out: CompiledRoute. A gRPC call is an HTTP/2 request for the path
`/<service>/<method>`; the proxy answers it in gRPC's way, so 503 stands for UNAVAILABLE (invalid backends, a rule with
a mistake) and 404 for UNIMPLEMENTED (no rule). Specification: GRPCRouteRule, GRPCRouteMatch, GRPCBackendRef.
"""

from __future__ import annotations

from typing import Any

from torana.gateway.backends import Resolve
from torana.gateway.filters.reading import FilterContext
from torana.gateway.filters.registry import read as read_filter
from torana.gateway.finding import Finding
from torana.gateway.precedence import Rank, grpc_rank
from torana.gateway.regex import problem_with
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.routes.plan import RulePlan
from torana.gateway.routes.rules import compile_rules, read_backends, read_named
from torana.proxy.action import Forward
from torana.proxy.match import HeaderMatch, Match, PathMatch

FEATURES = (
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
)

UNAVAILABLE = 503
FILTERS = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"})
"""Filters that may stand in a rule of a GRPCRoute."""
_ANY_NAME = "[^/]+"


def compile_route(route: Any, resolve: Resolve) -> CompiledRoute:
    """All rules of a GRPCRoute."""
    return compile_rules("GRPCRoute", route, lambda rule, path: _plan(rule, path, resolve))


def _plan(rule: Any, path: str, resolve: Resolve) -> RulePlan:
    plan = RulePlan(failure=UNAVAILABLE)
    _read_matches(rule.matches, f"{path}.matches", plan)
    context = FilterContext(resolve, filters=FILTERS)
    for position, one in enumerate(rule.filters):
        plan.take(read_filter(one, f"{path}.filters[{position}]", context), f"{path}.filters[{position}]")
    backends = read_backends(rule, path, context, plan)
    plan.forward = Forward(backends, mirrors=tuple(plan.mirrors), invalid_status=UNAVAILABLE)
    return plan


def _read_matches(matches: tuple[Any, ...], path: str, plan: RulePlan) -> None:
    """The rule's matches; one that cannot be read becomes a finding and stays out."""
    found = [] if matches else [(Match(grpc=True), grpc_rank("", "", 0))]
    for position, one in enumerate(matches):
        read = _match(one, f"{path}[{position}]")
        if isinstance(read, Finding):
            plan.findings.append(read)
        else:
            found.append(read)
    plan.matches = tuple(match for match, _ in found)
    plan.ranks = tuple(rank for _, rank in found)


def _match(one: Any, path: str) -> tuple[Match, Rank] | Finding:
    headers, finding = read_named(one.headers, HeaderMatch, str.lower, f"{path}.headers")
    if finding is not None:
        return finding
    if one.method is None:
        return Match(headers=headers, grpc=True), grpc_rank("", "", len(headers))
    service, method = one.method.service or "", one.method.method or ""
    path_match = _path(one.method, service, method, f"{path}.method")
    if isinstance(path_match, Finding):
        return path_match
    return Match(path_match, headers=headers, grpc=True), grpc_rank(service, method, len(headers))


def _path(spec: Any, service: str, method: str, path: str) -> PathMatch | Finding:
    """The path that calls of this service and method have; an empty name stands for any."""
    match spec.type or "Exact":
        case "Exact" if service and method:
            return PathMatch("exact", f"/{service}/{method}")
        case "Exact" if service:
            return PathMatch("prefix", f"/{service}")
        case "Exact" if method:
            return PathMatch("regex", f"/{_ANY_NAME}/{method}")
        case "Exact" | "RegularExpression" if not (service or method):
            return PathMatch("prefix", "/")
        case "RegularExpression":
            for field, expression in (("service", service), ("method", method)):
                if expression and (problem := problem_with(expression)):
                    return Finding("UnsupportedValue", problem, f"{path}.{field}")
            return PathMatch("regex", f"/(?:{service or _ANY_NAME})/(?:{method or _ANY_NAME})")
    return Finding("UnsupportedValue", f"{spec.type} is not a kind of match", f"{path}.type")

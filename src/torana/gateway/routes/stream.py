"""TLSRoute, TCPRoute and UDPRoute → shares of connections or datagrams.

In: a route and a way to resolve backends. Out: CompiledRoute. These routes have one rule without matches; of older
objects with several the first takes everything, and the others are dropped. The share of an invalid backend is
refused. Specification: TLSRouteRule, TCPRouteRule, UDPRouteRule.
"""

from __future__ import annotations

from typing import Any

from torana.gateway.backends import ClusterKey, Resolve
from torana.gateway.finding import Finding, bad_numbers
from torana.gateway.routes.compiled import CompiledRoute, StreamShare

TLS_FEATURES = ("TLSRoute", "TLSRouteModeMixed", "TLSRouteModeTerminate")


def compile_route(route: Any, resolve: Resolve) -> CompiledRoute:
    """The first rule of a route."""
    shares: list[StreamShare] = []
    clusters: dict[ClusterKey, None] = {}
    unresolved: list[Finding] = []
    rules = route.spec.rules[:1]
    dropped = tuple((number, _surplus(number)) for number in range(1, len(route.spec.rules)))
    bad = tuple((0, finding) for rule in rules for finding in bad_numbers(rule, "spec.rules[0]"))
    if bad:
        return CompiledRoute((), (), len(route.spec.rules), (*bad, *dropped))
    for rule in rules:
        for position, ref in enumerate(rule.backend_refs):
            verdict = resolve(ref, f"spec.rules[0].backendRefs[{position}]")
            if verdict.finding is not None:
                unresolved.append(verdict.finding)
            if verdict.cluster is not None:
                clusters[verdict.cluster] = None
            weight = 1 if ref.weight is None else ref.weight
            if weight > 0:
                shares.append(StreamShare(verdict.cluster, weight))
    return CompiledRoute(
        (), tuple(clusters), len(route.spec.rules), dropped, unresolved=tuple(unresolved), shares=tuple(shares)
    )


def _surplus(number: int) -> Finding:
    message = "the first rule takes everything; use a route of its own"
    return Finding("UnsupportedValue", message, f"spec.rules[{number}]")

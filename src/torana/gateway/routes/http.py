"""HTTPRoute rules → proxy routes.

In: an HTTPRoute and a way to resolve backends. Out: CompiledRoute. A rule with a mistake answers 500 and is named in
the status; its siblings are served. Specification: HTTPRouteRule, HTTPRouteMatch, HTTPBackendRef.
"""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef
from torana.api.references import GATEWAY_GROUP
from torana.gateway.backends import ClusterKey, Resolve
from torana.gateway.durations import milliseconds
from torana.gateway.filters.reading import FilterContext
from torana.gateway.filters.registry import read as read_filter
from torana.gateway.finding import Finding
from torana.gateway.precedence import order
from torana.gateway.regex import problem_with
from torana.gateway.routes.compiled import CompiledRoute, Entry
from torana.gateway.routes.plan import RulePlan
from torana.proxy.action import Backend, Forward, Retry
from torana.proxy.match import HeaderMatch, Match, PathMatch, QueryMatch
from torana.proxy.origin import Origin
from torana.proxy.route import Route

_PATH_TYPES = {"Exact": "exact", "PathPrefix": "prefix", "RegularExpression": "regex"}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})


def compile_route(route: Any, resolve: Resolve) -> CompiledRoute:
    """All rules of an HTTPRoute."""
    entries: list[Entry] = []
    clusters: dict[ClusterKey, None] = {}
    dropped: list[tuple[int, Finding]] = []
    unresolved: list[Finding] = []
    for number, rule in enumerate(route.spec.rules):
        plan = _plan(rule, f"spec.rules[{number}]", resolve)
        entries += _entries(route, number, rule, plan)
        clusters.update(dict.fromkeys(plan.clusters))
        dropped += [(number, finding) for finding in plan.findings]
        unresolved += plan.unresolved
    return CompiledRoute(tuple(entries), tuple(clusters), len(route.spec.rules), tuple(dropped), tuple(unresolved))


def _plan(rule: Any, path: str, resolve: Resolve) -> RulePlan:
    plan = RulePlan()
    plan.matches, findings = _matches(rule.matches, f"{path}.matches")
    plan.findings += findings
    context = FilterContext(resolve, _only_prefix(plan.matches))
    for position, one in enumerate(rule.filters):
        plan.take(read_filter(one, f"{path}.filters[{position}]", context), f"{path}.filters[{position}]")
    if plan.redirect is not None and rule.backend_refs:
        plan.findings.append(Finding("IncompatibleFilters", "a redirect and backendRefs exclude each other", path))
    backends = _backends(rule, path, context, plan)
    timeouts = _timeouts(rule, path, plan)
    plan.forward = Forward(
        backends,
        rewrite=plan.rewrite,
        mirrors=tuple(plan.mirrors),
        request_timeout_ms=timeouts[0],
        attempt_timeout_ms=timeouts[1],
        retry=_retry(rule, path, plan),
    )
    return plan


def _entries(route: Any, number: int, rule: Any, plan: RulePlan) -> list[Entry]:
    ref = route.metadata.ref
    origin = Origin(ObjectRef(GATEWAY_GROUP, "HTTPRoute", *ref), f"spec.rules[{number}]")
    label = rule.name or str(number)
    return [
        Entry(
            order(match, route.metadata.creation_timestamp, ref, number, position),
            Route(
                name=f"httproute/{ref.namespace}/{ref.name}/{label}/{position}",
                match=match,
                action=plan.action(),
                request_headers=plan.request_headers,
                response_headers=plan.response_headers,
                origin=origin,
            ),
        )
        for position, match in enumerate(plan.matches)
    ]


def _matches(matches: tuple[Any, ...], path: str) -> tuple[tuple[Match, ...], list[Finding]]:
    """The rule's matches; one that cannot be read becomes a finding and stays out."""
    if not matches:
        return (Match(),), []
    good: list[Match] = []
    findings: list[Finding] = []
    for position, one in enumerate(matches):
        match, finding = _match(one, f"{path}[{position}]")
        if match is not None:
            good.append(match)
        if finding is not None:
            findings.append(finding)
    return tuple(good), findings


def _match(one: Any, path: str) -> tuple[Match | None, Finding | None]:
    path_match = PathMatch("prefix", "/")
    if one.path is not None:
        kind = _PATH_TYPES.get(one.path.type or "PathPrefix")
        value = one.path.value or "/"
        if kind is None:
            return None, Finding(
                "UnsupportedValue", f"{one.path.type} is not a kind of path match", f"{path}.path.type"
            )
        if kind == "prefix":
            value = value.rstrip("/") or "/"
        path_match = PathMatch(kind, value)  # type: ignore[arg-type]
        if kind == "regex" and (problem := problem_with(value)):
            return None, Finding("UnsupportedValue", problem, f"{path}.path.value")
    if one.method and one.method not in _METHODS:
        return None, Finding("UnsupportedValue", f"{one.method} is not an HTTP method of the API", f"{path}.method")
    headers, bad_header = _named(one.headers, HeaderMatch, str.lower, f"{path}.headers")
    query, bad_query = _named(one.query_params, QueryMatch, str, f"{path}.queryParams")
    if bad_header or bad_query:
        return None, bad_header or bad_query
    return Match(path_match, one.method or "", headers, query), None


def _named(items: Any, noun: Any, fold: Any, path: str) -> tuple[tuple[Any, ...], Finding | None]:
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


def _only_prefix(matches: tuple[Match, ...]) -> str:
    if len(matches) == 1 and matches[0].path.type == "prefix":
        return matches[0].path.value
    return ""


def _backends(rule: Any, path: str, context: FilterContext, plan: RulePlan) -> tuple[Backend, ...]:
    found = []
    for position, ref in enumerate(rule.backend_refs):
        weight = 1 if ref.weight is None else ref.weight
        backend = _backend(ref, weight, f"{path}.backendRefs[{position}]", context, plan)
        if weight > 0:
            found.append(backend)
    return tuple(found)


def _backend(ref: Any, weight: int, path: str, context: FilterContext, plan: RulePlan) -> Backend:
    """One share of the traffic; a mistake in it makes only this share fail."""
    verdict = context.resolve(ref, path)
    if verdict.cluster is None:
        if verdict.finding is not None:
            plan.unresolved.append(verdict.finding)
        return Backend("", weight)
    own = RulePlan()
    inner = FilterContext(context.resolve, context.prefix, on_backend=True)
    for position, one in enumerate(ref.filters):
        own.take(read_filter(one, f"{path}.filters[{position}]", inner), f"{path}.filters[{position}]")
    if own.findings:
        plan.findings += own.findings
        return Backend("", weight)
    plan.clusters.append(verdict.cluster)
    return Backend(verdict.cluster.name, weight, own.request_headers, own.response_headers, own.rewrite)


def _timeouts(rule: Any, path: str, plan: RulePlan) -> tuple[int, int]:
    if rule.timeouts is None:
        return 0, 0
    found = []
    for field, text in (("request", rule.timeouts.request), ("backendRequest", rule.timeouts.backend_request)):
        value = milliseconds(text) if text else 0
        if value is None:
            message = f"{text} is not a duration such as 1s500ms"
            plan.findings.append(Finding("UnsupportedValue", message, f"{path}.timeouts.{field}"))
        found.append(value or 0)
    return found[0], found[1]


def _retry(rule: Any, path: str, plan: RulePlan) -> Retry | None:
    if rule.retry is None:
        return None
    backoff = milliseconds(rule.retry.backoff) if rule.retry.backoff else None
    if rule.retry.backoff and backoff is None:
        message = f"{rule.retry.backoff} is not a duration such as 100ms"
        plan.findings.append(Finding("UnsupportedValue", message, f"{path}.retry.backoff"))
    attempts = 1 if rule.retry.attempts is None else rule.retry.attempts
    return Retry(attempts, tuple(rule.retry.codes), backoff)

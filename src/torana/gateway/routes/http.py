"""HTTPRoute rules → proxy routes.

In: an HTTPRoute and a way to resolve backends. Out: CompiledRoute. A rule with a mistake answers 500 and is named in
the status; its siblings are served. Specification: HTTPRouteRule, HTTPRouteMatch, HTTPBackendRef.
"""

from __future__ import annotations

from typing import Any

from torana.gateway.backends import Resolve
from torana.gateway.durations import milliseconds
from torana.gateway.filters.reading import FilterContext
from torana.gateway.filters.registry import read as read_filter
from torana.gateway.finding import Finding
from torana.gateway.precedence import rank
from torana.gateway.regex import problem_with
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.routes.plan import RulePlan
from torana.gateway.routes.rules import compile_rules, read_backends, read_named
from torana.proxy.action import Forward, Retry
from torana.proxy.match import HeaderMatch, Match, PathMatch, QueryMatch

FEATURES = (
    "HTTPRoute",
    "HTTPRouteBackendTimeout",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestTimeout",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
)

FAILURE = 500
_PATH_TYPES = {"Exact": "exact", "PathPrefix": "prefix", "RegularExpression": "regex"}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})


def compile_route(route: Any, resolve: Resolve) -> CompiledRoute:
    """All rules of an HTTPRoute."""
    return compile_rules("HTTPRoute", route, lambda rule, path: _plan(rule, path, resolve))


def _plan(rule: Any, path: str, resolve: Resolve) -> RulePlan:
    plan = RulePlan()
    plan.matches, findings = _matches(rule.matches, f"{path}.matches")
    plan.ranks = tuple(rank(match) for match in plan.matches)
    plan.findings += findings
    context = FilterContext(resolve, _only_prefix(plan.matches))
    for position, one in enumerate(rule.filters):
        plan.take(read_filter(one, f"{path}.filters[{position}]", context), f"{path}.filters[{position}]")
    if plan.redirect is not None and rule.backend_refs:
        plan.findings.append(Finding("IncompatibleFilters", "a redirect and backendRefs exclude each other", path))
    backends = read_backends(rule, path, context, plan)
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
    headers, bad_header = read_named(one.headers, HeaderMatch, str.lower, f"{path}.headers")
    query, bad_query = read_named(one.query_params, QueryMatch, str, f"{path}.queryParams")
    if bad_header or bad_query:
        return None, bad_header or bad_query
    return Match(path_match, one.method or "", headers, query), None


def _only_prefix(matches: tuple[Match, ...]) -> str:
    if len(matches) == 1 and matches[0].path.type == "prefix":
        return matches[0].path.value
    return ""


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

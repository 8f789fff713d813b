"""Does a rule take a request, and which of two rules that do goes first?

From the descriptions of `HTTPRouteRule.matches`, `GRPCRouteRule.matches` and the match types. What they leave to the
implementation is decided here as our guide says it: regular expressions are RE2's and must match the whole value; a
path by regular expression stands between `Exact` and `PathPrefix`, a longer one before a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import re2
from tests.reference.request import Request

from torana.api.http_match import HTTPRouteMatch

Rank = tuple[float, ...]
"""The smaller, the sooner."""


def ranks(kind: str, rule: Any, request: Request) -> Iterator[Rank]:
    """The ranks of those matches of a rule that fit the request."""
    if kind == "GRPCRoute":
        if not request.is_grpc:
            return
        if not rule.matches:
            yield (0, 0, 0, 0)
        for match in rule.matches:
            if _fits_call(match, request):
                yield _call_rank(match)
        return
    for match in rule.matches or (HTTPRouteMatch(),):
        if _fits_request(match, request):
            yield _request_rank(match)


def _fits_request(match: HTTPRouteMatch, request: Request) -> bool:
    return (
        _fits_path(match.path.type, match.path.value, request.bare_path)
        and (not match.method or match.method == request.method)
        and all(_fits_value(one, request.header_lines(one.name)) for one in distinct(match.headers, ignore_case=True))
        and all(_fits_value(one, request.query_values(one.name)) for one in distinct(match.query_params))
    )


def _fits_path(match_type: str, value: str, path: str) -> bool:
    if match_type == "Exact":
        return path == value
    if match_type == "RegularExpression":
        return is_full_match(value, path)
    prefix = value.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")


def _fits_value(match: Any, values: Iterable[str]) -> bool:
    """What a repeated header counts for is the implementation's to say. With Envoy one of its lines must fit alone."""
    if match.type == "RegularExpression":
        return any(is_full_match(match.value, value) for value in values)
    return match.value in values


def _fits_call(match: Any, request: Request) -> bool:
    _, service, method = request.bare_path.split("/", 2)
    if match.method is not None:
        fits = is_full_match if match.method.type == "RegularExpression" else str.__eq__
        if match.method.service and not fits(match.method.service, service):
            return False
        if match.method.method and not fits(match.method.method, method):
            return False
    return all(_fits_value(one, request.header_lines(one.name)) for one in distinct(match.headers, ignore_case=True))


def distinct(entries: Iterable[Any], *, ignore_case: bool = False) -> list[Any]:
    """Entries whose name no earlier one has."""
    found: dict[str, Any] = {}
    for entry in entries:
        found.setdefault(entry.name.lower() if ignore_case else entry.name, entry)
    return list(found.values())


def is_full_match(expression: str, value: str) -> bool:
    return re2.fullmatch(expression, value) is not None


def _request_rank(match: HTTPRouteMatch) -> Rank:
    """A trailing slash of a prefix is ignored, so it does not count among the characters either."""
    kind = {"Exact": 0, "RegularExpression": 1}.get(match.path.type, 2)
    return (
        kind,
        -len(match.path.value.rstrip("/") if kind == 2 else match.path.value),
        0 if match.method else 1,
        -len(distinct(match.headers, ignore_case=True)),
        -len(distinct(match.query_params)),
    )


def _call_rank(match: Any) -> Rank:
    """Regular expressions first, as for paths; after that the longest service, the longest method."""
    method = match.method
    headers = -len(distinct(match.headers, ignore_case=True))
    if method is None:
        return (0, 0, 0, headers)
    is_regex = method.type == "RegularExpression"
    return (-1 if is_regex else 0, -len(method.service), -len(method.method), headers)

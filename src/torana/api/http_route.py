"""HTTPRoute: which HTTP requests go to which backends, and what is done to them on the way?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.filters.http import HTTPRouteFilter, http_filters
from torana.api.http_match import HTTPRouteMatch
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.parents import CommonRouteSpec, RouteStatus
from torana.api.references import GATEWAY_GROUP, BackendRef
from torana.api.rules import match_total_rule, unique_rule_names
from torana.api.session_persistence import SessionPersistence

_ANY_PATH = [{"path": {"type": "PathPrefix", "value": "/"}}]


class HTTPBackendRef(BackendRef, kw_only=True):
    """A backend with its share of the traffic, and what is done to the requests that go there."""

    filters: Annotated[tuple[HTTPRouteFilter, ...], http_filters("Filters for requests to this backend only.")] = ()


class HTTPRouteTimeouts(ApiStruct, kw_only=True):
    """How long things may take. `0s` means for ever."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') &&"
            " duration(self.backendRequest) > duration(self.request))",
            "backendRequest timeout cannot be longer than request timeout",
        ),
    )

    request: Annotated[
        str, limits.duration("From the client's request to the end of the response, retries included. Then 504.")
    ] = ""
    backend_request: Annotated[str, limits.duration("For each single attempt at a backend.")] = ""


class HTTPRouteRetry(ApiStruct, kw_only=True):
    """When and how often a failed request is tried again."""

    codes: Annotated[
        tuple[int, ...],
        Field(
            "Statuses upon which to try again. Connection failures are tried again in any case.",
            list_type="set",
            item=Field(minimum=400, maximum=599),
        ),
    ] = ()
    attempts: Annotated[int | None, Field("How many times to try again at most.", minimum=1)] = None
    backoff: Annotated[str, limits.duration("Least time to wait between attempts.")] = ""


_ONE_PREFIX_MATCH = (
    "((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix')"
    " ? false : true)"
)


def _prefix_rules(filter_name: str, field: str, backend_prefix: str) -> tuple[Rule, Rule]:
    """Rules: replacing the matched prefix, on the rule or on a backend, needs exactly one match, of type PathPrefix."""
    one_replaces = (
        f"exists_one(f, has(f.{field}) && has(f.{field}.path) && f.{field}.path.type == 'ReplacePrefixMatch'"
        f" && has(f.{field}.path.replacePrefixMatch))"
    )
    on_rule = f"has(self.filters) && self.filters.{one_replaces}"
    on_backend = (
        f"has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && b.filters.{one_replaces}) )"
    )
    message = (
        f"hen using {filter_name} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified"
    )
    return (
        Rule(f"({on_rule}) ? {_ONE_PREFIX_MATCH} : true", f"W{message}"),
        Rule(f"({on_backend}) ? {_ONE_PREFIX_MATCH} : true", f"{backend_prefix}{message}"),
    )


class HTTPRouteRule(ApiStruct, kw_only=True):
    """Requests that fit one of `matches` go through `filters` to `backendRefs`."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) ||"
            " self.filters.all(f, !has(f.requestRedirect))): true",
            "RequestRedirect filter must not be used together with backendRefs",
        ),
        *_prefix_rules("RequestRedirect", "requestRedirect", "Within backendRefs, w"),
        *_prefix_rules("URLRewrite", "urlRewrite", "Within backendRefs, W"),
    )

    name: Annotated[str, limits.section_name("Name of the rule, unique in the route. Policies may refer to it.")] = ""
    matches: Annotated[
        tuple[HTTPRouteMatch, ...],
        limits.atomic_list(
            "Which requests the rule is for; one of these must hold. Among all rules that a request fits, the most"
            " specific path wins, then method, headers, query parameters, then the older route.",
            max_items=64,
            default=_ANY_PATH,
        ),
    ] = (HTTPRouteMatch(),)
    filters: Annotated[tuple[HTTPRouteFilter, ...], http_filters("What is done to requests and responses.")] = ()
    backend_refs: Annotated[
        tuple[HTTPBackendRef, ...],
        limits.atomic_list(
            "Where requests go, by weight. The share of a backend that cannot be resolved is answered with 500.",
            max_items=16,
        ),
    ] = ()
    timeouts: Annotated[HTTPRouteTimeouts | None, Field("How long requests may take.")] = None
    retry: Annotated[HTTPRouteRetry | None, Field("When failed requests are tried again.", channel="experimental")] = (
        None
    )
    session_persistence: Annotated[
        SessionPersistence | None,
        Field("Keeps the requests of a session at one backend.", channel="experimental"),
    ] = None


class HTTPRouteSpec(CommonRouteSpec, kw_only=True):
    """Which requests go where."""

    hostnames: Annotated[
        tuple[str, ...],
        limits.atomic_list(
            "Hostnames the route is for, compared with the Host header; `*.example.com` fits any name below. Only those"
            " that also fit the listener count. When empty, the listener's.",
            max_items=16,
            item=limits.hostname(""),
        ),
    ] = ()
    rules: Annotated[
        tuple[HTTPRouteRule, ...],
        limits.atomic_list(
            "What happens to which requests.",
            max_items=16,
            min_items=1,
            default=[{"matches": _ANY_PATH}],
            rules=(match_total_rule(absent_matches=False), unique_rule_names("experimental")),
        ),
    ] = (HTTPRouteRule(),)


class HTTPRoute(Object, kw_only=True):
    """Sends HTTP requests from listeners to backends by hostname, path, headers, method and query parameters."""

    spec: Annotated[HTTPRouteSpec, Field("Which requests go where.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


HTTP_ROUTE = Kind(
    group=GATEWAY_GROUP,
    kind="HTTPRoute",
    plural="httproutes",
    struct=HTTPRoute,
    versions=(Version("v1", storage=True), Version("v1beta1")),
    categories=("gateway-api",),
    columns=(
        Column("Hostnames", "string", ".spec.hostnames"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    is_custom=True,
)

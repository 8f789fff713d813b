"""GRPCRoute: which gRPC calls go to which backends, and what is done to them on the way?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.filters.grpc import GRPCRouteFilter, grpc_filters
from torana.api.grpc_match import GRPCRouteMatch
from torana.api.kind import Column, Kind
from torana.api.meta import Object
from torana.api.parents import CommonRouteSpec, RouteStatus
from torana.api.references import GATEWAY_GROUP, BackendRef
from torana.api.rules import match_total_rule, unique_rule_names
from torana.api.session_persistence import SessionPersistence


class GRPCBackendRef(BackendRef, kw_only=True):
    """A backend with its share of the calls, and what is done to the calls that go there."""

    filters: Annotated[tuple[GRPCRouteFilter, ...], grpc_filters("Filters for calls to this backend only.")] = ()


class GRPCRouteRule(ApiStruct, kw_only=True):
    """Calls that fit one of `matches` go through `filters` to `backendRefs`."""

    name: Annotated[str, limits.section_name("Name of the rule, unique in the route. Policies may refer to it.")] = ""
    matches: Annotated[
        tuple[GRPCRouteMatch, ...],
        limits.atomic_list(
            "Which calls the rule is for; one of these must hold. When empty, all calls. Among all rules that a call"
            " fits, the longest service wins, then method, headers, then the older route.",
            max_items=64,
        ),
    ] = ()
    filters: Annotated[tuple[GRPCRouteFilter, ...], grpc_filters("What is done to calls and answers.")] = ()
    backend_refs: Annotated[
        tuple[GRPCBackendRef, ...],
        limits.atomic_list(
            "Where calls go, by weight. The share of a backend that cannot be resolved is answered with UNAVAILABLE.",
            max_items=16,
        ),
    ] = ()
    session_persistence: Annotated[
        SessionPersistence | None,
        Field("Keeps the calls of a session at one backend.", channel="experimental"),
    ] = None


class GRPCRouteSpec(CommonRouteSpec, kw_only=True):
    """Which calls go where."""

    hostnames: Annotated[
        tuple[str, ...],
        limits.atomic_list(
            "Hostnames the route is for, compared with the authority of the call; `*.example.com` fits any name below."
            " Only those that also fit the listener count. When empty, the listener's.",
            max_items=16,
            item=limits.hostname(""),
        ),
    ] = ()
    rules: Annotated[
        tuple[GRPCRouteRule, ...],
        limits.atomic_list(
            "What happens to which calls.",
            max_items=16,
            rules=(match_total_rule(absent_matches=True), unique_rule_names("experimental")),
        ),
    ] = ()


class GRPCRoute(Object, kw_only=True):
    """Sends gRPC calls from listeners to backends by hostname, service, method and headers."""

    spec: Annotated[GRPCRouteSpec, Field("Which calls go where.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


GRPC_ROUTE = Kind(
    group=GATEWAY_GROUP,
    kind="GRPCRoute",
    plural="grpcroutes",
    struct=GRPCRoute,
    categories=("gateway-api",),
    columns=(
        Column("Hostnames", "string", ".spec.hostnames"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    is_custom=True,
)

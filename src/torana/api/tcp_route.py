"""TCPRoute: to which backends do TCP connections go?"""

from __future__ import annotations

from typing import Annotated

from torana.api.field import Field
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.parents import CommonRouteSpec, RouteStatus
from torana.api.references import GATEWAY_GROUP
from torana.api.stream_rule import ONE_RULE, SEVERAL_RULES, StreamRule, superseded


class TCPRouteSpec(CommonRouteSpec, kw_only=True):
    """Where connections go."""

    rules: Annotated[tuple[StreamRule, ...], ONE_RULE]


class TCPRoute(Object, kw_only=True):
    """Sends TCP connections from listeners to backends, by nothing but the listener's port."""

    spec: Annotated[TCPRouteSpec, Field("Where connections go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


class TCPRouteSpecV1Alpha2(CommonRouteSpec, kw_only=True):
    """Where connections go."""

    rules: Annotated[tuple[StreamRule, ...], SEVERAL_RULES]


class TCPRouteV1Alpha2(Object, kw_only=True):
    """Sends TCP connections from listeners to backends, by nothing but the listener's port."""

    spec: Annotated[TCPRouteSpecV1Alpha2, Field("Where connections go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


TCP_ROUTE = Kind(
    group=GATEWAY_GROUP,
    kind="TCPRoute",
    plural="tcproutes",
    struct=TCPRoute,
    versions=(
        Version("v1", storage=True),
        Version(
            "v1alpha2",
            channel="experimental",
            deprecated=superseded("TCPRoute", "v1alpha2"),
            struct=TCPRouteV1Alpha2,
        ),
    ),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
)

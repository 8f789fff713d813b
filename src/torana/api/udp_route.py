"""UDPRoute: to which backends do UDP datagrams go?"""

from __future__ import annotations

from typing import Annotated

from torana.api.field import Field
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.parents import CommonRouteSpec, RouteStatus
from torana.api.references import GATEWAY_GROUP
from torana.api.stream_rule import ONE_RULE, SEVERAL_RULES, StreamRule, superseded


class UDPRouteSpec(CommonRouteSpec, kw_only=True):
    """Where datagrams go."""

    rules: Annotated[tuple[StreamRule, ...], ONE_RULE]


class UDPRoute(Object, kw_only=True):
    """Sends UDP datagrams from listeners to backends, by nothing but the listener's port."""

    spec: Annotated[UDPRouteSpec, Field("Where datagrams go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


class UDPRouteSpecV1Alpha2(CommonRouteSpec, kw_only=True):
    """Where datagrams go."""

    rules: Annotated[tuple[StreamRule, ...], SEVERAL_RULES]


class UDPRouteV1Alpha2(Object, kw_only=True):
    """Sends UDP datagrams from listeners to backends, by nothing but the listener's port."""

    spec: Annotated[UDPRouteSpecV1Alpha2, Field("Where datagrams go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


UDP_ROUTE = Kind(
    group=GATEWAY_GROUP,
    kind="UDPRoute",
    plural="udproutes",
    struct=UDPRoute,
    versions=(
        Version("v1", storage=True),
        Version(
            "v1alpha2",
            channel="experimental",
            deprecated=superseded("UDPRoute", "v1alpha2"),
            struct=UDPRouteV1Alpha2,
        ),
    ),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
)

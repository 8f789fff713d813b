"""TLSRoute: to which backends do TLS connections go, by the server name they ask for?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import Field, Rule
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.parents import CommonRouteSpec, RouteStatus
from torana.api.references import GATEWAY_GROUP
from torana.api.stream_rule import ONE_RULE, SEVERAL_RULES, StreamRule, superseded

# Inside a CEL string literal, so the backslash is doubled.
_NAME = "'^(" + limits.SUBDOMAIN.replace("\\", "\\\\") + ")$'"
_HOSTNAME_RULES = (
    Rule("self.all(h, !isIP(h))", "Hostnames cannot contain an IP"),
    Rule(
        f"self.all(h, !h.contains('*') ? h.matches({_NAME}) : true)",
        "Hostnames must be valid based on RFC-1123",
    ),
    Rule(
        f"self.all(h, h.contains('*') ? (h.startsWith('*.') && h.substring(2).matches({_NAME})) : true)",
        "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123",
    ),
)
_HOSTNAMES_DOC = (
    "Server names the route is for; `*.example.com` fits any name below. Only those that also fit the listener count."
)


class TLSRouteSpec(CommonRouteSpec, kw_only=True):
    """Where connections go."""

    hostnames: Annotated[
        tuple[str, ...],
        # Objects written in v1alpha2 may have none.
        limits.atomic_list(
            _HOSTNAMES_DOC,
            max_items=1024,
            min_items=1,
            item=limits.hostname(""),
            rules=_HOSTNAME_RULES,
            is_required=True,
        ),
    ] = ()
    rules: Annotated[tuple[StreamRule, ...], ONE_RULE]


class TLSRoute(Object, kw_only=True):
    """Sends TLS connections from listeners to backends by the server name that the client asks for."""

    spec: Annotated[TLSRouteSpec, Field("Where connections go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


class TLSRouteSpecV1Alpha2(CommonRouteSpec, kw_only=True):
    """Where connections go."""

    hostnames: Annotated[
        tuple[str, ...], limits.atomic_list(_HOSTNAMES_DOC, max_items=1024, item=limits.hostname(""))
    ] = ()
    rules: Annotated[tuple[StreamRule, ...], SEVERAL_RULES]


class TLSRouteV1Alpha2(Object, kw_only=True):
    """Sends TLS connections from listeners to backends by the server name that the client asks for."""

    spec: Annotated[TLSRouteSpecV1Alpha2, Field("Where connections go.")]
    status: Annotated[RouteStatus | None, Field("What the parents say about the route.")] = None


TLS_ROUTE = Kind(
    group=GATEWAY_GROUP,
    kind="TLSRoute",
    plural="tlsroutes",
    struct=TLSRoute,
    versions=(
        Version("v1", storage=True),
        Version(
            "v1alpha2", channel="experimental", deprecated=superseded("TLSRoute", "v1alpha2"), struct=TLSRouteV1Alpha2
        ),
        Version("v1alpha3", channel="experimental", deprecated=superseded("TLSRoute", "v1alpha3")),
    ),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
)

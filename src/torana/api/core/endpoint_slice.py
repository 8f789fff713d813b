"""EndpointSlice: the addresses behind a Service, and how they are."""

from __future__ import annotations

from typing import Annotated

import msgspec

from torana.api.core.object_reference import ObjectReference
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


class EndpointConditions(ApiStruct, kw_only=True):
    """How an endpoint is. Absent means unknown, read as true for `ready` and `serving`, false for `terminating`."""

    ready: Annotated[bool | None, Field("The endpoint takes new traffic: it serves and is not on its way out.")] = None
    serving: Annotated[bool | None, Field("The endpoint can answer, even if it is on its way out.")] = None
    terminating: Annotated[bool | None, Field("The endpoint is on its way out.")] = None


class ForZone(ApiStruct, kw_only=True):
    """A zone that should use an endpoint."""

    name: Annotated[str, Field("Name of the zone.")]


class ForNode(ApiStruct, kw_only=True):
    """A node that should use an endpoint."""

    name: Annotated[str, Field("Name of the node.")]


class EndpointHints(ApiStruct, kw_only=True):
    """Who should use an endpoint."""

    for_zones: Annotated[tuple[ForZone, ...], Field("Zones that should use it.", list_type="atomic")] = ()
    for_nodes: Annotated[tuple[ForNode, ...], Field("Nodes that should use it.", list_type="atomic")] = ()


class Endpoint(ApiStruct, kw_only=True):
    """One backend, usually a Pod."""

    addresses: Annotated[
        tuple[str, ...],
        Field("Addresses of this one backend; clients use the first.", list_type="set", min_items=1, max_items=100),
    ]
    conditions: Annotated[EndpointConditions, Field("How the endpoint is.")] = EndpointConditions()
    hostname: Annotated[str, Field("Name of the endpoint in DNS.")] = ""
    target_ref: Annotated[ObjectReference | None, Field("The object behind it, usually a Pod.")] = None
    deprecated_topology: Annotated[dict[str, str], Field("No longer used.")] = msgspec.field(default_factory=dict)
    node_name: Annotated[str, Field("Node that it runs on.")] = ""
    zone: Annotated[str, Field("Zone that it runs in.")] = ""
    hints: Annotated[EndpointHints | None, Field("Who should use it.")] = None


class EndpointPort(ApiStruct, kw_only=True):
    """A port of all endpoints of a slice."""

    name: Annotated[str, Field("Name of the Service's port; empty when it has none.", default="")] = ""
    protocol: Annotated[str, Field("TCP, UDP or SCTP.", default="TCP")] = "TCP"
    port: Annotated[int | None, Field("Number of the port.", format="int32")] = None
    app_protocol: Annotated[str, Field("What is spoken on the port, e.g. `kubernetes.io/h2c`.")] = ""


class EndpointSlice(Object, kw_only=True):
    """Some of the endpoints of a Service, which the label `kubernetes.io/service-name` names."""

    address_type: Annotated[str, Field("What the addresses are.", enum=("IPv4", "IPv6", "FQDN"))]
    endpoints: Annotated[tuple[Endpoint, ...], Field("The endpoints.", list_type="atomic", max_items=1000)] = ()
    ports: Annotated[
        tuple[EndpointPort, ...], Field("Ports that every endpoint has.", list_type="atomic", max_items=100)
    ] = ()


ENDPOINT_SLICE = Kind(
    group="discovery.k8s.io",
    kind="EndpointSlice",
    plural="endpointslices",
    struct=EndpointSlice,
    has_status=False,
    columns=(
        Column("AddressType", "string", ".addressType"),
        Column("Ports", "string", ".ports[*].port"),
        Column("Endpoints", "string", ".endpoints[*].addresses[0]"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)

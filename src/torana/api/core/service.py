"""Service: one name and address for a changing set of Pods."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Condition, Object


class ServicePort(ApiStruct, kw_only=True):
    """A port of a Service."""

    name: Annotated[str, Field("Name of the port. Required when there are several.")] = ""
    protocol: Annotated[str, Field("TCP, UDP or SCTP.", default="TCP")] = "TCP"
    app_protocol: Annotated[
        str,
        Field(
            "What is spoken on the port, e.g. `kubernetes.io/h2c` or `kubernetes.io/ws`. Gateways choose by it how they"
            " talk to the backend."
        ),
    ] = ""
    port: Annotated[int, Field("Port of the Service.", format="int32")]
    target_port: Annotated[
        int | str | None,
        Field("Port of the Pods, as number or name. When absent, the same as `port`.", int_or_string=True),
    ] = None
    node_port: Annotated[int, Field("Port on every node, for types NodePort and LoadBalancer.", format="int32")] = 0


class ClientIPConfig(ApiStruct, kw_only=True):
    """Settings of affinity by client address."""

    timeout_seconds: Annotated[int | None, Field("How long a client stays with its Pod.", format="int32")] = None


class SessionAffinityConfig(ApiStruct, kw_only=True):
    """Settings of session affinity."""

    client_ip: Annotated[ClientIPConfig | None, Field("Settings of affinity by client address.")] = msgspec.field(
        name="clientIP", default=None
    )


class ServiceSpec(ApiStruct, kw_only=True):
    """Which Pods the Service stands for, and how it is reached."""

    ports: Annotated[
        tuple[ServicePort, ...],
        Field("Ports of the Service.", list_type="map", map_keys=("port", "protocol"), merge_key="port"),
    ] = ()
    selector: Annotated[
        dict[str, str],
        Field("Labels of the Pods. Without a selector, somebody else writes the EndpointSlices.", map_type="atomic"),
    ] = msgspec.field(default_factory=dict)
    cluster_ip: Annotated[
        str, Field("Address inside the cluster. `None` makes the Service headless; empty asks for one.")
    ] = msgspec.field(name="clusterIP", default="")
    cluster_ips: Annotated[
        tuple[str, ...], Field("Addresses inside the cluster, one per IP family.", list_type="atomic")
    ] = msgspec.field(name="clusterIPs", default=())
    type: Annotated[
        str,
        Field("ClusterIP, NodePort, LoadBalancer or ExternalName: how far it is reached.", default="ClusterIP"),
    ] = "ClusterIP"
    external_ips: Annotated[
        tuple[str, ...], Field("Further addresses that somebody else leads to the nodes.", list_type="atomic")
    ] = msgspec.field(name="externalIPs", default=())
    session_affinity: Annotated[
        str, Field("`ClientIP` keeps a client at one Pod; `None` does not.", default="None")
    ] = "None"
    session_affinity_config: Annotated[SessionAffinityConfig | None, Field("Settings of session affinity.")] = None
    load_balancer_ip: Annotated[str, Field("Address asked for from the load balancer.")] = msgspec.field(
        name="loadBalancerIP", default=""
    )
    load_balancer_source_ranges: Annotated[
        tuple[str, ...], Field("Address ranges of clients that the load balancer lets in.", list_type="atomic")
    ] = ()
    load_balancer_class: Annotated[
        str, Field("Which load balancer serves the Service. When absent, the cluster's default one.")
    ] = ""
    external_name: Annotated[str, Field("DNS name that the Service stands for, with type ExternalName.")] = ""
    external_traffic_policy: Annotated[
        str, Field("`Cluster` spreads outside traffic over all Pods, `Local` keeps it on the node where it came in.")
    ] = ""
    internal_traffic_policy: Annotated[str, Field("The same for traffic from inside the cluster.")] = ""
    health_check_node_port: Annotated[
        int,
        Field("Port at which load balancers ask nodes for Pods, with `externalTrafficPolicy: Local`.", format="int32"),
    ] = 0
    publish_not_ready_addresses: Annotated[bool, Field("True: Pods count as ready whether they are or not.")] = False
    ip_families: Annotated[tuple[str, ...], Field("IP families of the Service: IPv4, IPv6.", list_type="atomic")] = ()
    ip_family_policy: Annotated[str, Field("SingleStack, PreferDualStack or RequireDualStack.")] = ""
    allocate_load_balancer_node_ports: Annotated[
        bool | None, Field("Whether a LoadBalancer Service also gets node ports.")
    ] = None
    traffic_distribution: Annotated[str, Field("Wish for where traffic goes, e.g. `PreferClose`.")] = ""


class LoadBalancerIngress(ApiStruct, kw_only=True):
    """A place where the load balancer takes in traffic."""

    ip: Annotated[str, Field("IP address.")] = ""
    hostname: Annotated[str, Field("DNS name, where there is no fixed address.")] = ""
    ip_mode: Annotated[
        str, Field("`VIP`: packets arrive with this address as destination. `Proxy`: with that of the node or Pod.")
    ] = ""
    ports: Annotated[tuple[dict[str, Any], ...], Field("State of each port.", list_type="atomic")] = ()


class LoadBalancerStatus(ApiStruct, kw_only=True):
    """Where the load balancer takes in traffic."""

    ingress: Annotated[
        tuple[LoadBalancerIngress, ...], Field("The places where traffic comes in.", list_type="atomic")
    ] = ()


class ServiceStatus(ApiStruct, kw_only=True):
    """What became of the Service."""

    load_balancer: Annotated[LoadBalancerStatus, Field("Where the load balancer takes in traffic.")] = (
        LoadBalancerStatus()
    )
    conditions: Annotated[
        tuple[Condition, ...],
        Field("Aspects of the Service's state.", list_type="map", map_keys=("type",), merge_key="type"),
    ] = ()


class Service(Object, kw_only=True):
    """One name and address for a changing set of Pods."""

    spec: Annotated[ServiceSpec, Field("Which Pods the Service stands for, and how it is reached.")] = ServiceSpec()
    status: Annotated[ServiceStatus, Field("What became of the Service.")] = ServiceStatus()


SERVICE = Kind(
    group="",
    kind="Service",
    plural="services",
    struct=Service,
    short_names=("svc",),
    categories=("all",),
    columns=(
        Column("Type", "string", ".spec.type"),
        Column("Cluster-IP", "string", ".spec.clusterIP"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)

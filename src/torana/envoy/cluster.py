"""How clusters and their endpoints become CDS and EDS resources."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.resource import Key, Resource, ResourceType, from_message
from torana.envoy.upstream_tls import needs_of, originate_tls
from torana.proxy.cluster import Cluster, Endpoints

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_CONNECT_TIMEOUT_MS = 5_000
# Envoy's own limits (1024 connections, requests, pending; 3 retries) are no policy anybody asked for.
_NO_LIMIT = 1 << 24


def render_cluster(cluster: Cluster) -> Resource:
    """The CDS resource. Envoy asks for the endpoints by the cluster's name before it uses the cluster."""
    if cluster.refusal:
        return _empty(cluster)
    message = pb.Cluster(
        name=cluster.name,
        connect_timeout=pb.duration_ms(_CONNECT_TIMEOUT_MS),
        lb_policy=pb.Cluster.LEAST_REQUEST,
        circuit_breakers={
            "thresholds": [
                {
                    "max_connections": {"value": _NO_LIMIT},
                    "max_pending_requests": {"value": _NO_LIMIT},
                    "max_requests": {"value": _NO_LIMIT},
                    "max_retries": {"value": _NO_LIMIT},
                }
            ]
        },
    )
    if cluster.protocol == "http2":
        options = pb.HttpProtocolOptions(explicit_http_config={"http2_protocol_options": {}})
        message.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(pb.packed(options))
    if cluster.retry_budget is not None:
        budget = message.circuit_breakers.thresholds[0].retry_budget
        budget.budget_percent.value = cluster.retry_budget.percent
        budget.min_retry_concurrency.value = cluster.retry_budget.min_concurrent
    needs = _set_members(message, cluster)
    if cluster.tls is not None:
        message.transport_socket.CopyFrom(originate_tls(cluster.tls, cluster.protocol))
        needs += needs_of(cluster.tls)
    return from_message(ResourceType.CDS, cluster.name, message, needs=needs, origins=(cluster.origin,))


def _set_members(message: pb.Cluster, cluster: Cluster) -> tuple[Key, ...]:
    """Endpoints that we tell, or those that DNS knows; what Envoy asks for first."""
    if cluster.host is None:
        message.type = pb.Cluster.EDS
        message.eds_cluster_config.eds_config.CopyFrom(pb.ads())
        return ((ResourceType.EDS, cluster.name),)
    message.type = pb.Cluster.STRICT_DNS
    message.dns_lookup_family = pb.Cluster.V4_PREFERRED
    message.respect_dns_ttl = True
    message.load_assignment.cluster_name = cluster.name
    address = message.load_assignment.endpoints.add().lb_endpoints.add().endpoint.address.socket_address
    address.address = cluster.host.address
    address.port_value = cluster.host.port
    return ()


def _empty(cluster: Cluster) -> Resource:
    """A cluster of the same name that nothing can be sent to: requests get 503, connections are closed."""
    message = pb.Cluster(name=cluster.name, type=pb.Cluster.STATIC)
    message.load_assignment.cluster_name = cluster.name
    return from_message(ResourceType.CDS, cluster.name, message, origins=(cluster.origin,))


def render_endpoints(endpoints: Endpoints) -> Resource:
    """The EDS resource; without endpoints it is an empty assignment, which Envoy needs too: it ends the warming."""
    message = pb.ClusterLoadAssignment(cluster_name=endpoints.cluster)
    if endpoints.endpoints:
        locality = message.endpoints.add()
        locality.load_balancing_weight.value = 1
        for endpoint in endpoints.endpoints:
            address = locality.lb_endpoints.add().endpoint.address.socket_address
            address.address = endpoint.address
            address.port_value = endpoint.port
    return from_message(ResourceType.EDS, endpoints.cluster, message)

"""With what an Envoy starts: where its control plane is, how it proves who it is, and what it counts.

`bootstrap` is the file, the same for all replicas of a proxy. What differs per Pod goes into `pod_overrides`, passed as
`--config-yaml` (Envoy merges it into the file): Kubernetes expands `$(POD_IP)` in the arguments of a container, Envoy
expands nothing. Both are JSON, which is YAML.

    envoy -c bootstrap.json --config-yaml "$(pod_overrides(...))"
          --service-node $(POD_NAME) --service-cluster <namespace>/<name>
          --concurrency <cpus> --log-level warning, and ARGUMENTS

The administration interface listens on a Unix socket only. Readiness is asked over HTTP at the Pod's own address: the
overrides hold a listener that hands `/ready`, and nothing else, on to the administration interface.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

XDS_SERVER_NAME = "torana-xds"
"""DNS name that the control plane's certificate must carry."""

READY_PORT = 19003
READY_PATH = "/ready"

ARGUMENTS = ("--disable-hot-restart", "--drain-strategy", "immediate", "--drain-time-s", "60")
"""Connections of a filter chain that changed keep its old routes. Envoy would end them gradually within ten minutes; so
they are told to close with their next answer, and what does not (a websocket, a long download) has a minute."""

_ADMIN_CLUSTER = "torana.admin"
_XDS_CLUSTER = "torana.xds"
_TYPES = "type.googleapis.com/envoy."


class BootstrapSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between proxies. Paths are those the Envoy process sees."""

    xds_host: str
    """IP address or DNS name of the control plane."""
    xds_port: int
    ca_path: str
    certificate_path: str
    """Certificate with the URI `spiffe://torana/gateway/<namespace>/<name>`."""
    key_path: str
    admin_path: str = "@torana-admin"
    """Unix socket of the administration interface; a leading `@` makes it abstract."""
    node_id: str = ""
    """Empty when given as `--service-node`."""
    node_cluster: str = ""
    """Empty when given as `--service-cluster`."""
    address: str = ""
    """Where this node wants its listeners; empty when given by the overrides."""
    max_heap_bytes: int = 0
    """Refuse work near this much memory; 0: no limit."""


def bootstrap(settings: BootstrapSettings) -> str:
    """The bootstrap file."""
    document: dict[str, Any] = {
        "node": _node(settings),
        "admin": {"address": {"pipe": {"path": settings.admin_path}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": _XDS_CLUSTER, "retry_policy": _RECONNECT}}],
            },
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {"clusters": [_xds_cluster(settings), _admin_cluster(settings)]},
        "cluster_manager": {"enable_deferred_cluster_creation": True},
        "layered_runtime": {"layers": [{"name": "static", "static_layer": _RUNTIME}]},
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": _COUNTED}}},
    }
    if settings.max_heap_bytes:
        document["overload_manager"] = _overload(settings.max_heap_bytes)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def pod_overrides(*, address: str, ready_address: str, ready_port: int = READY_PORT) -> str:
    """What to pass as `--config-yaml`. Both addresses may be references such as `$(POD_IP)`.

    `address` is where listeners bind; `ready_address`, which must be the Pod's own, is where `GET /ready` answers 200
    once the first configuration is in place.
    """
    document = {
        "node": {"metadata": {"address": address}},
        "static_resources": {"listeners": [_ready_listener(ready_address, ready_port)]},
    }
    return orjson.dumps(document).decode()


# Try again soon after a lost connection: the control plane restarts in a second.
_RECONNECT = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "2s"}}

_RUNTIME = {
    # Envoy refuses expressions of more than 100 instructions, which any repetition soon has. RE2 takes time
    # linear in the input whatever the size; the limit is there for memory.
    "re2.max_program_size.error_level": 32768,
    "re2.max_program_size.warn_level": 32768,
}

# A series nobody looks at costs memory in every cluster: 112 series become 4.
_COUNTED = [
    *({"prefix": prefix} for prefix in ("cluster_manager", "control_plane", "http.", "listener", "server")),
    *(
        {"suffix": suffix}
        for suffix in (".upstream_rq_total", ".upstream_cx_active", ".membership_healthy", ".upstream_rq_5xx")
    ),
]


def _node(settings: BootstrapSettings) -> dict[str, Any]:
    node: dict[str, Any] = {}
    if settings.node_id:
        node["id"] = settings.node_id
    if settings.node_cluster:
        node["cluster"] = settings.node_cluster
    if settings.address:
        node["metadata"] = {"address": settings.address}
    return node


def _xds_cluster(settings: BootstrapSettings) -> dict[str, Any]:
    tls = {
        "@type": _TYPES + "extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": XDS_SERVER_NAME,
        "common_tls_context": {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["h2"],
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": settings.certificate_path},
                    "private_key": {"filename": settings.key_path},
                }
            ],
            "validation_context": {
                "trusted_ca": {"filename": settings.ca_path},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": XDS_SERVER_NAME}}],
            },
        },
    }
    keepalive = {"interval": "15s", "timeout": "5s"}
    return {
        "name": _XDS_CLUSTER,
        "type": "STATIC" if _is_ip(settings.xds_host) else "STRICT_DNS",
        "connect_timeout": "2s",
        "load_assignment": _single(_XDS_CLUSTER, _socket(settings.xds_host, settings.xds_port)),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": _TYPES + "extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": keepalive}},
            }
        },
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
    }


def _admin_cluster(settings: BootstrapSettings) -> dict[str, Any]:
    return {
        "name": _ADMIN_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": _single(_ADMIN_CLUSTER, {"pipe": {"path": settings.admin_path}}),
    }


def _ready_listener(address: str, port: int) -> dict[str, Any]:
    route = {"match": {"path": READY_PATH}, "route": {"cluster": _ADMIN_CLUSTER}}
    manager = {
        "@type": _TYPES + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ready",
        "route_config": {"virtual_hosts": [{"name": "ready", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _TYPES + "extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": "ready", "address": _socket(address, port), "filter_chains": [{"filters": filters}]}


def _overload(max_heap_bytes: int) -> dict[str, Any]:
    monitor = {
        "@type": _TYPES + "extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
        "max_heap_size_bytes": max_heap_bytes,
    }
    heap = "envoy.resource_monitors.fixed_heap"
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [{"name": heap, "typed_config": monitor}],
        "actions": [
            {"name": action, "triggers": [{"name": heap, "threshold": {"value": threshold}}]}
            for action, threshold in (
                ("envoy.overload_actions.shrink_heap", 0.95),
                ("envoy.overload_actions.stop_accepting_requests", 0.98),
            )
        ],
    }


def _single(cluster: str, address: dict[str, Any]) -> dict[str, Any]:
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def _socket(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()

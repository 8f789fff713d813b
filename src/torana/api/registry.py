"""Which kinds does Torana know?"""

from __future__ import annotations

from torana.api.backend_tls_policy import BACKEND_TLS_POLICY
from torana.api.core.admission_policy import VALIDATING_ADMISSION_POLICY, VALIDATING_ADMISSION_POLICY_BINDING
from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.endpoint_slice import ENDPOINT_SLICE
from torana.api.core.event import EVENT, EVENTS_V1_EVENT
from torana.api.core.lease import LEASE
from torana.api.core.namespace import NAMESPACE
from torana.api.core.node import NODE
from torana.api.core.pod import POD
from torana.api.core.rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from torana.api.core.replica_set import REPLICA_SET
from torana.api.core.secret import SECRET
from torana.api.core.service import SERVICE
from torana.api.core.service_account import SERVICE_ACCOUNT
from torana.api.gateway import GATEWAY
from torana.api.gateway_class import GATEWAY_CLASS
from torana.api.grpc_route import GRPC_ROUTE
from torana.api.http_route import HTTP_ROUTE
from torana.api.kind import Kind
from torana.api.listener_set import LISTENER_SET
from torana.api.reference_grant import REFERENCE_GRANT
from torana.api.tcp_route import TCP_ROUTE
from torana.api.tls_route import TLS_ROUTE
from torana.api.udp_route import UDP_ROUTE
from torana.api.x_backend import X_BACKEND
from torana.api.x_backend_traffic_policy import X_BACKEND_TRAFFIC_POLICY
from torana.api.x_mesh import X_MESH

BUILT_IN_KINDS: tuple[Kind, ...] = (
    NAMESPACE,
    NODE,
    SERVICE,
    ENDPOINT_SLICE,
    SECRET,
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    POD,
    REPLICA_SET,
    DEPLOYMENT,
    EVENT,
    EVENTS_V1_EVENT,
    LEASE,
    CUSTOM_RESOURCE_DEFINITION,
    ROLE,
    CLUSTER_ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE_BINDING,
    VALIDATING_ADMISSION_POLICY,
    VALIDATING_ADMISSION_POLICY_BINDING,
)

CUSTOM_KINDS: tuple[Kind, ...] = (
    GATEWAY_CLASS,
    GATEWAY,
    LISTENER_SET,
    HTTP_ROUTE,
    GRPC_ROUTE,
    TLS_ROUTE,
    TCP_ROUTE,
    UDP_ROUTE,
    REFERENCE_GRANT,
    BACKEND_TLS_POLICY,
    X_BACKEND,
    X_BACKEND_TRAFFIC_POLICY,
    X_MESH,
)
"""The kinds of the Gateway API, which are installed as CustomResourceDefinitions."""

KINDS: tuple[Kind, ...] = BUILT_IN_KINDS + CUSTOM_KINDS

_BY_KIND = {(kind.group, kind.kind): kind for kind in KINDS}


def by_kind(group: str, kind: str) -> Kind:
    """The kind of this name; the core group is "". Raises KeyError, naming the kind, when it is not known."""
    try:
        return _BY_KIND[group, kind]
    except KeyError:
        name = f"{kind}.{group}" if group else kind
        raise KeyError(f"kind {name} is not known; torana.api.registry lists the known ones") from None

"""XBackend: a backend that is no Service, so far a host outside the cluster."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from torana.api import limits
from torana.api.backend_tls_policy import BackendTLSPolicyValidation
from torana.api.field import ApiStruct, Field, Rule
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Condition, Object
from torana.api.references import ParentReference, SecretObjectReference

EXPERIMENTAL_GROUP = "gateway.networking.x-k8s.io"
"""API group of the kinds that are still being tried out."""


class BackendExternalHostname(ApiStruct, kw_only=True):
    """A host outside the cluster."""

    hostname: Annotated[
        str,
        msgspec.structs.replace(
            limits.precise_hostname("DNS name of the host. Names of the cluster's own domain are not allowed."),
            rules=(
                Rule(
                    "!self.endsWith('.cluster.local')",
                    "hostname must not be an IP address or end with .cluster.local",
                ),
            ),
        ),
    ]


class BackendPort(ApiStruct, kw_only=True):
    """A port of a backend."""

    name: Annotated[
        str,
        Field(
            "Name of the port.",
            max_length=63,
            rules=(
                Rule(
                    "size(self) == 0 || format.dns1123Label().validate(self) == null",
                    "Name must be a valid DNS label",
                ),
            ),
        ),
    ] = ""
    port: Annotated[int, limits.port("Number of the port.")]


class BackendTLS(ApiStruct, kw_only=True):
    """How TLS is spoken with a backend."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.mode == 'ClientAndServer' ? has(self.clientCertificateRef) : !has(self.clientCertificateRef)",
            "clientCertificateRef must be set if and only if mode is ClientAndServer",
        ),
    )

    mode: Annotated[
        str,
        Field(
            "`None`: no TLS. `ServerOnly`: the backend shows a certificate. `ClientAndServer`: both sides do.",
            enum=("None", "ServerOnly", "ClientAndServer"),
        ),
    ]
    validation: Annotated[BackendTLSPolicyValidation | None, Field("What certificate the backend must show.")] = None
    client_certificate_ref: Annotated[
        SecretObjectReference | None,
        Field("Secret with the certificate and key to show to the backend, for mode ClientAndServer."),
    ] = None


class XBackendSpec(ApiStruct, kw_only=True):
    """What the backend is, and how it is spoken to."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.type == 'ExternalHostname' ? has(self.externalHostname) : !has(self.externalHostname)",
            "externalHostname must be set when type is ExternalHostname and must be unset otherwise",
        ),
    )

    type: Annotated[str, Field("What the backend is.", enum=("ExternalHostname",))]
    external_hostname: Annotated[BackendExternalHostname | None, Field("The host, for type ExternalHostname.")] = None
    port: Annotated[BackendPort, Field("Port that the backend listens on.")]
    protocol: Annotated[
        str,
        Field("What is spoken with the backend.", enum=("TCP", "HTTP", "HTTP2", "HTTP11", "H2C", "MCP")),
    ] = ""
    tls: Annotated[BackendTLS | None, Field("How TLS is spoken with the backend. When absent, it is not.")] = None


class XBackendParentStatus(ApiStruct, kw_only=True):
    """How the backend works out for one parent, as one controller says."""

    parent_ref: Annotated[ParentReference, Field("The parent, usually a Gateway that sends traffic to the backend.")]
    controller_name: Annotated[
        str, limits.controller_name("Controller that wrote this entry, e.g. `example.com/gateway-controller`.")
    ]
    conditions: Annotated[
        tuple[Condition, ...],
        Field("How the backend is judged here: `Accepted`, and others.", list_type="map", map_keys=("type",)),
    ] = ()


class XBackendStatus(ApiStruct, kw_only=True):
    """How the backend works out. Each controller writes only its own entries."""

    parents: Annotated[
        tuple[XBackendParentStatus, ...], limits.atomic_list("One entry per parent and controller.", max_items=32)
    ] = ()


class XBackend(Object, kw_only=True):
    """A backend that is no Service. Routes name it in `backendRefs`."""

    spec: Annotated[XBackendSpec, Field("What the backend is, and how it is spoken to.")]
    status: Annotated[XBackendStatus | None, Field("How the backend works out.")] = None


X_BACKEND = Kind(
    group=EXPERIMENTAL_GROUP,
    kind="XBackend",
    plural="xbackends",
    struct=XBackend,
    versions=(Version("v1alpha1", storage=True),),
    short_names=("xbackend",),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
    channel="experimental",
)

"""Which certificates does a Gateway ask of its clients, and which does it show to its backends?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.references import ObjectReference, SecretObjectReference


class FrontendTLSValidation(ApiStruct, kw_only=True):
    """How client certificates are checked."""

    ca_certificate_refs: Annotated[
        tuple[ObjectReference, ...],
        limits.atomic_list(
            "ConfigMaps (or Secrets) that hold, under `ca.crt`, the authorities whose client certificates are trusted.",
            max_items=16,
            min_items=1,
        ),
    ]
    mode: Annotated[
        str,
        Field(
            "`AllowValidOnly`: a client must show a trusted certificate. `AllowInsecureFallback`: clients without one,"
            " or with an untrusted one, are let through as well.",
            default="AllowValidOnly",
            enum=("AllowValidOnly", "AllowInsecureFallback"),
        ),
    ] = "AllowValidOnly"


class TLSConfig(ApiStruct, kw_only=True):
    """What is asked of clients that connect with TLS."""

    validation: Annotated[
        FrontendTLSValidation | None, Field("How client certificates are checked. When absent, none are asked for.")
    ] = None


class TLSPortConfig(ApiStruct, kw_only=True):
    """What is asked of clients on one port."""

    port: Annotated[int, limits.port("Port whose HTTPS listeners these settings are for.")]
    tls: Annotated[TLSConfig, Field("Settings that replace the default ones entirely on this port.")]


class FrontendTLSConfig(ApiStruct, kw_only=True):
    """What is asked of clients that connect with TLS, by port."""

    default: Annotated[TLSConfig, Field("Settings for every HTTPS listener whose port is not named in `perPort`.")]
    per_port: Annotated[
        tuple[TLSPortConfig, ...],
        Field(
            "Settings for single ports.",
            list_type="map",
            map_keys=("port",),
            max_items=64,
            rules=(
                Rule(
                    "self.all(t1, self.exists_one(t2, t1.port == t2.port))",
                    "Port for TLS configuration must be unique within the Gateway",
                ),
            ),
        ),
    ] = ()


class GatewayBackendTLS(ApiStruct, kw_only=True):
    """What the Gateway does when it connects to backends with TLS."""

    client_certificate_ref: Annotated[
        SecretObjectReference | None,
        Field("Secret with the certificate and key that the Gateway shows to backends that ask for one."),
    ] = None


class GatewayTLSConfig(ApiStruct, kw_only=True):
    """TLS settings of a whole Gateway."""

    backend: Annotated[GatewayBackendTLS | None, Field("Settings for connections to backends.")] = None
    frontend: Annotated[FrontendTLSConfig | None, Field("Settings for connections from clients.")] = None

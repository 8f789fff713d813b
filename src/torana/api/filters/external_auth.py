"""ExternalAuth: which service decides whether a request may pass, and what is it shown?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.references import BackendObjectReference


def _goes_with(protocol: str, field: str) -> tuple[Rule, ...]:
    return (
        Rule(
            f"self.protocol == '{protocol}' ? has(self.{field}) : true",
            f"{field} must be specified when protocol is set to '{protocol}'",
        ),
        Rule(
            f"has(self.{field}) ? self.protocol == '{protocol}' : true",
            f"protocol must be '{protocol}' when {field} is set",
        ),
    )


class GRPCAuthConfig(ApiStruct, kw_only=True):
    """How to talk to a service that implements Envoy's gRPC authorization protocol."""

    allowed_headers: Annotated[
        tuple[str, ...],
        Field("Request headers that the service is shown. When empty, all of them.", list_type="set", max_items=64),
    ] = ()


class HTTPAuthConfig(ApiStruct, kw_only=True):
    """How to talk to a service that answers over HTTP: 200 lets the request pass, anything else is the response."""

    path: Annotated[
        str, Field("Put before the request's path when asking the service.", max_length=1024, pattern=limits.PATH)
    ] = ""
    allowed_headers: Annotated[
        tuple[str, ...],
        Field(
            "Request headers that the service is shown besides Host, Method, Path, Content-Length and Authorization.",
            list_type="set",
            max_items=64,
        ),
    ] = ()
    allowed_response_headers: Annotated[
        tuple[str, ...],
        Field(
            "Headers of the service's answer that are copied to the request. When empty, all except those of the"
            " connection.",
            list_type="set",
            max_items=64,
        ),
    ] = ()


class ForwardBodyConfig(ApiStruct, kw_only=True):
    """How much of the request's body the service is shown."""

    max_size: Annotated[
        int, Field("Largest body, in bytes, that is gathered and forwarded. 0 or absent: no body is forwarded.")
    ] = 0


class HTTPExternalAuthFilter(ApiStruct, kw_only=True):
    """Asks a service whether each request may pass."""

    cel: ClassVar[tuple[Rule, ...]] = (*_goes_with("GRPC", "grpc"), *_goes_with("HTTP", "http"))

    protocol: Annotated[str, Field("Protocol to ask the service with.", enum=("HTTP", "GRPC"))]
    backend_ref: Annotated[
        BackendObjectReference, Field("The service to ask. If it cannot be resolved, requests are refused.")
    ]
    grpc: Annotated[GRPCAuthConfig | None, Field("Settings for protocol GRPC.")] = None
    http: Annotated[HTTPAuthConfig | None, Field("Settings for protocol HTTP.")] = None
    forward_body: Annotated[
        ForwardBodyConfig | None, Field("Whether and how much of the body the service is shown.")
    ] = None

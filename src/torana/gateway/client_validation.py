"""What a Gateway's HTTPS listeners ask of their clients, by port.

In: `spec.tls.frontend` and the authorities it refers to. Out: a verdict for a port. An entry for a port replaces the
default entirely. A listener without any valid authority is not served: it must never serve clients that it ought to
check. Specification: FrontendTLSConfig, FrontendTLSValidation, GEP-91.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import ObjectRef
from torana.api.references import GATEWAY_GROUP
from torana.gateway.authorities import Bundles, gather
from torana.gateway.finding import Finding
from torana.proxy.tls import ClientValidation

FEATURES = (
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
)

NO_AUTHORITY = "NoValidCACertificate"
_INSECURE = "AllowInsecureFallback"


class ValidationVerdict(msgspec.Struct, frozen=True, gc=False):
    """What is asked of clients. `not_accepted`: the listener must not be served."""

    validation: ClientValidation | None = None
    not_accepted: Finding | None = None
    unresolved: Finding | None = None


NOTHING_ASKED = ValidationVerdict()


def judge(gateway: Any, port: int, bundles: Bundles) -> ValidationVerdict:
    """The verdict for HTTPS listeners of this port."""
    for path, at, validation in _validations(gateway):
        if at in (port, None):
            return _judge(gateway, path, validation, bundles) if validation is not None else NOTHING_ASKED
    return NOTHING_ASKED


def insecure_places(gateway: Any) -> tuple[str, ...]:
    """The fields that let clients through without a trusted certificate."""
    return tuple(
        f"{path}.mode"
        for path, _, validation in _validations(gateway)
        if validation is not None and validation.mode == _INSECURE
    )


def _validations(gateway: Any) -> list[tuple[str, int | None, Any]]:
    """(field path, port, validation) in order of precedence; the port of the default is None."""
    frontend = gateway.spec.tls.frontend if gateway.spec.tls is not None else None
    if frontend is None:
        return []
    found: list[tuple[str, int | None, Any]] = [
        (f"spec.tls.frontend.perPort[{position}].tls.validation", one.port, one.tls.validation)
        for position, one in enumerate(frontend.per_port)
    ]
    return [*found, ("spec.tls.frontend.default.validation", None, frontend.default.validation)]


def _judge(gateway: Any, path: str, validation: Any, bundles: Bundles) -> ValidationVerdict:
    asker = ObjectRef(GATEWAY_GROUP, "Gateway", *gateway.metadata.ref)
    path = f"{path}.caCertificateRefs"
    authorities, findings = gather(
        validation.ca_certificate_refs, asker, path, bundles, bad_kind="InvalidCACertificateKind"
    )
    unresolved = findings[0] if findings else None
    if authorities is not None:
        return ValidationVerdict(ClientValidation(authorities, validation.mode != _INSECURE), None, unresolved)
    why = unresolved.message if unresolved is not None else "caCertificateRefs is empty"
    message = f"no authority is left to check clients with, so the listener is closed: {why}"
    return ValidationVerdict(None, Finding(NO_AUTHORITY, message, path), unresolved)

"""Which certificate a Gateway shows to backends that it speaks TLS with. Specification: GatewayBackendTLS."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.references import GATEWAY_GROUP
from torana.gateway.certificates import CertificateRef, Credentials, KeyPair, certificate, problem_of
from torana.gateway.finding import Finding
from torana.proxy.secret import Certificate

FEATURES = ("GatewayBackendClientCertificate",)


class ClientCertificate(msgspec.Struct, frozen=True, gc=False):
    """The usable certificate of a Gateway that names one, or what is wrong with it."""

    secret: Ref | None = None
    finding: Finding | None = None

    @property
    def name(self) -> str:
        """Name of the proxy's Certificate: not that of a listener's, although both may come from one Secret."""
        return f"client/{CertificateRef(self.secret).name}" if self.secret is not None else ""


def judge(gateway: Any, credentials: Credentials) -> ClientCertificate | None:
    """None for a Gateway that names no client certificate."""
    backend = gateway.spec.tls.backend if gateway.spec.tls is not None else None
    ref = backend.client_certificate_ref if backend is not None else None
    if ref is None:
        return None
    asker = ObjectRef(GATEWAY_GROUP, "Gateway", *gateway.metadata.ref)
    path = "spec.tls.backend.clientCertificateRef"
    finding = problem_of(ref, asker, path, credentials, "InvalidClientCertificateRef")
    if finding is not None:
        return ClientCertificate(finding=finding)
    return ClientCertificate(Ref(ref.namespace or asker.namespace, ref.name))


def render(chosen: ClientCertificate, pair: KeyPair | None) -> Certificate | None:
    """The proxy's Certificate; None when there is none to show."""
    if chosen.secret is None or pair is None or pair.problem:
        return None
    return msgspec.structs.replace(certificate(chosen.secret, pair), name=chosen.name)

"""What an XBackend comes to: a host outside the cluster and how it is spoken to, or why it must not be spoken to.

In: an XBackend and the authorities and certificates it refers to. Out: a verdict. A backend with a mistake gets
nothing, as one with an invalid BackendTLSPolicy does. Specification: XBackend, GEP-4894.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.gateway import backends, upstream_validation
from torana.gateway.backends import BackendVerdict, ClusterKey, Speech
from torana.gateway.certificates import problem_of
from torana.gateway.finding import Finding, bad_numbers
from torana.gateway.upstream_validation import Sight, System
from torana.proxy.cluster import Cluster, Endpoint
from torana.proxy.tls import PeerName, UpstreamTls

KIND = "XBackend"
_CLUSTER_DOMAIN = "cluster.local"
_HTTP = {"": "http1", "HTTP": "http1", "HTTP11": "http1", "HTTP2": "http2", "H2C": "http2"}
_GRPC = {"": "http2", "HTTP": "http2", "HTTP2": "http2", "H2C": "http2"}
_TCP = {"": "tcp", "TCP": "tcp"}
_PROTOCOLS: dict[str, dict[str, str]] = {"http": _HTTP, "grpc": _GRPC, "tcp": _TCP, "udp": {}}


class ExternalBackend(msgspec.Struct, frozen=True, gc=False):
    """An XBackend as judged. With `not_accepted` nothing is sent to it. `secret` holds the certificate it is shown."""

    host: Endpoint
    protocol: str = ""
    tls: UpstreamTls | None = None
    secret: Ref | None = None
    not_accepted: Finding | None = None
    unresolved: Finding | None = None

    @property
    def guard(self) -> str:
        """What tells one way of speaking to the host from all others; plain text has none."""
        if self.not_accepted is not None:
            return "refused"
        return self.tls.guard if self.tls is not None else ""


def judge(backend: Any, sight: Sight, system: System, unreadable: Finding | None = None) -> ExternalBackend:
    """The verdict on an XBackend; nothing is sent to one that is `unreadable` in part."""
    spec = backend.spec
    host = Endpoint(spec.external_hostname.hostname.lower() if spec.external_hostname else "", spec.port.port)
    found = ExternalBackend(host, spec.protocol, not_accepted=unreadable or _problem_with(spec, host.address))
    if found.not_accepted is not None or spec.tls is None or spec.tls.mode == "None":
        return found
    asker = ObjectRef(EXPERIMENTAL_GROUP, KIND, *backend.metadata.ref)
    found = _with_tls(found, spec.tls, asker, sight, system)
    return _with_certificate(found, spec.tls, asker, sight)


def _problem_with(spec: Any, hostname: str) -> Finding | None:
    path = "spec.externalHostname.hostname"
    if bad := bad_numbers(spec, "spec", "Invalid"):
        return bad[0]
    if spec.type != "ExternalHostname" or not hostname:
        return Finding("Invalid", f"{spec.type} is not a known type of backend; use ExternalHostname", "spec.type")
    if _is_address(hostname):
        return Finding("Invalid", f"{hostname} is an address; use a name", path)
    if hostname == _CLUSTER_DOMAIN or hostname.endswith(f".{_CLUSTER_DOMAIN}"):
        return Finding("Invalid", f"{hostname} is a name of the cluster's own; refer to the Service instead", path)
    if spec.protocol and not any(spec.protocol in names for names in _PROTOCOLS.values()):
        return Finding("Invalid", f"{spec.protocol} is not spoken by this controller", "spec.protocol")
    if spec.protocol == "H2C" and spec.tls is not None and spec.tls.mode != "None":
        return Finding("Invalid", "H2C is plain text; with TLS it is called HTTP2", "spec.protocol")
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _with_tls(found: ExternalBackend, tls: Any, asker: ObjectRef, sight: Sight, system: System) -> ExternalBackend:
    """Without `validation` the system's authorities must vouch for the host's own name."""
    if tls.validation is not None:
        read = upstream_validation.read(tls.validation, asker, "spec.tls.validation", sight, system)
        return msgspec.structs.replace(found, tls=read.tls, not_accepted=read.not_accepted, unresolved=read.unresolved)
    authorities = system()
    if authorities is None:
        message = "the controller's system has no authorities; name them here"
        return msgspec.structs.replace(found, not_accepted=Finding("Invalid", message, "spec.tls.validation"))
    hostname = found.host.address
    return msgspec.structs.replace(found, tls=UpstreamTls(hostname, (PeerName("dns", hostname),), authorities))


def _with_certificate(found: ExternalBackend, tls: Any, asker: ObjectRef, sight: Sight) -> ExternalBackend:
    ref, path = tls.client_certificate_ref, "spec.tls.clientCertificateRef"
    if tls.mode != "ClientAndServer":
        return found
    if ref is None:
        finding: Finding | None = Finding("InvalidClientCertificateRef", "mode ClientAndServer needs one", path)
    else:
        finding = problem_of(ref, asker, path, sight, "InvalidClientCertificateRef")
    if finding is not None:
        refused = Finding("Invalid", f"there is no certificate to show to the backend: {finding.message}", path)
        return msgspec.structs.replace(
            found, not_accepted=found.not_accepted or refused, unresolved=found.unresolved or finding
        )
    return msgspec.structs.replace(found, secret=Ref(ref.namespace or asker.namespace, ref.name))


def resolve(ref: Any, path: str, target: ObjectRef, found: ExternalBackend | None, speech: Speech) -> BackendVerdict:
    """The verdict on a reference, which is granted, to an XBackend."""
    if found is None:
        return _bad("BackendNotFound", f"{target} does not exist", path)
    port = found.host.port
    if ref.port is not None and ref.port != port:
        return _bad("BackendNotFound", f"{target} has no port {ref.port}; it has {port}", path)
    protocol = _PROTOCOLS[speech].get(found.protocol)
    if protocol is None and found.not_accepted is None:
        said = found.protocol or "no protocol"
        return _bad("UnsupportedProtocol", f"{target} says {said}, which this kind of route does not speak", path)
    key = ClusterKey(target.namespace, target.name, port, protocol or "http1", found.guard, KIND)
    if found.not_accepted is not None:
        finding = Finding("InvalidBackend", f"{target} is not accepted: {found.not_accepted.text}", path)
        return BackendVerdict(key, finding)
    return BackendVerdict(key)


def cluster(key: ClusterKey, backend: ExternalBackend) -> Cluster:
    """The proxy's cluster of an XBackend. Bytes that are the client's own TLS are not wrapped once more."""
    plain = backends.cluster(key)
    if backend.not_accepted is not None:
        return msgspec.structs.replace(plain, refusal=f"{key.backend} is not accepted")
    tls = backend.tls if key.protocol != "tls" else None
    if tls is not None and backend.secret is not None:
        tls = msgspec.structs.replace(tls, client_certificate=f"client/{key.name}")
    return msgspec.structs.replace(plain, host=backend.host, tls=tls)


def _bad(reason: str, message: str, path: str) -> BackendVerdict:
    return BackendVerdict(finding=Finding(reason, message, path))

"""What a backendRef stands for: a cluster of the proxy, or a finding.

In: a reference and the Services it may name. Order of checks: kind, grant (before existence, so that nothing leaks),
existence, port. Specification: BackendObjectReference, `ResolvedRefs` reasons, GEP-1911 for appProtocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from torana.api.kind import ObjectRef
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.gateway.finding import Finding
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.origin import Origin

FEATURES = (
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
)

SERVICE = "Service"


class ClusterKey(NamedTuple):
    """A port of a Service or XBackend and how to speak to it: what one cluster of a proxy stands for.

    `guard` stands for what its policy asks, or its own TLS; empty: neither. With another guard it is another cluster,
    so that routes go from the one to the other in the step in which they change themselves.
    """

    namespace: str
    object_name: str
    port: int
    protocol: str = "http1"
    guard: str = ""
    kind: str = SERVICE

    @property
    def backend(self) -> ObjectRef:
        """The object that the backend is."""
        group = "" if self.kind == SERVICE else EXPERIMENTAL_GROUP
        return ObjectRef(group, self.kind, self.namespace, self.object_name)

    @property
    def passed_on(self) -> ClusterKey:
        """The same backend for bytes that are the client's own TLS already: no policy may wrap them once more."""
        return self._replace(protocol="tls", guard="")

    @property
    def name(self) -> str:
        """The cluster's name, e.g. `default/backend:3000`."""
        suffix = "" if self.protocol == "http1" else f"/{self.protocol}"
        kind = "" if self.kind == SERVICE else f"{self.kind}/"
        guard = f"~{self.guard}" if self.guard else ""
        return f"{self.namespace}/{kind}{self.object_name}:{self.port}{suffix}{guard}"


class ServicePort(msgspec.Struct, frozen=True, gc=False):
    """A Service port as routing sees it."""

    name: str
    app_protocol: str


class ServiceShape(msgspec.Struct, frozen=True, gc=False):
    """What routing needs of a Service; it changes seldom, while the Service's status may change often."""

    ports: dict[tuple[str, int], ServicePort]
    """By transport (TCP, UDP) and number."""
    is_external_name: bool = False


class BackendVerdict(msgspec.Struct, frozen=True, gc=False):
    """A usable backend, or what is wrong with it. With both there is a cluster to which nothing is sent."""

    cluster: ClusterKey | None = None
    finding: Finding | None = None


Resolve = Callable[[Any, str], BackendVerdict]
"""(backendRef, its field path) → verdict."""

BackendKind = tuple[str, str]
"""Group and kind."""

Find = Callable[[Any, str, ObjectRef], BackendVerdict]
"""(backendRef, its field path, the object that it names) → verdict."""

Speech = Literal["http", "grpc", "tcp", "udp"]
"""What routes of a kind speak with their backends."""

_PROTOCOLS = {"kubernetes.io/h2c": "http2"}
_WEBSOCKETS, _SECURE_WEBSOCKETS = "kubernetes.io/ws", "kubernetes.io/wss"


def shape(service: Any) -> ServiceShape:
    """The shape of a Service."""
    return ServiceShape(
        {
            (port.protocol or "TCP", port.port): ServicePort(port.name or "", port.app_protocol or "")
            for port in service.spec.ports
        },
        service.spec.type == "ExternalName",
    )


def resolve(
    ref: Any, path: str, asker: ObjectRef, is_granted: Callable[[ObjectRef], bool], kinds: Mapping[BackendKind, Find]
) -> BackendVerdict:
    """The verdict on a reference to one of these kinds of backends."""
    group, kind = ref.group or "", ref.kind or SERVICE
    find = kinds.get((group, kind))
    if find is None:
        name = f"{group}/{kind}" if group else kind
        return _bad("InvalidKind", f"{name} is not a kind of backend; use a Service", path)
    target = ObjectRef(group, kind, ref.namespace or asker.namespace, ref.name)
    if not is_granted(target):
        return _bad(
            "RefNotPermitted", f"no ReferenceGrant in {target.namespace} lets this {asker.kind} use {target}", path
        )
    return find(ref, path, target)


def resolve_service(
    ref: Any,
    path: str,
    target: ObjectRef,
    found: ServiceShape | None,
    route_kind: str,
    speech: Speech,
    guarded: Callable[[ClusterKey], ClusterKey],
) -> BackendVerdict:
    """The verdict on a reference, which is granted, to a Service; `guarded` has its policy followed."""
    if found is None:
        return _bad("BackendNotFound", f"{target} does not exist", path)
    if found.is_external_name:
        return _bad(
            "BackendNotFound",
            f"{target} is of type ExternalName, which is not routed to; name its pods by a selector",
            path,
        )
    transport = _transport(speech)
    port = found.ports.get((transport, ref.port))
    if port is not None:
        key = guarded(ClusterKey(target.namespace, target.name, ref.port, _protocol(speech, port)))
        problem = _unspoken(speech, port.app_protocol, key)
        if problem:
            return _bad("UnsupportedProtocol", f"port {ref.port} of {target} is {port.app_protocol}; {problem}", path)
        return BackendVerdict(key)
    others = [have for have, number in found.ports if number == ref.port]
    if others:
        return _bad(
            "UnsupportedProtocol", f"port {ref.port} of {target} is {others[0]}; {route_kind} needs {transport}", path
        )
    have = ", ".join(str(number) for number in sorted({number for _, number in found.ports})) or "none"
    return _bad("BackendNotFound", f"{target} has no port {ref.port}; it has {have}", path)


def _transport(speech: str) -> str:
    return "UDP" if speech == "udp" else "TCP"


def _protocol(speech: Speech, port: ServicePort) -> str:
    """gRPC is always HTTP/2; for HTTP the port says."""
    if speech == "http":
        return _PROTOCOLS.get(port.app_protocol, "http1")
    return "http2" if speech == "grpc" else speech


def _unspoken(speech: Speech, app_protocol: str, key: ClusterKey) -> str:
    """Why what the port asks for cannot be spoken with it; empty when it can."""
    if speech == "grpc" and app_protocol in (_WEBSOCKETS, _SECURE_WEBSOCKETS):
        return "calls of a GRPCRoute are no WebSockets; use another port"
    if speech == "http" and app_protocol == _SECURE_WEBSOCKETS and not key.guard:
        return "to speak TLS with it takes a BackendTLSPolicy; create one"
    return ""


def _bad(reason: str, message: str, path: str) -> BackendVerdict:
    return BackendVerdict(finding=Finding(reason, message, path))


def cluster(key: ClusterKey) -> Cluster:
    """The proxy's cluster of a backend."""
    origin = Origin(key.backend, f"spec.ports[{key.port}]")
    return Cluster(key.name, key.protocol, origin)  # type: ignore[arg-type]


def endpoints(key: ClusterKey, service: ServiceShape | None, slices: tuple[Any, ...]) -> Endpoints:
    """Ready endpoints behind a Service port, found by the port's *name* in its EndpointSlices.

    When nothing is ready, endpoints that still serve while they terminate are better than none.
    """
    port = service.ports.get((_transport(key.protocol), key.port)) if service is not None else None
    if port is None:
        return Endpoints(key.name, ())
    ready: set[Endpoint] = set()
    draining: set[Endpoint] = set()
    for one in slices:
        numbers = [p.port for p in one.ports if (p.name or "") == port.name and p.port is not None]
        if not numbers or one.address_type == "FQDN":
            continue
        for endpoint in one.endpoints:
            conditions = endpoint.conditions
            found = {Endpoint(address, number) for address in endpoint.addresses for number in numbers}
            if conditions is None or conditions.ready is not False:
                ready |= found
            elif conditions.serving and conditions.terminating:
                draining |= found
    chosen = ready or draining
    return Endpoints(key.name, tuple(sorted(chosen, key=lambda e: (e.address, e.port))))


def has_endpoints(slices: Iterable[Any]) -> bool:
    """Whether anything is behind a Service that requests can go to."""
    return any(_serves(endpoint) for one in slices for endpoint in one.endpoints)


def _serves(endpoint: Any) -> bool:
    conditions = endpoint.conditions
    return conditions is None or conditions.ready is not False or bool(conditions.serving and conditions.terminating)

"""What each listener is worth: accepted or not, in conflict or not, with usable certificates or not.

In: the listeners of a Gateway or ListenerSet, and which are in conflict. Out: a verdict per listener. Two halves:
`shape` is what routes need to know to attach, and changes seldom; the rest adds certificates, which change without
concern for routes. Specification: GatewaySpec.listeners, Listener.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.references import GATEWAY_GROUP
from torana.gateway import client_validation
from torana.gateway.authorities import Bundles
from torana.gateway.certificates import CertificateRef, Credentials, resolve
from torana.gateway.finding import Finding, bad_numbers, unknown_options
from torana.gateway.routes.registry import PROTOCOLS, kinds_for
from torana.proxy.tls import ClientValidation

FEATURES = ("GatewayPort8080",)

GROUP = GATEWAY_GROUP


class ListenerKey(NamedTuple):
    """Identity of a listener among all. The owner is a Gateway or a ListenerSet."""

    owner: ObjectRef
    name: str


class BindKey(NamedTuple):
    """Identity of a bind among all Gateways. TCP and UDP ports of one number are two."""

    gateway: Ref
    port: int
    transport: str


class ListenerShape(msgspec.Struct, frozen=True, gc=False):
    """What a route needs to know of a listener. `kinds` are route kinds it takes; empty takes none.

    `gateway` is the one whose proxy opens it: the owner, or the parent of the ListenerSet that owns it.
    """

    gateway: Ref
    owner: ObjectRef
    name: str
    port: int
    protocol: str
    hostname: str
    kinds: tuple[str, ...]
    namespaces_from: str
    namespace_selector: Any = None
    passes_on: bool = False
    """TLS is not terminated: the backend gets it as the client sent it."""

    @property
    def key(self) -> ListenerKey:
        """Its identity."""
        return ListenerKey(self.owner, self.name)

    @property
    def label(self) -> str:
        """Its name among all listeners of the Gateway's proxy; ListenerSets may repeat names."""
        if self.owner.kind == "Gateway":
            return self.name
        return f"{self.owner.namespace}/{self.owner.name}/{self.name}"

    @property
    def bind(self) -> BindKey:
        """The bind through which the listener is reached; its other listeners are the neighbours."""
        return BindKey(self.gateway, self.port, "UDP" if self.protocol == "UDP" else "TCP")

    @property
    def speaks_http(self) -> bool:
        """Whether it has hosts and a route table; others pass on bytes."""
        return self.protocol in ("HTTP", "HTTPS")


class ListenerVerdict(msgspec.Struct, frozen=True, gc=False):
    """A listener as judged. `not_accepted`, `conflict` and `unresolved` become conditions; any of them but
    `bad_kinds` keeps the listener from being served."""

    shape: ListenerShape
    position: int
    not_accepted: Finding | None = None
    conflict: Finding | None = None
    unresolved: Finding | None = None
    bad_kinds: Finding | None = None
    certificates: tuple[CertificateRef, ...] = ()
    terminates_tls: bool = False
    client_validation: ClientValidation | None = None
    notes: str = ""
    """What of it has no effect."""

    @property
    def is_valid(self) -> bool:
        """Whether it is accepted; its certificates are another matter."""
        return not (self.not_accepted or self.conflict)

    @property
    def lacks_authorities(self) -> bool:
        """Its clients ought to be checked and cannot be."""
        return self.not_accepted is not None and self.not_accepted.reason == client_validation.NO_AUTHORITY

    @property
    def is_servable(self) -> bool:
        """Whether the proxy opens it: accepted, without conflict, and with a certificate where one is needed."""
        return self.is_valid and (not self.terminates_tls or bool(self.certificates))

    @property
    def table(self) -> str:
        """Name of the route table behind it: plain HTTP listeners of one port share one, a TLS chain has its own."""
        return table_name(self.shape)


def table_name(shape: ListenerShape) -> str:
    """Route table of a listener, unique within its Gateway."""
    if shape.protocol == "HTTP":
        return f"http-{shape.port}"
    return chain_name(shape)


class Eyes(Credentials, Bundles, Protocol):
    """How listeners see the world: grants, Secrets read as key pairs, ConfigMaps read as authorities."""


def chain_name(shape: ListenerShape) -> str:
    """Name of the filter chain of a listener that does not share one, unique within its Gateway."""
    return f"{shape.protocol.lower()}-{shape.port}-{shape.label}"


def gateway_ref(gateway: Ref) -> ObjectRef:
    """A Gateway as the owner of listeners."""
    return ObjectRef(GROUP, "Gateway", *gateway)


def set_ref(listener_set: Ref) -> ObjectRef:
    """A ListenerSet as the owner of listeners."""
    return ObjectRef(GROUP, "ListenerSet", *listener_set)


def judge_all(
    owner: ObjectRef,
    gateway: Any,
    listeners: tuple[Any, ...],
    conflicts: Mapping[int, Finding],
    eyes: Eyes,
) -> dict[ListenerKey, ListenerVerdict]:
    """A verdict for each listener of an owner; `gateway` is to open them, `conflicts` are by position."""
    verdicts = (
        _judge(owner, gateway, position, listener, conflicts.get(position), eyes)
        for position, listener in enumerate(listeners)
    )
    return {verdict.shape.key: verdict for verdict in verdicts}


def _judge(
    owner: ObjectRef, gateway: Any, position: int, listener: Any, conflict: Finding | None, eyes: Eyes
) -> ListenerVerdict:
    path = f"spec.listeners[{position}]"
    kinds, bad_kinds = _kinds(listener, path)
    not_accepted = _not_accepted(listener, path)
    certificates: tuple[CertificateRef, ...] = ()
    unresolved = None
    terminates = not_accepted is None and _terminates_tls(listener)
    if terminates:
        refs = listener.tls.certificate_refs
        certificates, unresolved = resolve(refs, owner, f"{path}.tls.certificateRefs", eyes)
    asked = client_validation.NOTHING_ASKED
    if not_accepted is None and listener.protocol == "HTTPS":
        asked = client_validation.judge(gateway, listener.port, eyes)
    return ListenerVerdict(
        _shape(owner, gateway.metadata.ref, listener, kinds if not_accepted is None else ()),
        position,
        not_accepted=not_accepted or asked.not_accepted,
        conflict=conflict,
        unresolved=unresolved or asked.unresolved,
        bad_kinds=bad_kinds,
        certificates=certificates,
        terminates_tls=terminates,
        client_validation=asked.validation,
        notes=unknown_options(listener.tls.options, "tls.options") if listener.tls is not None else "",
    )


def _shape(owner: ObjectRef, gateway: Ref, listener: Any, kinds: tuple[str, ...]) -> ListenerShape:
    namespaces = listener.allowed_routes.namespaces if listener.allowed_routes is not None else None
    return ListenerShape(
        gateway=gateway,
        owner=owner,
        name=listener.name,
        port=listener.port,
        protocol=listener.protocol,
        hostname=hostname_of(listener),
        kinds=kinds,
        namespaces_from=(namespaces.from_ if namespaces is not None else None) or "Same",
        namespace_selector=namespaces.selector if namespaces is not None else None,
        passes_on=listener.protocol == "TLS" and listener.tls is not None and _mode(listener) == "Passthrough",
    )


def _kinds(listener: Any, path: str) -> tuple[tuple[str, ...], Finding | None]:
    """Route kinds the listener takes, and what is wrong with those it asks for."""
    possible = kinds_for(listener.protocol)
    asked = listener.allowed_routes.kinds if listener.allowed_routes is not None else ()
    if not asked:
        return possible, None
    good = tuple(dict.fromkeys(k.kind for k in asked if (k.group or GROUP) == GROUP and k.kind in possible))
    bad = [k.kind for k in asked if (k.group or GROUP) != GROUP or k.kind not in possible]
    if not bad:
        return good, None
    message = (
        f"{', '.join(bad)} cannot attach to a {listener.protocol} listener; possible: {', '.join(possible) or 'none'}"
    )
    return good, Finding("InvalidRouteKinds", message, f"{path}.allowedRoutes.kinds")


def _not_accepted(listener: Any, path: str) -> Finding | None:
    if listener.protocol not in PROTOCOLS:
        supported = ", ".join(PROTOCOLS)
        return Finding(
            "UnsupportedProtocol", f"{listener.protocol} is not supported; use one of {supported}", f"{path}.protocol"
        )
    if bad := bad_numbers(listener, path, "PortUnavailable"):
        return bad[0]
    namespaces = listener.allowed_routes.namespaces if listener.allowed_routes is not None else None
    if namespaces is not None and namespaces.from_ not in ("", *_FROM):
        message = f"{namespaces.from_} is not known; use one of {', '.join(_FROM)}"
        return Finding("UnsupportedValue", message, f"{path}.allowedRoutes.namespaces.from")
    if listener.protocol not in _MODES:
        return None
    if listener.tls is None:
        return Finding("Invalid", f"a listener of protocol {listener.protocol} needs tls", f"{path}.tls")
    modes = _MODES[listener.protocol]
    if _mode(listener) not in modes:
        message = f"mode {_mode(listener)} is not possible with protocol {listener.protocol}; use {' or '.join(modes)}"
        return Finding("UnsupportedValue", message, f"{path}.tls.mode")
    return None


_FROM = ("All", "Selector", "Same", "None")
"""Whose routes a listener may take."""

_MODES = {"HTTPS": ("Terminate",), "TLS": ("Terminate", "Passthrough")}
"""What can be done with TLS, by protocol."""


def _mode(listener: Any) -> str:
    return listener.tls.mode or "Terminate"


def _terminates_tls(listener: Any) -> bool:
    return listener.protocol in _MODES and _mode(listener) == "Terminate"


def hostname_of(listener: Any) -> str:
    """TCP and UDP know no hostnames."""
    return "" if listener.protocol in ("TCP", "UDP") else (listener.hostname or "").lower()

"""Which listeners does a Gateway have, its own and those of ListenerSets, and which of them are served?

From the descriptions of `GatewaySpec.listeners`, `GatewaySpec.allowedListeners`, `ListenerSetSpec.listeners`,
`ListenerTLSConfig.certificateRefs` and the types of listener conditions.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from tests.reference import hostnames
from tests.reference.backends import is_granted
from tests.reference.objects import Objects

from torana.api.kind import Ref
from torana.api.references import GATEWAY_GROUP

_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute",),
    "TCP": ("TCPRoute",),
}
"""Which kinds of routes listeners of a protocol can carry."""


class ListenerId(NamedTuple):
    """`kind` is Gateway or ListenerSet, `owner` the object that has the listener."""

    kind: str
    owner: Ref
    name: str


class Judged(NamedTuple):
    """A listener with reasons of its conditions; several may hold at once, no more than one is told."""

    spec: Any
    conflicts: frozenset[str] = frozenset()
    unresolved: frozenset[str] = frozenset()
    certificates: tuple[Ref, ...] = ()
    """Secrets that it can use."""

    @property
    def is_accepted(self) -> bool:
        return not self.conflicts

    @property
    def passes_on(self) -> bool:
        return self.spec.protocol == "TLS" and self.spec.tls.mode == "Passthrough"

    @property
    def is_open(self) -> bool:
        """Whether connections are taken."""
        is_ready = self.spec.protocol not in ("HTTPS", "TLS") or self.passes_on or bool(self.certificates)
        return self.is_accepted and is_ready

    @property
    def is_served(self) -> bool:
        """Whether anything is known of what comes in: not so with TCP."""
        return self.is_open and self.spec.protocol != "TCP"


@lru_cache(maxsize=8)
def judged(objects: Objects, gateway: Ref) -> dict[ListenerId, Judged]:
    """All listeners of a Gateway in order of precedence: its own, then those of ListenerSets by age and name."""
    own = objects.of("Gateway")[gateway].spec.listeners
    found = _judge(objects, "Gateway", gateway, own, _indistinct(own))
    taken = list(own)  # Of those that are in each other's way none may win, so nobody else may profit either.
    for ref in attached_sets(objects, gateway):
        entries = objects.of("ListenerSet")[ref].spec.listeners
        lost = {one.name: clashes for one in entries if (clashes := _clashes(one, taken))}
        winners = [one for one in entries if one.name not in lost]
        lost |= _indistinct(winners)
        taken += [one for one in winners if one.name not in lost]
        found |= _judge(objects, "ListenerSet", ref, entries, lost)
    return found


def served(objects: Objects, gateway: Ref) -> dict[ListenerId, Judged]:
    return {key: one for key, one in judged(objects, gateway).items() if one.is_served}


def accepted_sets(objects: Objects, gateway: Ref) -> set[Ref]:
    """ListenerSets that are accepted: those with a listener that is open."""
    return {key.owner for key, one in judged(objects, gateway).items() if key.kind == "ListenerSet" and one.is_open}


def set_refusal(objects: Objects, ref: Ref) -> str:
    """Why a ListenerSet as a whole is not accepted, before its listeners are looked at; "" when it is."""
    gateway = objects.of("Gateway")[parent_of(objects.of("ListenerSet")[ref])]
    allowed = gateway.spec.allowed_listeners
    namespaces = allowed.namespaces if allowed is not None else None
    where, selector = (namespaces.from_, namespaces.selector) if namespaces is not None else ("None", None)
    if not _is_in(objects, where, selector, ref.namespace, gateway.metadata.namespace):
        return "NotAllowed"
    # A Gateway without a distinct listener has effectively none, and is rejected as a whole.
    own = gateway.spec.listeners
    return "ParentNotAccepted" if len(_indistinct(own)) == len(own) else ""


def parent_of(listener_set: Any) -> Ref:
    """The Gateway that a ListenerSet names."""
    ref = listener_set.spec.parent_ref
    return Ref(ref.namespace or listener_set.metadata.namespace, ref.name)


def attached_sets(objects: Objects, gateway: Ref) -> list[Ref]:
    """The ListenerSets that may add listeners to a Gateway, first ones first."""
    sets = [
        one
        for ref, one in objects.of("ListenerSet").items()
        if parent_of(one) == gateway and not set_refusal(objects, ref)
    ]
    sets.sort(key=lambda one: (one.metadata.creation_timestamp, str(one.metadata.ref)))
    return [one.metadata.ref for one in sets]


def allows(objects: Objects, owner: Ref, listener: Any, kind: str, namespace: str) -> bool:
    """Whether routes of this kind and namespace may attach; `Same` is the namespace of the listener's own object."""
    asked = [(one.group, one.kind) for one in _asked(listener)]
    if kind not in _KINDS[listener.protocol] or (asked and (GATEWAY_GROUP, kind) not in asked):
        return False
    allowed = listener.allowed_routes
    where, selector = (allowed.namespaces.from_, allowed.namespaces.selector) if allowed is not None else ("Same", None)
    return _is_in(objects, where, selector, namespace, owner.namespace)


def most_specific(candidates: dict[ListenerId, Judged], name: str) -> ListenerId | None:
    """Of these listeners the one that `name` belongs to."""
    fitting = [key for key, one in candidates.items() if hostnames.matches(one.spec.hostname, name)]
    return max(fitting, key=lambda key: _precision(candidates[key].spec.hostname), default=None)


def _precision(hostname: str) -> tuple[int, int]:
    """An exact name, then by the dots to the right of the wildcard, then none."""
    return (2 if hostname and not hostname.startswith("*") else 1 if hostname else 0, hostname.count("."))


def _is_in(objects: Objects, where: str, selector: Any, namespace: str, home: str) -> bool:
    if where == "Selector":
        labels = objects.namespace_labels(namespace)
        return selector is not None and all(labels.get(name) == value for name, value in selector.match_labels.items())
    return where == "All" or (where == "Same" and namespace == home)


def _clashes(one: Any, others: Iterable[Any]) -> frozenset[str]:
    """The ways in which traffic for a listener could be meant for another one as well.

    Connections of TLS are told apart by server name, whatever is inside; of other protocols a port can have but one.
    """
    found = set()
    for other in others:
        if other is one or other.port != one.port or "UDP" in (one.protocol, other.protocol):
            continue
        if _layer(one) != _layer(other):
            found.add("ProtocolConflict")
        elif one.hostname == other.hostname:
            found.add("HostnameConflict")
    return frozenset(found)


def _layer(listener: Any) -> str:
    return "TLS" if listener.protocol == "HTTPS" else str(listener.protocol)


def _asked(listener: Any) -> tuple[Any, ...]:
    return tuple(listener.allowed_routes.kinds) if listener.allowed_routes is not None else ()


def _indistinct(entries: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Listeners of one object that are in each other's way, by name: all of them lose."""
    entries = list(entries)
    return {one.name: clashes for one in entries if (clashes := _clashes(one, entries))}


def _judge(
    objects: Objects, kind: str, owner: Ref, entries: Iterable[Any], lost: dict[str, frozenset[str]]
) -> dict[ListenerId, Judged]:
    found = {}
    for one in entries:
        certificates, unresolved = _certificates(objects, kind, owner, one)
        conflicts = _told(kind, lost.get(one.name, frozenset()))
        if not {ref.kind for ref in _asked(one)} <= set(_KINDS[one.protocol]):
            unresolved |= {"InvalidRouteKinds"}
        found[ListenerId(kind, owner, one.name)] = Judged(one, conflicts, unresolved, certificates)
    return found


def _told(kind: str, conflicts: frozenset[str]) -> frozenset[str]:
    """A listener of a ListenerSet with both conflicts has a reason of its own; for Gateways there is none."""
    return frozenset({"ListenerConflict"}) if kind == "ListenerSet" and len(conflicts) > 1 else conflicts


def _certificates(objects: Objects, kind: str, owner: Ref, listener: Any) -> tuple[tuple[Ref, ...], frozenset[str]]:
    """The Secrets that a listener can use, and why it cannot use others."""
    if listener.protocol not in ("HTTPS", "TLS") or listener.tls.mode == "Passthrough":
        return (), frozenset()
    good, reasons = [], set()
    for ref in listener.tls.certificate_refs:
        target = Ref(ref.namespace or owner.namespace, ref.name)
        if target.namespace != owner.namespace and not is_granted(objects, kind, owner.namespace, "Secret", target):
            reasons.add("RefNotPermitted")
        elif (ref.group, ref.kind) != ("", "Secret") or not _is_pair(objects.of("Secret").get(target)):
            reasons.add("InvalidCertificateRef")
        else:
            good.append(target)
    return tuple(good), frozenset(reasons)


def _is_pair(secret: Any) -> bool:
    """The Secrets that are tried are right or plainly not."""
    return secret is not None and all(
        base64.b64decode(secret.data.get(name, "")).startswith(b"-----BEGIN") for name in ("tls.crt", "tls.key")
    )

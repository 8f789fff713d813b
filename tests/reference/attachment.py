"""To which listeners do routes attach, and why not?

From the descriptions of `ParentReference`, `AllowedRoutes`, `ListenerSet` and the route kinds' `hostnames`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from tests.reference import hostnames, listeners
from tests.reference.listeners import ListenerId
from tests.reference.objects import Objects

from torana.api.kind import Ref
from torana.api.references import GATEWAY_GROUP

HTTP_KINDS = ("HTTPRoute", "GRPCRoute")
KINDS = (*HTTP_KINDS, "TLSRoute")


class Attached(NamedTuple):
    """A route on a listener, under the hostnames that both allow."""

    listener: ListenerId
    hostnames: tuple[str, ...]


class Parent(NamedTuple):
    """The answer to one parentRef: `reason` of the Accepted condition, and where the route is attached.

    `counted` are the listeners that took it, also those that are not served.
    """

    gateway: Ref
    reason: str
    attached: tuple[Attached, ...] = ()
    counted: tuple[ListenerId, ...] = ()


@lru_cache(maxsize=64)
def parents(objects: Objects, kind: str, ref: Ref) -> tuple[Parent, ...]:
    """The answers to a route's parentRefs, for those that name a Gateway of ours or a ListenerSet of one."""
    route = objects.of(kind)[ref]
    found = []
    for parent_ref in route.spec.parent_refs:
        owner = Ref(parent_ref.namespace or ref.namespace, parent_ref.name)
        gateway = _gateway_of(objects, parent_ref, owner)
        if gateway is not None:
            found.append(_answer(objects, gateway, owner, parent_ref, kind, route))
    return tuple(found)


def _gateway_of(objects: Objects, parent_ref: Any, owner: Ref) -> Ref | None:
    """The Gateway of ours that a parentRef leads to, itself or by way of a ListenerSet."""
    if parent_ref.group != GATEWAY_GROUP:
        return None
    ours = {one.metadata.ref for one in objects.gateways()}
    if parent_ref.kind == "ListenerSet" and owner in objects.of("ListenerSet"):
        owner = listeners.parent_of(objects.of("ListenerSet")[owner])
    elif parent_ref.kind != "Gateway":
        return None
    return owner if owner in ours else None


def _answer(objects: Objects, gateway: Ref, owner: Ref, ref: Any, kind: str, route: Any) -> Parent:
    """Only the listeners of the very object that is named are meant."""
    named = {
        key: one.spec
        for key, one in listeners.judged(objects, gateway).items()
        if (key.kind, key.owner) == (ref.kind, owner)
        and (not ref.section_name or key.name == ref.section_name)
        and (ref.port is None or one.spec.port == ref.port)
    }
    if not named:
        return Parent(gateway, "NoMatchingParent")
    namespace = route.metadata.namespace
    allowing = {key: one for key, one in named.items() if listeners.allows(objects, owner, one, kind, namespace)}
    if not allowing:
        return Parent(gateway, "NotAllowedByListeners")
    common = {key: _common(one.hostname, route.spec.hostnames) for key, one in allowing.items()}
    if not any(common.values()):
        return Parent(gateway, "NoMatchingListenerHostname")
    served = listeners.served(objects, gateway)
    attached = tuple(Attached(key, names) for key, names in common.items() if names and key in served)
    if kind in HTTP_KINDS and all(any(map(_is_unknown, rule.filters)) for rule in route.spec.rules):
        # No rule is valid, so the route is not; its requests must get an error all the same.
        return Parent(gateway, "UnsupportedValue", attached)
    return Parent(gateway, "Accepted", attached, tuple(key for key, names in common.items() if names))


def _is_unknown(one: Any) -> bool:
    return bool(one.type == "ExtensionRef")


def _common(listener: str, route: Iterable[str]) -> tuple[str, ...]:
    found = (hostnames.intersection(listener, one) for one in route or ("",))
    return tuple(dict.fromkeys(one for one in found if one is not None))

"""Which listeners are served, which routes attach to them, and which listener does a request belong to?

From the descriptions of `GatewaySpec.listeners`, `ParentReference`, `AllowedRoutes` and the route kinds' `hostnames`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.reference import hostnames
from tests.reference.objects import Objects

from torana.api.kind import Ref
from torana.api.references import GATEWAY_GROUP

HTTP_KINDS = ("HTTPRoute", "GRPCRoute")


class ListenerId(NamedTuple):
    gateway: Ref
    name: str


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


def listeners(objects: Objects, gateway: Ref) -> dict[ListenerId, Any]:
    """The HTTP listeners that are served: each must be distinct from all others."""
    spec = objects.of("Gateway")[gateway].spec
    return {
        ListenerId(gateway, one.name): one
        for one in spec.listeners
        if one.protocol == "HTTP" and not any(_conflict(one, other) for other in spec.listeners if other is not one)
    }


def _conflict(one: Any, other: Any) -> bool:
    if one.port != other.port or "UDP" in (one.protocol, other.protocol):
        return False
    return bool(one.protocol != other.protocol or one.hostname == other.hostname)


def listener_of(served: dict[ListenerId, Any], port: int, name: str) -> ListenerId | None:
    """The listener that a request for `name` on `port` belongs to: the most specific one, and no other."""
    fitting = [key for key, one in served.items() if one.port == port and hostnames.matches(one.hostname, name)]
    return max(fitting, key=lambda key: _listener_precision(served[key].hostname), default=None)


def _listener_precision(hostname: str) -> tuple[int, int]:
    """An exact name, then by the dots to the right of the wildcard, then none."""
    return (2 if hostname and not hostname.startswith("*") else 1 if hostname else 0, hostname.count("."))


def parents(objects: Objects, kind: str, route: Any) -> list[Parent]:
    """The answers to the route's parentRefs, for those that name a Gateway of ours."""
    ours = {one.metadata.ref: one for one in objects.gateways()}
    found = []
    for ref in route.spec.parent_refs:
        gateway = ours.get(Ref(ref.namespace or route.metadata.namespace, ref.name))
        if gateway is not None and (ref.group, ref.kind) == (GATEWAY_GROUP, "Gateway"):
            found.append(_answer(objects, gateway, ref, kind, route))
    return found


def _answer(objects: Objects, gateway: Any, ref: Any, kind: str, route: Any) -> Parent:
    named = [
        one
        for one in gateway.spec.listeners
        if (not ref.section_name or one.name == ref.section_name) and (ref.port is None or one.port == ref.port)
    ]
    key = gateway.metadata.ref
    if not named:
        return Parent(key, "NoMatchingParent")
    allowing = [one for one in named if _allows(objects, gateway, one, kind, route)]
    if not allowing:
        return Parent(key, "NotAllowedByListeners")
    common = {one.name: _common(one.hostname, route.spec.hostnames) for one in allowing}
    if not any(common.values()):
        return Parent(key, "NoMatchingListenerHostname")
    served = listeners(objects, key)
    attached = [
        Attached(ListenerId(key, name), names)
        for name, names in common.items()
        if names and ListenerId(key, name) in served
    ]
    if all(any(one.type == "ExtensionRef" for one in rule.filters) for rule in route.spec.rules):
        # No rule is valid, so the route is not; its requests must get an error all the same.
        return Parent(key, "UnsupportedValue", tuple(attached))
    counted = tuple(ListenerId(key, name) for name, names in common.items() if names)
    return Parent(key, "Accepted", tuple(attached), counted)


def _allows(objects: Objects, gateway: Any, listener: Any, kind: str, route: Any) -> bool:
    if listener.protocol not in ("HTTP", "HTTPS"):
        return False
    allowed = listener.allowed_routes
    kinds = [(one.group, one.kind) for one in allowed.kinds] if allowed is not None else []
    if kinds and (GATEWAY_GROUP, kind) not in kinds:
        return False
    where, selector = (allowed.namespaces.from_, allowed.namespaces.selector) if allowed is not None else ("Same", None)
    if where == "All":
        return True
    if where == "Same":
        return bool(route.metadata.namespace == gateway.metadata.namespace)
    labels = objects.namespace_labels(route.metadata.namespace)
    return selector is not None and all(labels.get(name) == value for name, value in selector.match_labels.items())


def _common(listener: str, route: Iterable[str]) -> tuple[str, ...]:
    found = (hostnames.intersection(listener, one) for one in route or ("",))
    return tuple(dict.fromkeys(one for one in found if one is not None))

"""Which listeners a route attaches to, and why not.

In: a route, its parentRefs, the listeners of the Gateways and ListenerSets they name. Out: a verdict per parentRef.
Reasons in order: no listener selected (`NoMatchingParent`), selected ones refuse kind or namespace
(`NotAllowedByListeners`), only the hostname fails (`NoMatchingListenerHostname`). Specification: ParentReference,
AllowedRoutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.references import ParentReference
from torana.gateway.finding import Finding
from torana.gateway.hostnames import intersections
from torana.gateway.listeners import GROUP, ListenerKey, ListenerShape, gateway_ref
from torana.gateway.selectors import selects

FEATURES = (
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteParentRefPort",
)


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A listener that takes the route, for these hostnames ("" is any). `passes_on`: TLS is not terminated there."""

    listener: ListenerKey
    hostnames: tuple[str, ...]
    passes_on: bool = False


class ParentVerdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one parentRef that names a Gateway of ours, or a ListenerSet at one. Accepted when there is no
    finding.

    Which listeners took the route is not said, so that it stays the same when listeners come and go.
    """

    gateway: Ref
    parent_ref: Any
    controller_name: str
    finding: Finding | None = None
    ways: tuple[bool, ...] = ()
    """How the listeners that took the route hand over TLS: passed on (True), terminated or never there (False)."""
    is_default: bool = False
    """The route does not name this Gateway, it asks for default ones."""
    is_former: bool = False
    """Named by the version that is served, not by the route as it is: no part of its status."""


class Joined(msgspec.Struct, frozen=True, gc=False):
    """A parent of a route, and the listeners there that took it."""

    verdict: ParentVerdict
    attachments: tuple[Attachment, ...] = ()


def fall_back(joined: tuple[Joined, ...], earlier: tuple[Joined, ...], generation: int) -> tuple[Joined, ...]:
    """The parents of a route while it is an earlier version that is served: attached as that version is.

    Served where the new one wants to be, the old one could take requests that neither of them would.
    """
    former = {one.verdict.parent_ref: one for one in earlier}
    found = []
    for one in joined:
        before = former.get(one.verdict.parent_ref)
        if before is None:
            message = f"the proxy rejected this version; generation {generation}, which is served, has another parent"
            finding = one.verdict.finding or Finding("UnsupportedValue", message)
            before = Joined(msgspec.structs.replace(one.verdict, finding=finding, ways=()))
        found.append(before)
    named = {one.verdict.parent_ref for one in joined}
    left = (
        msgspec.structs.replace(one, verdict=msgspec.structs.replace(one.verdict, is_former=True))
        for ref, one in former.items()
        if ref not in named
    )
    return (*found, *left)


def parent_of(parent_ref: Any, namespace: str) -> ObjectRef:
    """What a parentRef of a route in this namespace names: a Gateway, a ListenerSet, or something else."""
    return ObjectRef(
        parent_ref.group or GROUP, parent_ref.kind or "Gateway", parent_ref.namespace or namespace, parent_ref.name
    )


def default_parent(gateway: Ref) -> Any:
    """The parentRef of a route that asks for default Gateways, for one of them. Specification: GEP-3793."""
    return ParentReference(group=GROUP, kind="Gateway", namespace=gateway.namespace, name=gateway.name)


def names_whole(parent_ref: Any, namespace: str, gateway: Ref) -> bool:
    """Whether a parentRef of a route in this namespace is the Gateway, not some of its listeners."""
    is_part = parent_ref.section_name or parent_ref.port is not None
    return not is_part and parent_of(parent_ref, namespace) == gateway_ref(gateway)


def attach(
    route: Any,
    kind: str,
    parent_ref: Any,
    listeners: Iterable[ListenerShape],
    labels_of: Callable[[str], dict[str, str]],
) -> tuple[tuple[Attachment, ...], Finding | None]:
    """Attachments of one parentRef to the listeners of what it names, or the finding.

    `labels_of` gives a namespace's labels.
    """
    selected = [shape for shape in listeners if _is_selected(shape, parent_ref)]
    if not selected:
        parent = parent_of(parent_ref, route.metadata.namespace)
        return (), Finding("NoMatchingParent", f"{parent} has no listener {_wanted(parent_ref)}")
    allowing = [
        shape
        for shape in selected
        if kind in shape.kinds and _allows_namespace(shape, route.metadata.namespace, labels_of)
    ]
    if not allowing:
        return (), Finding("NotAllowedByListeners", _refusal(route, kind, selected))
    found = []
    hostnames = getattr(route.spec, "hostnames", ())  # TCPRoute and UDPRoute have none
    for shape in allowing:
        shared = intersections(shape.hostname, hostnames)
        if shared:
            found.append(Attachment(shape.key, shared, shape.passes_on))
    if not found:
        theirs = ", ".join(shape.hostname for shape in allowing)
        return (), Finding(
            "NoMatchingListenerHostname",
            f"hostnames {', '.join(hostnames)} have nothing in common with the listeners' {theirs}",
            "spec.hostnames",
        )
    return tuple(found), None


def _is_selected(shape: ListenerShape, parent_ref: Any) -> bool:
    if parent_ref.section_name and parent_ref.section_name != shape.name:
        return False
    return parent_ref.port is None or parent_ref.port == shape.port


def _wanted(parent_ref: Any) -> str:
    parts = []
    if parent_ref.section_name:
        parts.append(f"named {parent_ref.section_name}")
    if parent_ref.port is not None:
        parts.append(f"on port {parent_ref.port}")
    return " ".join(parts) or "at all"


def _allows_namespace(shape: ListenerShape, namespace: str, labels_of: Callable[[str], dict[str, str]]) -> bool:
    if shape.namespaces_from == "All":
        return True
    if shape.namespaces_from == "Same":
        return namespace == shape.owner.namespace
    if shape.namespaces_from == "Selector":
        return selects(shape.namespace_selector, labels_of(namespace))
    return False


def _refusal(route: Any, kind: str, selected: list[ListenerShape]) -> str:
    names = ", ".join(shape.name for shape in selected)
    if not any(kind in shape.kinds for shape in selected):
        return f"listeners {names} do not take {kind}"
    return f"listeners {names} do not take routes from namespace {route.metadata.namespace} (allowedRoutes.namespaces)"

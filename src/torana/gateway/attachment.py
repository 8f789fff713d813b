"""Which listeners a route attaches to, and why not.

In: a route, its parentRefs, the listeners of the Gateways they name. Out: a verdict per parentRef. Reasons in order:
no listener selected (`NoMatchingParent`), selected ones refuse kind or namespace (`NotAllowedByListeners`), only the
hostname fails (`NoMatchingListenerHostname`). Specification: ParentReference, AllowedRoutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from torana.api.kind import Ref
from torana.gateway.finding import Finding
from torana.gateway.hostnames import intersections
from torana.gateway.listeners import GROUP, ListenerShape
from torana.gateway.selectors import selects


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A listener that takes the route, for these hostnames ("" is any)."""

    listener: str
    hostnames: tuple[str, ...]


class ParentVerdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one parentRef that names a Gateway of ours. Accepted when there is no finding."""

    position: int
    gateway: Ref
    parent_ref: Any
    controller_name: str
    attachments: tuple[Attachment, ...] = ()
    finding: Finding | None = None


def names_gateway(parent_ref: Any) -> bool:
    """Whether a parentRef names a Gateway (and not, say, a Service)."""
    return (parent_ref.group or GROUP) == GROUP and (parent_ref.kind or "Gateway") == "Gateway"


def gateway_of(parent_ref: Any, route: Any) -> Ref:
    """The Gateway that a parentRef names."""
    return Ref(parent_ref.namespace or route.metadata.namespace, parent_ref.name)


def attach(
    route: Any,
    kind: str,
    parent_ref: Any,
    listeners: Iterable[ListenerShape],
    labels_of: Callable[[str], dict[str, str]],
) -> tuple[tuple[Attachment, ...], Finding | None]:
    """Attachments of one parentRef to the listeners of its Gateway, or the finding.

    `labels_of` gives a namespace's labels.
    """
    gateway = gateway_of(parent_ref, route)
    selected = [shape for shape in listeners if _is_selected(shape, parent_ref)]
    if not selected:
        return (), Finding("NoMatchingParent", f"Gateway {gateway} has no listener {_wanted(parent_ref)}")
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
            found.append(Attachment(shape.name, shared))
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
        return namespace == shape.gateway.namespace
    if shape.namespaces_from == "Selector":
        return selects(shape.namespace_selector, labels_of(namespace))
    return False


def _refusal(route: Any, kind: str, selected: list[ListenerShape]) -> str:
    names = ", ".join(shape.name for shape in selected)
    if not any(kind in shape.kinds for shape in selected):
        return f"listeners {names} do not take {kind}"
    return f"listeners {names} do not take routes from namespace {route.metadata.namespace} (allowedRoutes.namespaces)"

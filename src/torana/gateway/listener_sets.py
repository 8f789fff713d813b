"""Which ListenerSets may add listeners to a Gateway of ours.

In: a ListenerSet, the Gateway it names, the labels of namespaces. Specification: ListenerSetSpec.parentRef,
GatewaySpec.allowedListeners, ListenerSetConditionType.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from torana.api.kind import Ref
from torana.gateway.finding import Finding
from torana.gateway.gateways import MOST_LISTENERS, ManagedGateway, without_status
from torana.gateway.listeners import GROUP
from torana.gateway.selectors import selects

FEATURES = ("ListenerSet",)


class ManagedSet(msgspec.Struct, frozen=True, gc=False):
    """A ListenerSet that names a Gateway of ours. `object` has no status and no bookkeeping.

    With `finding` none of its listeners is opened.
    """

    object: Any
    gateway: Ref
    controller_name: str
    finding: Finding | None = None

    @property
    def listeners(self) -> tuple[Any, ...]:
        """Those that there is room for."""
        return tuple(self.object.spec.listeners[:MOST_LISTENERS])

    @property
    def precedence(self) -> tuple[str, str]:
        """Smaller goes first: the older one, then by name."""
        meta = self.object.metadata
        return meta.creation_timestamp or "", f"{meta.namespace}/{meta.name}"


def parent_of(listener_set: Any) -> Ref | None:
    """The Gateway that a ListenerSet names; None when it names something else."""
    ref = listener_set.spec.parent_ref
    if (ref.group or GROUP, ref.kind or "Gateway") != (GROUP, "Gateway"):
        return None
    return Ref(ref.namespace or listener_set.metadata.namespace, ref.name)


def admit(
    listener_set: Any,
    managed: ManagedGateway,
    is_accepted: bool,
    labels_of: Callable[[str], dict[str, str]],
    unreadable: Finding | None = None,
) -> ManagedSet:
    """The ListenerSet as its Gateway sees it; `is_accepted` says whether the Gateway itself is.

    One that is `unreadable` in part is not accepted.
    """
    gateway = managed.object
    finding = unreadable
    if not _is_allowed(gateway, listener_set.metadata.namespace, labels_of):
        message = f"Gateway {gateway.metadata.ref} takes no ListenerSets from namespace"
        finding = Finding(
            "NotAllowed", f"{message} {listener_set.metadata.namespace} (allowedListeners.namespaces)", "spec.parentRef"
        )
    elif finding is None and not is_accepted:
        finding = Finding(
            "ParentNotAccepted", f"Gateway {gateway.metadata.ref} is not accepted; see its status", "spec.parentRef"
        )
    return ManagedSet(
        without_status(listener_set), gateway.metadata.ref, managed.gateway_class.controller_name, finding
    )


def _is_allowed(gateway: Any, namespace: str, labels_of: Callable[[str], dict[str, str]]) -> bool:
    """Nobody is, unless the Gateway says so."""
    allowed = gateway.spec.allowed_listeners
    namespaces = allowed.namespaces if allowed is not None else None
    match namespaces.from_ if namespaces is not None else "None":
        case "All":
            return True
        case "Same":
            return bool(namespace == gateway.metadata.namespace)
        case "Selector" if namespaces is not None:
            return selects(namespaces.selector, labels_of(namespace))
    return False

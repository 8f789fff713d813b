"""Which listeners are in each other's way, and who has to give way.

Two listeners clash when a port is asked for in two ways, or twice for one hostname. Within one object nobody wins: all
that clash are refused. Between objects the first wins: the Gateway, then its ListenerSets from the oldest on. What
clashes in both ways at once has a reason of its own in a ListenerSet, and none in a Gateway. Specification:
GatewaySpec.listeners, ListenerSetSpec.listeners, ListenerEntryReasonListenerConflict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from torana.gateway.finding import Finding
from torana.gateway.listeners import hostname_of
from torana.gateway.routes.registry import PROTOCOLS

K = TypeVar("K")
Conflicts = dict[int, Finding]
"""By position in the list of listeners."""


_BOTH = "ListenerConflict"


def within(listeners: Mapping[int, Any], both: str = "ProtocolConflict") -> Conflicts:
    """Listeners of one object, by position, that are not distinct: all of them are refused.

    `both` is the reason where protocol and hostname clash.
    """
    places = Counter((_port(one), _layer(one), hostname_of(one)) for one in listeners.values())
    layers: dict[tuple[int, bool], set[str]] = {}
    for one in listeners.values():
        layers.setdefault(_port(one), set()).add(_layer(one))
    found = {}
    for position, one in listeners.items():
        path = f"spec.listeners[{position}]"
        rivals = layers[_port(one)]
        is_repeated = places[(_port(one), _layer(one), hostname_of(one))] > 1
        if len(rivals) > 1:
            others = ", ".join(sorted(rivals))
            reason = both if is_repeated else "ProtocolConflict"
            found[position] = Finding(reason, f"port {one.port} is asked for as {others}; use one", path)
        elif is_repeated:
            what = hostname_of(one) or "no hostname"
            found[position] = Finding(
                "HostnameConflict", f"another listener has port {one.port} and {what} too; change one of them", path
            )
    return found


def across(first: Iterable[Any], later: Iterable[tuple[K, tuple[Any, ...]]]) -> dict[K, Conflicts]:
    """What each of the `later` loses, in this order, to those before it; `first` are the Gateway's own listeners.

    A listener that loses takes nothing from those after it. What the Gateway asks for stays taken even where its own
    listeners clash: others shall not profit from a mistake that is about to be mended.
    """
    taken = _Taken()
    for one in first:
        taken.add(one)
    found = {}
    for key, listeners in later:
        lost = {
            position: finding
            for position, one in enumerate(listeners)
            if (finding := taken.finding(one, f"spec.listeners[{position}]")) is not None
        }
        lost |= within({position: one for position, one in enumerate(listeners) if position not in lost}, _BOTH)
        for position, one in enumerate(listeners):
            if position not in lost:
                taken.add(one)
        found[key] = lost
    return found


class _Taken:
    """Ports and hostnames that have gone to somebody. Findings do not say to whom: it may be none of the asker's
    business."""

    def __init__(self) -> None:
        self._hostnames: dict[tuple[int, bool], dict[str, set[str]]] = {}
        """Port → layer → hostnames."""

    def add(self, listener: Any) -> None:
        if listener.protocol in PROTOCOLS:
            layers = self._hostnames.setdefault(_port(listener), {})
            layers.setdefault(_layer(listener), set()).add(hostname_of(listener))

    def finding(self, listener: Any, path: str) -> Finding | None:
        layers = self._hostnames.get(_port(listener), {})
        rivals = ", ".join(sorted(layers.keys() - {_layer(listener)}))
        is_taken = hostname_of(listener) in layers.get(_layer(listener), ())
        if rivals:
            message = f"port {listener.port} is already used as {rivals} by listeners that take precedence"
            return Finding(_BOTH if is_taken else "ProtocolConflict", f"{message}; use another port", path)
        if is_taken:
            what = hostname_of(listener) or "no hostname"
            message = f"port {listener.port} with {what} is already used by a listener that takes precedence"
            return Finding("HostnameConflict", f"{message}; use another port or hostname", path)
        return None


def _port(listener: Any) -> tuple[int, bool]:
    """UDP has port numbers of its own."""
    return listener.port, listener.protocol == "UDP"


def _layer(listener: Any) -> str:
    """What a port is opened for. HTTPS and TLS can share one: connections are told apart by server name."""
    return "TLS" if listener.protocol in ("HTTPS", "TLS") else str(listener.protocol)

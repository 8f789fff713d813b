"""Which TLS listeners of a Gateway can be meant by the same hostname?

A client that reuses an HTTP/2 connection for another hostname may then come to a listener with other TLS settings.
Specification: ListenerConditionOverlappingTLSConfig, GEP-3567.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torana.gateway.finding import Finding
from torana.gateway.listeners import ListenerShape

_TLS = frozenset({"HTTPS", "TLS"})


def overlaps(shapes: Sequence[ListenerShape]) -> tuple[Finding | None, ...]:
    """For each listener, that it overlaps with another, or None."""
    ports: dict[int, dict[str, list[int]]] = {}
    for position, shape in enumerate(shapes):
        if shape.protocol in _TLS:
            ports.setdefault(shape.port, {}).setdefault(shape.hostname, []).append(position)
    involved: set[int] = set()
    for listeners in ports.values():
        for hostname, positions in listeners.items():
            if len(positions) > 1:
                involved.update(positions)
            for wider in _wider(hostname):
                if wider in listeners:
                    involved.update(positions, listeners[wider])
    return tuple(_finding(shape) if position in involved else None for position, shape in enumerate(shapes))


def _wider(hostname: str) -> Iterable[str]:
    """All hostnames that cover this one and more: `a.b.c` lies in `*.b.c`, `*.c` and any."""
    rest = hostname.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    if hostname:
        yield ""


def _finding(shape: ListenerShape) -> Finding:
    names = shape.hostname or "any hostname"
    return Finding(
        "OverlappingHostnames",
        f"another TLS listener of port {shape.port} is for some of the names of this one ({names}); where their TLS "
        "settings differ, give them hostnames that have nothing in common",
    )

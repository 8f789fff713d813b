"""Which hostnames a listener and a route have in common, and which of two is more specific.

A hostname is an exact name, `*.suffix` (one or more labels in front, never the bare suffix), or "" for any.
Specification: HTTPRouteSpec.hostnames, Listener.hostname.
"""

from __future__ import annotations

from collections.abc import Iterable


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` covers `name` entirely; `name` may itself be a wildcard."""
    if pattern in ("", name):
        return True
    if not pattern.startswith("*."):
        return False
    return name.endswith(pattern[1:]) and name not in ("", pattern[1:])


def intersection(listener: str, route: str) -> str | None:
    """The narrower of two hostnames when one covers the other, else None."""
    listener, route = listener.lower(), route.lower()
    if matches(listener, route):
        return route
    if matches(route, listener):
        return listener
    return None


def intersections(listener: str, routes: Iterable[str]) -> tuple[str, ...]:
    """All hostnames that a listener and a route share; a route without hostnames takes the listener's.

    Sorted, unique.
    """
    routes = tuple(routes)
    if not routes:
        return (listener.lower(),)
    found = {shared for route in routes if (shared := intersection(listener, route)) is not None}
    return tuple(sorted(found))


def specificity(hostname: str) -> tuple[int, int]:
    """Greater is more specific: exact names, then longer wildcards, then any."""
    if not hostname:
        return (0, 0)
    return (1, len(hostname)) if hostname.startswith("*.") else (2, len(hostname))


def domain(hostname: str) -> str:
    """The hostname as an Envoy domain: "" is `*`."""
    return hostname or "*"


def wider_domains(domain: str) -> tuple[str, ...]:
    """The Envoy domains that cover this one and more, the most specific first."""
    if domain == "*":
        return ()
    labels = domain.removeprefix("*.").split(".")[1:]
    return (*(f"*.{'.'.join(labels[at:])}" for at in range(len(labels))), "*")

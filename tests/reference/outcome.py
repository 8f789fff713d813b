"""How can it end with a request?"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.reference.listeners import ListenerId

from torana.api.kind import Ref

REFUSED = 0
"""Instead of a status: nobody listens, or nobody has that server name or speaks that protocol."""


class Outcome(NamedTuple):
    """One way that a request may end. With a backend, also what the backend sees of it."""

    status: int
    weight: int = 1
    backend: str = ""
    path: str = ""
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    response_edits: tuple[Any, ...] = ()
    """Header modifiers of the response, in order."""
    location: str = ""


class Decision(NamedTuple):
    """Who decided, and what may come of it. Several outcomes share the requests by weight."""

    outcomes: tuple[Outcome, ...]
    listener: ListenerId | None = None
    rule: str = ""
    mirrors: tuple[str, ...] = ()
    """Backends that get a copy of every such request."""
    certificates: tuple[Ref, ...] = ()
    """Secrets one of which the client is shown, if it speaks TLS."""


def age(route: Any) -> tuple[str, str]:
    """What decides between equals: the older one goes first, then the first by name."""
    return route.metadata.creation_timestamp, str(route.metadata.ref)

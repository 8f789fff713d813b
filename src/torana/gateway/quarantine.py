"""What is served of a route that a proxy rejected: its last accepted version, until it changes again."""

from __future__ import annotations

from typing import Any

import msgspec


class Quarantine(msgspec.Struct, frozen=True, gc=False):
    """Generation `generation` of a route was rejected with `message`.

    `fallback` is the last version accepted, or None.
    """

    generation: int
    message: str
    fallback: Any = None

    def holds(self, route: Any) -> bool:
        """Whether the route is still the one that was rejected."""
        return bool(route.metadata.generation == self.generation)


def effective(route: Any, quarantine: Quarantine | None) -> Any:
    """The version of a route that is served; None for none."""
    if quarantine is None or not quarantine.holds(route):
        return route
    return quarantine.fallback

"""What is served of a route that a proxy rejected: its last accepted version, until it changes again.

Without such a version its requests get an error, as those of any rule that cannot be served: left to other routes, they
could get past what this one would have asked of them. See docs/decisions/rejected-routes.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

LOST = "FallbackLost"
"""The reason of a route whose accepted version is not known any more: so the next controller knows it, too."""


class Quarantine(msgspec.Struct, frozen=True, gc=False):
    """Generation `generation` of a route was rejected with `message`.

    `fallback` is the last version accepted, or None. `is_lost`: there was one, before this controller's time. `is_out`:
    not even errors for its requests were accepted, so that there is nothing of the route in the proxy.
    """

    generation: int
    message: str
    fallback: Any = None
    is_lost: bool = False
    is_out: bool = False

    def holds(self, route: Any) -> bool:
        """Whether the route is still the one that was rejected."""
        return bool(route.metadata.generation == self.generation)


class Served(NamedTuple):
    """The version of a route that is in the proxy; `is_shut`: its requests get an error.

    `is_wide`: so do all that it could take without regard to regular expressions, which may be what was rejected.
    """

    version: Any
    is_shut: bool = False
    is_wide: bool = False


def served(route: Any, quarantine: Quarantine | None) -> Served | None:
    """What is served of a route; None for nothing."""
    if quarantine is None or not quarantine.holds(route):
        return Served(route)
    if quarantine.fallback is not None:
        return Served(quarantine.fallback)
    return None if quarantine.is_out else Served(route, is_shut=True, is_wide=quarantine.is_lost)


def fallback(route: Any, quarantine: Quarantine | None) -> Any:
    """The earlier version that is served in place of the route; None when that is not so."""
    return quarantine.fallback if quarantine is not None and quarantine.holds(route) else None

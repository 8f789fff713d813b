"""Which route is to blame when a proxy rejects a route table, and what is served of it meanwhile. Pure bookkeeping.

Routes that changed since the last accepted revision are *unproven*. A rejection quarantines the unproven routes of
the rejected table: their last accepted version is served, or errors, or at last nothing. When several were quarantined
they are let in again one at a time, each proving itself; the one whose return is rejected stays out until it changes.

What was accepted before as it is now is the last to be accused: it is unproven only because of what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from torana.api.kind import Ref
from torana.gateway.quarantine import Quarantine, Served
from torana.gateway.routes.key import RouteKey


class _Offered(NamedTuple):
    """What a Gateway's proxy was offered of a route, and when; `generation` is that of the route itself."""

    served: Served
    generation: int
    revision: int


class Blame:
    """Versions are routes without their status."""

    def __init__(self) -> None:
        self._unproven: dict[Ref, dict[RouteKey, _Offered]] = {}
        """By Gateway."""
        self._proven: dict[RouteKey, Any] = {}
        self._lost: set[RouteKey] = set()
        """Routes of which a version was accepted before our time that we do not know."""
        self._suspects: dict[Ref, list[RouteKey]] = {}

    def changed(self, gateway: Ref, route: RouteKey, served: Served | None, generation: int, revision: int) -> None:
        """What the Gateway's proxy is offered of this route is new at this revision; None: nothing."""
        if served is not None:
            self._unproven.setdefault(gateway, {})[route] = _Offered(served, generation, revision)

    def presume(self, route: RouteKey, version: Any) -> None:
        """This version was accepted before our time, the route's status says; None: one that is not known any more."""
        if version is None:
            self._lost.add(route)
        else:
            self._proven.setdefault(route, version)

    def gone(self, route: RouteKey) -> None:
        """The route was deleted; a namesake starts anew."""
        self._proven.pop(route, None)
        self._lost.discard(route)
        for unproven in self._unproven.values():
            unproven.pop(route, None)

    def delivered(self, gateway: Ref, revision: int) -> RouteKey | None:
        """All that was offered up to this revision is accepted. Returns a suspect that may prove itself now."""
        unproven = self._unproven.get(gateway, {})
        for route in [route for route, offered in unproven.items() if offered.revision <= revision]:
            accepted = unproven.pop(route).served
            if not accepted.is_shut:
                self._proven[route] = accepted.version
                self._lost.discard(route)
        suspects = self._suspects.get(gateway)
        return suspects.pop() if suspects else None

    def rejected(self, gateway: Ref, routes: Iterable[RouteKey], message: str) -> dict[RouteKey, Quarantine]:
        """A table that holds these routes was rejected. Returns whom to quarantine."""
        unproven = self._unproven.get(gateway, {})
        accused = sorted(route for route in routes if route in unproven)
        accused = [route for route in accused if not self._is_known(route, unproven[route])] or accused
        found = {}
        for route in accused:
            offered = unproven.pop(route)
            known = None if self._is_known(route, offered) else self._proven.get(route)
            is_out = offered.served.is_shut
            found[route] = Quarantine(offered.generation, message, known, route in self._lost, is_out)
        if len(accused) > 1:
            suspects = self._suspects.setdefault(gateway, [])
            suspects += [route for route in accused if route not in suspects]
        return found

    def forget(self, gateway: Ref) -> None:
        """The Gateway is gone."""
        self._unproven.pop(gateway, None)
        self._suspects.pop(gateway, None)

    def _is_known(self, route: RouteKey, offered: _Offered) -> bool:
        """It was accepted before, exactly so."""
        return not offered.served.is_shut and bool(self._proven.get(route) == offered.served.version)

"""Which route is to blame when a proxy rejects a route table, and what is served of it meanwhile. Pure bookkeeping.

Routes that changed since the last accepted revision are *unproven*. A rejection quarantines the unproven routes of
the rejected table: their last accepted version is served, or none. When several were quarantined they are let in
again one at a time, each proving itself; the one whose return is rejected stays out until it changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torana.api.kind import Ref
from torana.gateway.quarantine import Quarantine
from torana.gateway.routes.key import RouteKey


class Blame:
    """`Any` is the route without its status."""

    def __init__(self) -> None:
        self._unproven: dict[Ref, dict[RouteKey, tuple[Any, int]]] = {}
        """Gateway → route → (version, revision at which it was offered)."""
        self._proven: dict[RouteKey, Any] = {}
        self._suspects: dict[Ref, list[RouteKey]] = {}

    def changed(self, gateway: Ref, route: RouteKey, obj: Any, revision: int) -> None:
        """What the Gateway's proxy is offered of this route is new at this revision."""
        if obj is not None:
            self._unproven.setdefault(gateway, {})[route] = (obj, revision)

    def gone(self, route: RouteKey) -> None:
        """The route was deleted; a namesake starts anew."""
        self._proven.pop(route, None)
        for unproven in self._unproven.values():
            unproven.pop(route, None)

    def delivered(self, gateway: Ref, revision: int) -> RouteKey | None:
        """All that was offered up to this revision is accepted. Returns a suspect that may prove itself now."""
        unproven = self._unproven.get(gateway, {})
        for route in [route for route, (_, offered) in unproven.items() if offered <= revision]:
            self._proven[route] = unproven.pop(route)[0]
        suspects = self._suspects.get(gateway)
        return suspects.pop() if suspects else None

    def rejected(self, gateway: Ref, routes: Iterable[RouteKey], message: str) -> dict[RouteKey, Quarantine]:
        """A table that holds these routes was rejected. Returns whom to quarantine."""
        unproven = self._unproven.get(gateway, {})
        accused = sorted(route for route in routes if route in unproven)
        found = {}
        for route in accused:
            obj, _ = unproven.pop(route)
            found[route] = Quarantine(obj.metadata.generation, message, self._proven.get(route))
        if len(accused) > 1:
            self._suspects.setdefault(gateway, []).extend(accused)
        return found

    def forget(self, gateway: Ref) -> None:
        """The Gateway is gone."""
        self._unproven.pop(gateway, None)
        self._suspects.pop(gateway, None)

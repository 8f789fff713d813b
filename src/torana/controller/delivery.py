"""What each Gateway's proxies have accepted, and which statuses may be told because of it. Pure bookkeeping.

A report that follows from revision N is held until every connected proxy of the Gateways it concerns has accepted what
they were offered up to N. A Gateway whose first proxy is still expected holds reports back too. One without connected
proxies that expects none holds nothing back: its own status says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from torana.api.kind import Ref


@dataclass
class _Proxy:
    offered: int = 0
    """Last revision that this Gateway was offered anything at."""
    accepted: dict[str, int] = field(default_factory=dict)
    """Connected node → the last revision it accepted; -1 before the first."""
    is_expected: bool = False
    """No node has connected yet, and one should soon."""
    waiting: dict[Hashable, None] = field(default_factory=dict)

    def has(self, revision: int, waits_for_first: bool) -> bool:
        """All that should have accepted the revision have."""
        if self.is_expected and waits_for_first:
            return False
        return all(accepted >= revision for accepted in self.accepted.values())


class Deliveries:
    """Reports by key, held until they are true."""

    def __init__(self) -> None:
        self._proxies: dict[Ref, _Proxy] = {}
        self._held: dict[Hashable, tuple[Any, dict[Ref, int], bool]] = {}

    def offered(self, gateway: Ref, revision: int) -> None:
        """The Gateway's proxies were offered something at this revision."""
        self._proxy(gateway).offered = revision

    def expect(self, gateway: Ref) -> None:
        """A proxy of the Gateway should connect soon: hold reports until it does."""
        proxy = self._proxy(gateway)
        proxy.is_expected = not proxy.accepted

    def give_up(self, gateway: Ref) -> list[tuple[Hashable, Any]]:
        """No proxy came; what waited only for one is released."""
        if gateway not in self._proxies:
            return []
        self._proxies[gateway].is_expected = False
        return self._release(gateway)

    def connected(self, gateway: Ref, node: str) -> None:
        """A node is connected; it has accepted nothing yet."""
        proxy = self._proxy(gateway)
        proxy.accepted.setdefault(node, -1)
        proxy.is_expected = False

    def disconnected(self, gateway: Ref, node: str) -> list[tuple[Hashable, Any]]:
        """A node is gone; what waited only for it is released."""
        self._proxy(gateway).accepted.pop(node, None)
        return self._release(gateway)

    def delivered(self, gateway: Ref, node: str, revision: int) -> list[tuple[Hashable, Any]]:
        """A node accepted everything up to this revision. Returns the (key, report) pairs that may be told now.

        Word of an earlier revision may come late: it takes nothing back.
        """
        accepted = self._proxy(gateway).accepted
        accepted[node] = max(revision, accepted.get(node, -1))
        return self._release(gateway)

    def forget(self, gateway: Ref) -> list[tuple[Hashable, Any]]:
        """The Gateway is gone; nothing waits for it any more."""
        proxy = self._proxies.pop(gateway, None)
        return [pair for key in (proxy.waiting if proxy else ()) if (pair := self._try(key)) is not None]

    def is_serving(self, gateway: Ref) -> bool:
        """Some node is connected and has accepted the configuration."""
        proxy = self._proxies.get(gateway)
        return proxy is not None and any(revision >= 0 for revision in proxy.accepted.values())

    def accepted_by_all(self, gateway: Ref) -> int:
        """The last revision that every connected node accepted; -1 when one has accepted nothing yet."""
        proxy = self._proxies.get(gateway)
        return min(proxy.accepted.values(), default=-1) if proxy is not None else -1

    def nodes(self, gateway: Ref) -> tuple[str, ...]:
        """The connected nodes."""
        proxy = self._proxies.get(gateway)
        return tuple(proxy.accepted) if proxy is not None else ()

    def hold(
        self, key: Hashable, report: Any, gateways: Iterable[Ref], *, waits_for_first: bool = True
    ) -> list[tuple[Hashable, Any]]:
        """Tell this report when the Gateways' proxies have caught up. A newer report of the same key replaces it.

        Not `waits_for_first`: it is true as well while no proxy has connected that is still expected.
        """
        needs = {}
        for gateway in gateways:
            proxy = self._proxies.get(gateway)
            if proxy is not None:
                needs[gateway] = proxy.offered
                proxy.waiting[key] = None
        self._held[key] = (report, needs, waits_for_first)
        pair = self._try(key)
        return [] if pair is None else [pair]

    def drop(self, key: Hashable) -> None:
        """Forget a held report."""
        self._held.pop(key, None)

    def _proxy(self, gateway: Ref) -> _Proxy:
        return self._proxies.setdefault(gateway, _Proxy())

    def _release(self, gateway: Ref) -> list[tuple[Hashable, Any]]:
        proxy = self._proxy(gateway)
        proxy.waiting = {key: None for key in proxy.waiting if key in self._held}
        return [pair for key in list(proxy.waiting) if (pair := self._try(key)) is not None]

    def _try(self, key: Hashable) -> tuple[Hashable, Any] | None:
        held = self._held.get(key)
        if held is None:
            return None
        report, needs, waits_for_first = held
        concerned = [
            (self._proxies[gateway], revision) for gateway, revision in needs.items() if gateway in self._proxies
        ]
        if not all(proxy.has(revision, waits_for_first) for proxy, revision in concerned):
            return None
        for proxy, _ in concerned:
            proxy.waiting.pop(key, None)
        del self._held[key]
        return key, report

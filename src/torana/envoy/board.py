"""What one Gateway's proxies should have: all resources of its latest revision, and what some Envoy refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torana.envoy.events import Offered, Rejected
from torana.envoy.resource import Key, Resource


@dataclass(slots=True)
class Board:
    """The desired resources, and the refused versions among them with what Envoy keeps instead."""

    revision: int = 0
    resources: dict[Key, Resource] = field(default_factory=dict)
    refused: dict[Key, Rejected] = field(default_factory=dict)

    def apply(self, offer: Offered) -> None:
        """Afterwards the board holds what is offered; a refused resource that changed or went has a clean slate."""
        self.revision = offer.revision
        for resource in offer.upserts:
            self.resources[resource.key] = resource
            if resource.key in self.refused and self.refused[resource.key].version != resource.version:
                del self.refused[resource.key]
        for key in offer.removals:
            self.resources.pop(key, None)
            self.refused.pop(key, None)

    def note_refused(self, rejected: Rejected) -> None:
        """Later conversations start with the version that was kept, not with the one that failed."""
        key = (rejected.type, rejected.name)
        resource = self.resources.get(key)
        if resource is not None and resource.version == rejected.version:
            self.refused[key] = rejected

    def first_offer(self) -> Offered:
        """Everything, for an Envoy that has just connected."""
        return Offered(self.revision, tuple(self._usable()))

    def quarantined(self) -> Mapping[Key, str]:
        return {key: rejected.version for key, rejected in self.refused.items()}

    def _usable(self) -> Iterable[Resource]:
        for key, resource in self.resources.items():
            rejected = self.refused.get(key)
            if rejected is None:
                yield resource
            elif rejected.kept is not None:
                yield rejected.kept

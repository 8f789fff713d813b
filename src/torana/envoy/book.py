"""What we know about one resource type in one Envoy: what it asked for, what it has, what is on its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torana.envoy.resource import Resource, ResourceType


@dataclass(frozen=True, slots=True)
class Batch:
    """The content of one response that awaits its answer."""

    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()

    def parts(self, message: str) -> list[Batch]:
        """Smaller batches that together say the same, so that the guilty resource ends up alone.

        Names that occur in Envoy's message are suspects and go alone at once. Without suspects it is halves.
        """
        suspects = [resource for resource in self.resources if resource.name in message]
        if suspects and len(suspects) < len(self.resources):
            names = {resource.name for resource in suspects}
            rest = tuple(resource for resource in self.resources if resource.name not in names)
            return [Batch(rest, self.removed), *(Batch((suspect,)) for suspect in suspects)]
        if self.removed:
            return [Batch((), self.removed), Batch(self.resources)]
        middle = len(self.resources) // 2
        return [Batch(self.resources[:middle]), Batch(self.resources[middle:])]


@dataclass(slots=True)
class Book:
    """The state of one type. `released` is what Envoy may have now; the rest follows what Envoy says."""

    type: ResourceType
    released: dict[str, Resource] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    """Name to version."""
    last_good: dict[str, Resource] = field(default_factory=dict)
    """What stands behind `accepted`, where we have seen it."""
    underway: dict[str, str] = field(default_factory=dict)
    """Name to the version sent last and not yet answered."""
    left: dict[str, None] = field(default_factory=dict)
    """What is no longer released but not taken away either, the oldest first."""
    stale: set[str] = field(default_factory=set)
    """What Envoy needs once more, even if it says that it still holds it."""
    asked_names: set[str] = field(default_factory=set)
    is_asked: bool = False
    """Envoy subscribed to this type at all."""
    is_open: bool = False
    """The first stage that concerns this type has begun, so questions are answered."""
    is_synced: bool = False
    """Envoy took a first answer."""

    def leave(self, name: str) -> None:
        """Nobody new is to use it, but Envoy may keep it."""
        self.released.pop(name, None)
        self.left[name] = None

    def is_wanted(self, name: str) -> bool:
        return self.is_asked and (self.type.is_wildcard or name in self.asked_names)

    def is_settled(self, name: str) -> bool:
        """Envoy has what is released. An empty name asks for the first answer as a whole."""
        if not name:
            return self.is_synced
        resource = self.released.get(name)
        return resource is None or self.accepted.get(name) == resource.version

    def to_send(self, names: Iterable[str]) -> tuple[Resource, ...]:
        """Of these, the released resources Envoy wants and neither has nor is being sent."""
        if not self.is_asked:
            return ()
        found = []
        for name in dict.fromkeys(names):
            resource = self.released.get(name)
            if resource is None or not self.is_wanted(name):
                continue
            if resource.version not in (self.underway.get(name), self.accepted.get(name)):
                found.append(resource)
        return tuple(found)

    def holds(self, name: str) -> bool:
        """Envoy has some version, or is about to."""
        return name in self.accepted or name in self.underway

    def note_held(self, held: Mapping[str, str]) -> None:
        """Envoy has these versions from an earlier connection."""
        self.accepted.update((name, version) for name, version in held.items() if name not in self.stale)

    def forget(self, names: Iterable[str]) -> None:
        """Whatever Envoy has of these, it needs it once more."""
        for name in names:
            self.accepted.pop(name, None)
            self.underway.pop(name, None)
            self.stale.add(name)

    def note_sent(self, batch: Batch) -> None:
        for resource in batch.resources:
            self.underway[resource.name] = resource.version
            self.stale.discard(resource.name)

    def note_acked(self, batch: Batch) -> None:
        self.is_synced = True
        for resource in batch.resources:
            self._answered(resource)
            if self.is_wanted(resource.name):
                self.accepted[resource.name] = resource.version
                self.last_good[resource.name] = resource
        for name in batch.removed:
            self.accepted.pop(name, None)
            self.last_good.pop(name, None)

    def note_rejected(self, resource: Resource) -> Resource | None:
        """Back to the last accepted version; returns it, or None when Envoy has none that we know."""
        self.is_synced = True
        self._answered(resource)
        kept = self.last_good.get(resource.name)
        current = self.released.get(resource.name)
        if current is not None and current.version == resource.version:
            if kept is None:
                del self.released[resource.name]
            else:
                self.released[resource.name] = kept
        return kept

    def note_dropped(self, name: str) -> None:
        """Envoy no longer asks for it, so it forgets it."""
        self.asked_names.discard(name)
        self.accepted.pop(name, None)
        self.underway.pop(name, None)
        self.stale.discard(name)

    def note_all_dropped(self) -> None:
        """Envoy no longer asks for any resource of a type that it asks for as a whole."""
        self.is_asked = self.is_synced = False
        self.left.clear()
        self.accepted.clear()
        self.underway.clear()

    def _answered(self, resource: Resource) -> None:
        if self.underway.get(resource.name) == resource.version:
            del self.underway[resource.name]

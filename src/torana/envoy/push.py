"""In which order changes go out, so that Envoy never refers to what it does not have.

Four stages. **make**: clusters, endpoints, secrets arrive. **switch**: listeners and route tables change to what now
exists, new scopes arrive. **point**: known scopes point to other route tables, and listeners to scopes, which Envoy
has by now. **break**: what nothing refers to any more is taken away. A stage begins when Envoy has confirmed what the
one before must have brought.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torana.envoy.resource import Key, Resource, ResourceType

Changes = dict[Key, Resource | None]
"""Per resource the new value, or None for removal."""

MAKE, SWITCH, POINT, BREAK, DONE = range(5)

OPENED = (
    (ResourceType.CDS, ResourceType.EDS, ResourceType.SDS),
    (ResourceType.LDS, ResourceType.RDS, ResourceType.SRDS),
    (),
    (),
)
"""Types whose questions are answered from the first such stage on."""


@dataclass(slots=True)
class Push:
    """Changes on their way, through `stage`. `gate` must empty before the next stage, `tail` before the end."""

    revision: int | None
    """None: no offer, only tidying."""
    stages: tuple[Changes, ...]
    stage: int = -1
    gate: set[Key] = field(default_factory=set)
    tail: set[Key] = field(default_factory=set)

    due: set[ResourceType] = field(default_factory=set)
    """Types whose first question waits for an answer from the current stage, be it empty."""

    def take_stage(self) -> Changes:
        """The changes of the current stage, which is empty afterwards."""
        changes = dict(self.stages[self.stage])
        self.stages[self.stage].clear()
        return changes

    def put_off_move(self, scope: Key, held: str, released: dict[str, Resource]) -> None:
        """A scope that turns out to be held in another version moves in its stage, not with the new scopes."""
        resource = self.stages[SWITCH].get(scope)
        if resource is not None and resource.version != held and self.stage < POINT:
            self.stages[POINT][scope] = self.stages[SWITCH].pop(scope)
            released.pop(scope[1], None)

    def discard(self, key: Key) -> None:
        self.gate.discard(key)
        self.tail.discard(key)

    def discard_type(self, type: ResourceType) -> None:
        self.gate = {key for key in self.gate if key[0] is not type}
        self.tail = {key for key in self.tail if key[0] is not type}

    def is_ahead(self, key: Key) -> bool:
        """A later stage brings it."""
        return any(stage.get(key) is not None for stage in self.stages[self.stage + 1 :])

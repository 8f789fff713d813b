"""In which order changes go out, so that Envoy never refers to what it does not have.

Three stages. **make**: clusters, endpoints, secrets arrive. **switch**: listeners, route tables and scopes change to
what now exists. **break**: what nothing refers to any more is taken away. A stage begins when Envoy has confirmed what
the one before it must have brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torana.envoy.resource import Key, Resource, ResourceType

Changes = dict[Key, Resource | None]
"""Per resource the new value, or None for removal."""

MAKE, SWITCH, BREAK, DONE = range(4)

OPENED = (
    (ResourceType.CDS, ResourceType.EDS, ResourceType.SDS),
    (ResourceType.LDS, ResourceType.RDS, ResourceType.SRDS),
    (),
)
"""Types whose questions are answered from the first such stage on."""

_SWITCHED = (ResourceType.LDS, ResourceType.SRDS)


@dataclass(slots=True)
class Push:
    """Changes on their way, through `stage`. `gate` must empty before the next stage, `tail` before the end."""

    revision: int | None
    """None: no offer, only tidying."""
    stages: tuple[Changes, Changes, Changes]
    stage: int = -1
    gate: set[Key] = field(default_factory=set)
    tail: set[Key] = field(default_factory=set)

    due: set[ResourceType] = field(default_factory=set)
    """Types whose first question waits for an answer from the current stage, be it empty."""

    def discard(self, key: Key) -> None:
        self.gate.discard(key)
        self.tail.discard(key)

    def is_ahead(self, key: Key) -> bool:
        """A later stage brings it."""
        return any(stage.get(key) is not None for stage in self.stages[self.stage + 1 :])


def in_stages(changes: Mapping[Key, Resource | None]) -> tuple[Changes, Changes, Changes]:
    """Every change in its stage.

    A removed listener or scope is a switch. Everything else that goes, goes last.
    """
    make: Changes = {}
    switch: Changes = {}
    last: Changes = {}
    for key, resource in changes.items():
        if key[0] in _SWITCHED or (key[0] is ResourceType.RDS and resource is not None):
            switch[key] = resource
        elif resource is not None:
            make[key] = resource
        else:
            last[key] = resource
    return make, switch, last

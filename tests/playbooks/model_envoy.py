"""What would an Envoy do with the responses of a session? A model of the rules that matter for order.

Clusters warm until their endpoints arrive; route tables and scopes are asked for by name of what refers to them.
`refuses` are versions that the model rejects. `check` raises when a request would now be lost: an active listener's
table names a cluster that is not active.
"""

from __future__ import annotations

from collections import deque

from torana.envoy.events import Acked, Asked, Event, Nacked, Send
from torana.envoy.resource import Key, Resource, ResourceType

CDS, EDS, LDS = ResourceType.CDS, ResourceType.EDS, ResourceType.LDS
RDS, SRDS, SDS = ResourceType.RDS, ResourceType.SRDS, ResourceType.SDS


class ModelEnvoy:
    """`inbox` is what the control plane sent, `outbox` what it has yet to read; both survive no disconnection."""

    def __init__(self, refuses: frozenset[str]) -> None:
        self.refuses = refuses
        self.resources: dict[Key, Resource] = {}
        self.asked: dict[ResourceType, set[str]] = {type: set() for type in ResourceType}
        self.warming: set[str] = set()
        self.inbox: deque[Send] = deque()
        self.outbox: deque[Event] = deque()

    def connect(self) -> None:
        """Ask for everything anew, telling what is held."""
        self.inbox.clear()
        self.outbox.clear()
        for type in ResourceType:
            if type in (CDS, LDS) or self.asked[type]:
                names = () if type in (CDS, LDS, SRDS) else tuple(sorted(self.asked[type]))
                held = {name: one.version for (kind, name), one in self.resources.items() if kind is type}
                self.outbox.append(Asked(type, names, (), held))

    def read(self) -> None:
        """Take the next response, answer it, and ask for what it needs."""
        send = self.inbox.popleft()
        bad = [one for one in send.resources if f"{one.name}@{one.version}" in self.refuses]
        good = [one for one in send.resources if one not in bad]
        atomic = bad and send.type in (RDS, SRDS, EDS, SDS)
        if not atomic:
            for resource in good:
                self._take(resource)
            for name in send.removed:
                self._lose(send.type, name)
        self.outbox.append(Nacked(send.nonce, "no") if bad else Acked(send.nonce))
        self._ask()
        self.check()

    def check(self) -> None:
        tables = [one for (type, _), one in self.resources.items() if type is RDS]
        for table in tables:
            for cluster in table.body.decode().split():
                assert (CDS, cluster) in self.resources, f"{table} needs {cluster}, which is not there"
                is_refused = any(one.startswith(f"{cluster}@e") for one in self.refuses)
                assert is_refused or cluster not in self.warming, f"{table} needs {cluster}, which has no endpoints yet"

    def _take(self, resource: Resource) -> None:
        if resource.type is CDS and (CDS, resource.name) not in self.resources:
            self.warming.add(resource.name)
        if resource.type in (EDS, RDS, SDS) and resource.name not in self.asked[resource.type]:
            return
        self.resources[resource.key] = resource
        if resource.type is EDS:
            self.warming.discard(resource.name)

    def _lose(self, type: ResourceType, name: str) -> None:
        if type in (CDS, LDS, SRDS):
            self.resources.pop((type, name), None)
            self.warming.discard(name) if type is CDS else None
        elif type is EDS:
            self.warming.discard(name)

    def _ask(self) -> None:
        """Subscribe to what is referred to, and drop the rest."""
        needed: dict[ResourceType, set[str]] = {type: set() for type in (EDS, RDS, SDS)}
        for resource in self.resources.values():
            for type, name in resource.needs:
                needed[type].add(name)
        for type, names in needed.items():
            added, dropped = names - self.asked[type], self.asked[type] - names
            if added or dropped:
                self.asked[type] = names
                self.outbox.append(Asked(type, tuple(sorted(added)), tuple(sorted(dropped))))
            for name in dropped:
                self.resources.pop((type, name), None)

"""How the conversation with one connected Envoy goes: events in, commands out, no I/O and no clock.

One push is under way at a time; offers that come meanwhile gather, the latest value of each resource wins, and go when
it is done. Nothing waits for time, only for Envoy's answers, so a push after quiet leaves in the same step.

    Offered ──> make ──gate──> switch ──gate──> point ──gate──> break ──> Delivered
                  │               │               │               │
                 Send            Send            Send            Send        Acked opens the gates

A gate holds the resources whose confirmation the next stage needs. Confirmed means more than acknowledged: Envoy
acknowledges a cluster or listener before it has fetched what that needs (its endpoints, route table, secrets), so an
acknowledged resource puts its unconfirmed needs behind the same gate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from torana.envoy.book import Batch, Book
from torana.envoy.changes import in_stages, keeps_old_routes
from torana.envoy.events import Acked, Asked, Command, Delivered, Event, Nacked, Offered, Rejected, Send
from torana.envoy.push import BREAK, DONE, MAKE, OPENED, POINT, SWITCH, Changes, Push
from torana.envoy.resource import Key, Resource, ResourceType

CDS, EDS, LDS = ResourceType.CDS, ResourceType.EDS, ResourceType.LDS
RDS, SRDS, SDS = ResourceType.RDS, ResourceType.SRDS, ResourceType.SDS


class Session:
    """The state of the conversation. `quarantined`: versions of resources that an earlier conversation saw refused."""

    def __init__(self, quarantined: Mapping[Key, str] | None = None) -> None:
        self._books = {type: Book(type) for type in ResourceType}
        self._quarantined: dict[Key, str] = dict(quarantined or {})
        self._pending: Changes = {}
        self._withheld: Changes = {}
        """Removals that wait until Envoy no longer keeps an old route table in place of a refused one."""
        self._revision: int | None = None
        """Of the latest offer that is not yet on its way."""
        self._push: Push | None = None
        self._in_flight: dict[str, tuple[ResourceType, Batch]] = {}
        self._last_nonce = 0
        self._commands: list[Command] = []

    def step(self, event: Event) -> list[Command]:
        """What to do about this event, in this order."""
        if isinstance(event, Offered):
            self._offered(event)
        elif isinstance(event, Asked):
            self._asked(event)
        elif isinstance(event, Acked):
            self._acked(event.nonce)
        else:
            self._nacked(event)
        self._advance()
        commands, self._commands = self._commands, []
        return commands

    # Events

    def _offered(self, offer: Offered) -> None:
        for resource in offer.upserts:
            self._pending[resource.key] = resource
        for key in offer.removals:
            self._pending[key] = None
        self._revision = offer.revision

    def _asked(self, ask: Asked) -> None:
        book = self._books[ask.type]
        if ask.type.is_wildcard and ask.dropped:
            book.note_all_dropped()
            if self._push:
                self._push.discard_type(ask.type)
            return
        is_first = not book.is_asked
        book.is_asked = True
        if is_first:
            self._take_stock(book, ask.held)
        if not ask.type.is_wildcard:
            self._asked_names(book, ask, is_first)
        elif is_first and book.is_open:
            self._send(book, book.to_send(book.released), is_due=True)

    def _asked_names(self, book: Book, ask: Asked, is_first: bool) -> None:
        for name in ask.dropped:
            book.note_dropped(name)
            self._confirm((ask.type, name))
        book.asked_names.update(ask.names)
        if not is_first:
            book.forget(ask.names)  # A repeated question wants the answer again.
        if book.is_open:
            self._answer_names(book, ask.names)

    def _take_stock(self, book: Book, held: Mapping[str, str]) -> None:
        """Envoy still has resources from before: the same ones are confirmed, unknown ones will be taken away."""
        book.note_held(held)
        for name in held:
            key = (book.type, name)
            if book.type is SRDS and self._push:
                self._push.put_off_move(key, held[name], book.released)
            if self._is_desired(key):
                self._confirm_if_settled(book, name)
            elif book.type.is_wildcard:
                self._pending[key] = None

    def _answer_names(self, book: Book, names: tuple[str, ...]) -> None:
        self._send(book, book.to_send(names), self._absent(book, names))

    def _absent(self, book: Book, names: Iterable[str]) -> tuple[str, ...]:
        """Told that something does not exist, Envoy goes on at once instead of waiting 15 seconds for it (1.40).

        What it holds from an earlier connection is left alone: it will no longer ask for it when nothing refers to it.
        """
        return tuple(name for name in names if not self._is_desired((book.type, name)) and not book.holds(name))

    def _acked(self, nonce: str) -> None:
        type, batch = self._in_flight.pop(nonce, (None, Batch()))
        if type is None:
            return
        book = self._books[type]
        book.note_acked(batch)
        self._confirm((type, ""))
        for resource in batch.resources:
            self._confirm_if_settled(book, resource.name)
        for name in batch.removed:
            self._confirm((type, name))

    def _nacked(self, nack: Nacked) -> None:
        type, batch = self._in_flight.pop(nack.nonce, (None, Batch()))
        if type is None:
            return
        book = self._books[type]
        if not batch.resources:  # Envoy cannot refuse that something goes; waiting would block all that follows.
            book.note_acked(batch)
            for name in ("", *batch.removed):
                self._confirm((type, name))
        elif len(batch.resources) + len(batch.removed) == 1:
            self._reject(book, batch.resources[0], nack.message)
        else:
            for part in batch.parts(nack.message):
                self._post(book, part)
            if self._push:
                self._push.gate.update(resource.key for resource in batch.resources)

    def _reject(self, book: Book, resource: Resource, message: str) -> None:
        kept = book.note_rejected(resource)
        self._quarantined[resource.key] = resource.version
        self._commands.append(Rejected(book.type, resource.name, resource.version, message, kept))
        self._confirm(resource.key)
        self._confirm((book.type, ""))

    # Progress

    def _advance(self) -> None:
        """As far as the gates allow: the next stage, the end of the push, the next push."""
        while True:
            if self._push is None:
                if not self._start():
                    return
                continue
            if self._push.gate:
                return
            if self._push.stage + 1 < DONE:
                self._push.stage += 1
                if self._push.stage == BREAK and keeps_old_routes(self._books, self._quarantined):
                    self._withheld = self._push.take_stage()
                self._release(self._push)
            elif self._push.tail:
                return
            else:
                if self._push.revision is not None:
                    self._commands.append(Delivered(self._push.revision))
                self._push = None

    def _start(self) -> bool:
        """Make a push of what has gathered."""
        is_ready = self._revision is not None or (self._pending and self._books[CDS].is_open)
        if not is_ready:
            return False
        changes = {**self._withheld, **self._pending}
        self._push = Push(self._revision, in_stages(changes, self._books, self._quarantined))
        self._pending, self._withheld, self._revision = {}, {}, None
        return True

    def _release(self, push: Push) -> None:
        """Begin the push's current stage: its changes may reach Envoy, those it wants are sent."""
        names: defaultdict[ResourceType, list[str]] = defaultdict(list)
        gone: defaultdict[ResourceType, list[str]] = defaultdict(list)
        for (type, name), resource in push.stages[push.stage].items():
            book = self._books[type]
            book.left.pop(name, None)
            if resource is None:
                book.released.pop(name, None)
                if type.is_wildcard and book.holds(name):
                    gone[type].append(name)
            else:
                book.released[name] = resource
                if book.accepted.get(name) == resource.version:
                    book.last_good[name] = resource
                names[type].append(name)
                if type in (CDS, LDS):
                    push.gate.add((type, name))
        self._open(push)
        self._send_stage(push, names, gone)
        for type, listed in names.items():
            for name in listed:
                self._confirm_if_settled(self._books[type], name)

    def _open(self, push: Push) -> None:
        """From now on questions about this stage's types are answered, also those asked before the first offer."""
        for type in OPENED[push.stage]:
            book = self._books[type]
            if type in (CDS, LDS) and not book.is_synced:
                push.gate.add((type, ""))
            if not book.is_open and book.is_asked:
                if type.is_wildcard:
                    push.due.add(type)
                self._send(book, (), self._absent(book, sorted(book.asked_names)))
            book.is_open = True

    def _send_stage(
        self, push: Push, names: Mapping[ResourceType, list[str]], gone: Mapping[ResourceType, list[str]]
    ) -> None:
        books = self._books
        if push.stage == MAKE:
            self._send_changed(push, books[CDS], names[CDS], push.gate)
            self._send_changed(push, books[EDS], names[EDS], push.tail)
            self._send_changed(push, books[SDS], names[SDS], push.tail)
        elif push.stage == SWITCH:
            self._send_gone(push, books[LDS], gone[LDS])
            self._send_changed(push, books[LDS], names[LDS], push.gate)
            # A scope goes before its host leaves the shard, and comes after its host entered it: never a gap between.
            self._send_gone(push, books[SRDS], gone[SRDS])
            self._send_changed(push, books[RDS], names[RDS], push.gate)
            self._send_changed(push, books[SRDS], names[SRDS], push.gate)
        elif push.stage == POINT:
            for type in (SRDS, LDS, RDS):
                self._send_changed(push, books[type], names[type], push.gate)
        elif push.stage == BREAK:
            self._send_gone(push, books[SRDS], gone[SRDS])
            self._send_gone(push, books[CDS], gone[CDS])

    def _send_changed(self, push: Push, book: Book, names: Iterable[str], awaited: set[Key]) -> None:
        resources = book.to_send(names)
        awaited.update(resource.key for resource in resources)
        self._send(book, resources, is_due=book.type in push.due)
        push.due.discard(book.type)

    def _send_gone(self, push: Push, book: Book, names: list[str]) -> None:
        if book.is_asked:
            push.gate.update((book.type, name) for name in names)
            self._send(book, (), tuple(names))

    # Confirmation

    def _confirm_if_settled(self, book: Book, name: str) -> None:
        if not book.is_settled(name):
            return
        resource = book.released.get(name)
        if resource is not None:
            book.last_good[name] = resource
            if self._push:
                unmet = [need for need in resource.needs if not self._books[need[0]].is_settled(need[1])]
                self._push.gate.update(unmet)
        self._confirm((book.type, name))

    def _confirm(self, key: Key) -> None:
        if self._push:
            self._push.discard(key)

    def _is_desired(self, key: Key) -> bool:
        """It is there, on its way, or refused but still asked for."""
        if key[1] in self._books[key[0]].released or key in self._quarantined:
            return True
        return self._pending.get(key) is not None or (self._push is not None and self._push.is_ahead(key))

    # Sending

    def _send(
        self, book: Book, resources: tuple[Resource, ...], removed: tuple[str, ...] = (), *, is_due: bool = False
    ) -> None:
        """`is_due`: Envoy waits for an answer even if it is empty."""
        if resources or removed or is_due:
            self._post(book, Batch(resources, removed))

    def _post(self, book: Book, batch: Batch) -> None:
        self._last_nonce += 1
        nonce = str(self._last_nonce)
        self._in_flight[nonce] = (book.type, batch)
        changed = [resource for resource in batch.resources if resource.name in book.accepted]
        book.note_sent(batch)
        self._commands.append(Send(book.type, nonce, batch.resources, batch.removed))
        if book.type is CDS:
            self._renew_endpoints(changed)

    def _renew_endpoints(self, clusters: list[Resource]) -> None:
        """A changed cluster warms anew with its endpoints, but Envoy does not ask for them a second time (1.40)."""
        names = [name for cluster in clusters for type, name in cluster.needs if type is EDS]
        endpoints = self._books[EDS]
        endpoints.forget(names)
        self._send(endpoints, endpoints.to_send(names))

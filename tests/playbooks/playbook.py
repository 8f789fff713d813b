"""How are conversations with a session written down?

A script is a list of lines. `>>` is an event, `<<` a command that must follow it; a line that differs, is missing or is
too many fails with the whole conversation as it really went.

    needs LDS web: RDS web           what Envoy will ask for before this resource takes effect
    >> offered 1: CDS a@1 EDS a@1 -CDS b
    >> asks CDS holding a@1 b@1      resources from an earlier connection
    >> asks EDS a
    >> drops EDS a
    >> acks CDS                      the oldest response of the type that is still unanswered
    >> rejects CDS: reason
    << send CDS a@1 -b
    << delivered 1
    << rejected CDS a@2: reason, keeps a@1

A cluster needs its endpoints without being told. `@1` is a version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from textwrap import dedent

from torana.envoy.events import Acked, Asked, Command, Delivered, Event, Nacked, Offered, Rejected, Send
from torana.envoy.resource import Key, Resource, ResourceType
from torana.envoy.session import Session


def play(script: str, quarantined: Mapping[Key, str] | None = None) -> None:
    """Fails with both conversations unless the session says exactly the `<<` lines."""
    lines = [line.strip() for line in dedent(script).strip().splitlines() if line.strip()]
    played = _Player(Session(quarantined)).play(lines)
    assert played == [line for line in lines if not line.startswith("needs")], "\n".join(["really:", *played])


class _Player:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._needs: dict[Key, tuple[Key, ...]] = {}
        self._unanswered: dict[str, list[str]] = defaultdict(list)

    def play(self, lines: list[str]) -> list[str]:
        said: list[str] = []
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "needs":
                self._note_needs(rest)
            elif kind == ">>":
                said.append(line)
                said += [f"<< {self._show(command)}" for command in self._session.step(self._event(rest))]
        return said

    def _note_needs(self, text: str) -> None:
        key, _, needs = text.partition(": ")
        type, name = key.split()
        words = needs.replace(",", "").split()
        pairs = zip(words[::2], words[1::2], strict=True)
        self._needs[ResourceType[type], name] = tuple((ResourceType[t], "" if n == "*" else n) for t, n in pairs)

    def _event(self, text: str) -> Event:
        verb, _, rest = text.partition(" ")
        if verb == "offered":
            return self._offered(rest)
        if verb == "asks":
            question, _, held = rest.partition(" holding ")
            type, *names = question.split()
            return Asked(ResourceType[type], tuple(names), (), dict(_split(item) for item in held.split()))
        if verb == "drops":
            type, *names = rest.split()
            return Asked(ResourceType[type], (), tuple(names))
        type, _, message = rest.partition(": ")
        nonce = self._unanswered[type].pop(0)
        return Nacked(nonce, message) if verb == "rejects" else Acked(nonce)

    def _offered(self, text: str) -> Offered:
        revision, _, items = text.partition(":")
        upserts, removals = [], []
        words = items.split()
        for type, item in zip(words[::2], words[1::2], strict=True):
            if type.startswith("-"):
                removals.append((ResourceType[type[1:]], item))
            else:
                upserts.append(self._resource(ResourceType[type], *_split(item)))
        return Offered(int(revision), tuple(upserts), tuple(removals))

    def _resource(self, type: ResourceType, name: str, version: str) -> Resource:
        needs = self._needs.get((type, name), ((ResourceType.EDS, name),) if type is ResourceType.CDS else ())
        return Resource(type, name, version, b"", b"", needs)

    def _show(self, command: Command) -> str:
        if isinstance(command, Delivered):
            return f"delivered {command.revision}"
        if isinstance(command, Rejected):
            kept = f", keeps {_name(command.kept)}" if command.kept else ""
            return f"rejected {command.type.name} {command.name}@{command.version}: {command.message}{kept}"
        self._unanswered[command.type.name].append(command.nonce)
        return " ".join(["send", command.type.name, *_content(command)])


def _content(send: Send) -> list[str]:
    return [*(_name(resource) for resource in send.resources), *(f"-{name}" for name in send.removed)]


def _name(resource: Resource) -> str:
    return f"{resource.name}@{resource.version}"


def _split(item: str) -> tuple[str, str]:
    name, _, version = item.partition("@")
    return name, version

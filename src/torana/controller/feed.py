"""How objects reach the graph: one reflector per kind, their changes gathered and settled together.

Changes that arrive in one turn of the event loop are settled as one; nothing waits on a timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from torana.api.kind import Kind, ObjectRef
from torana.api.references import GATEWAY_GROUP
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.derive.collection import Collection
from torana.gateway.finding import Finding
from torana.gateway.routes.registry import ROUTE_KINDS
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client
from torana.kube.reflector import reflect

log = logging.getLogger(__name__)

SHUT_WHEN_UNREADABLE = frozenset(
    {
        *((GATEWAY_GROUP, kind) for kind in ("Gateway", "ListenerSet", "BackendTLSPolicy", *ROUTE_KINDS)),
        (EXPERIMENTAL_GROUP, "XBackend"),
        (EXPERIMENTAL_GROUP, "XBackendTrafficPolicy"),
    }
)

AIMS = ("spec.targetRefs", "spec.parentRef", "spec: ")
"""Fields without which nobody knows what to refuse."""

Edits = dict[Collection[Any, Any], dict[Any, Any]]


class Feed:
    """Gathers edits and hands them to `settle` once per turn of the loop, and not before every kind was listed."""

    def __init__(self, settle: Callable[[Edits], None], unreadable: Collection[Any, Any]) -> None:
        self._settle = settle
        self._unreadable = unreadable
        self._pending: Edits = {}
        self._scheduled = False
        self._unlisted: set[str] = set()
        self.synced = asyncio.Event()

    async def run(
        self, client: Client, kinds: Mapping[Kind, tuple[Collection[Any, Any], Callable[[Any], Any], str]]
    ) -> None:
        """Follow these kinds for ever. Values: the source, how an object becomes its value, a label selector."""
        self._unlisted = {kind.kind for kind in kinds}
        async with asyncio.TaskGroup() as group:
            for kind, (source, value, selector) in kinds.items():
                receive = self._receiver(source, value)
                group.create_task(reflect(client, kind, receive, label_selector=selector), name=f"watch {kind.plural}")

    def edit(self, source: Collection[Any, Any], key: Any, value: Any) -> None:
        """Note an edit of a source (None: drop the item)."""
        self._pending.setdefault(source, {})[key] = value
        self._wake()

    def _receiver(
        self, source: Collection[Any, Any], value: Callable[[Any], Any]
    ) -> Callable[[tuple[Change, ...]], None]:
        def receive(changes: tuple[Change, ...]) -> None:
            edits = self._pending.setdefault(source, {})
            for change in changes:
                if change.synced:
                    self._unlisted.discard(change.kind.kind)
                else:
                    one, finding = read(change)
                    edits[change.ref] = None if one is None else value(one)
                    self._note_unreadable(change, finding)
            self._wake()

        return receive

    def _note_unreadable(self, change: Change, finding: Finding | None) -> None:
        key = ObjectRef(change.kind.group, change.kind.kind, *change.ref)
        pending = self._pending.get(self._unreadable, {})
        if finding is not None or key in pending or key in self._unreadable.items:
            self._pending.setdefault(self._unreadable, {})[key] = finding

    def _wake(self) -> None:
        if not self._scheduled and not self._unlisted:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        edits, self._pending = self._pending, {}
        self._settle(edits)
        self.synced.set()


def read(change: Change) -> tuple[Any, Finding | None]:
    """The object that takes part, and what is unreadable of it.

    Kinds whose objects say what is protected, and how, take part with what can be read: their stages then refuse what
    they are about. Objects of other kinds are better left out: a missing grant or Secret opens nothing.
    """
    found = change.object
    if not isinstance(found, Undecodable):
        return found, None
    kind, ref = change.kind.kind, change.ref
    if (change.kind.group, kind) not in SHUT_WHEN_UNREADABLE or found.rest is None:
        log.warning("%s %s cannot be read and is left out: %s", kind, ref, found.message)
        return None, None
    lost = [one for one in found.lost if one.startswith("spec")]
    if not lost:
        return found.rest, None
    if any(one.startswith(AIMS) for one in lost):
        log.error("%s %s: it cannot be read what all it is about, so that may be open: %s", kind, ref, "; ".join(lost))
    else:
        log.warning("%s %s cannot be read in part, so what it is about is refused: %s", kind, ref, "; ".join(lost))
    path, _, message = lost[0].partition(": ")
    more = f"; and {len(lost) - 1} more" if len(lost) > 1 else ""
    return found.rest, Finding("Invalid", f"cannot be read: {message}{more}; store it as the CRDs of today say", path)


def as_is(obj: Any) -> Any:
    """The object itself."""
    return obj

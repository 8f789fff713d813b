"""How objects reach the graph: one reflector per kind, their changes gathered and settled together.

Changes that arrive in one turn of the event loop are settled as one; nothing waits on a timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from torana.api.kind import Kind
from torana.derive.collection import Collection
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client
from torana.kube.reflector import reflect

log = logging.getLogger(__name__)

Edits = dict[Collection[Any, Any], dict[Any, Any]]


class Feed:
    """Gathers edits and hands them to `settle` once per turn of the loop, and not before every kind was listed."""

    def __init__(self, settle: Callable[[Edits], None]) -> None:
        self._settle = settle
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
                    edits[change.ref] = _value(change, value)
            self._wake()

        return receive

    def _wake(self) -> None:
        if not self._scheduled and not self._unlisted:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        edits, self._pending = self._pending, {}
        self._settle(edits)
        self.synced.set()


def _value(change: Change, value: Callable[[Any], Any]) -> Any:
    if isinstance(change.object, Undecodable):
        log.warning("%s %s cannot be read and is left out: %s", change.kind.kind, change.ref, change.object.message)
        return None
    return None if change.object is None else value(change.object)


def as_is(obj: Any) -> Any:
    """The object itself."""
    return obj

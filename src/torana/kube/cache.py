"""What do we know now? A local, indexed copy of one kind, fed by `reflect`.

Pure apart from the waiting: `apply` changes the copy, the readers read it, `wait_synced` waits for the first full list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from torana.api.kind import Kind, Ref
from torana.kube.change import Change, Undecodable

IndexKeys = Callable[[Any], Iterable[Hashable]]
"""The keys under which an object is to be found in an index."""


class Cache:
    """Objects of one kind by ref, and by the keys of declared indexes.

    `apply` fits as the callback of `reflect`. Undecodable objects are kept apart in `undecodable`: their last good
    state, which no longer exists, is not served.
    """

    def __init__(self, kind: Kind, indexes: Mapping[str, IndexKeys] | None = None) -> None:
        self.kind = kind
        self.undecodable: dict[Ref, Undecodable] = {}
        self._objects: dict[Ref, Any] = {}
        self._keys_of = dict(indexes or {})
        self._index: dict[str, dict[Hashable, dict[Ref, Any]]] = {name: {} for name in self._keys_of}
        self._synced = asyncio.Event()
        self._listeners: list[Callable[[tuple[Change, ...]], None]] = []

    @property
    def is_synced(self) -> bool:
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        await self._synced.wait()

    def on_changes(self, listener: Callable[[tuple[Change, ...]], None]) -> None:
        """Calls `listener` with each batch after it is in the cache."""
        self._listeners.append(listener)

    def apply(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced:
                self._synced.set()
            else:
                self._set(change.ref, change.object)
        for listener in self._listeners:
            listener(changes)

    def get(self, ref: Ref) -> Any | None:
        return self._objects.get(ref)

    def by(self, index: str, key: Hashable) -> tuple[Any, ...]:
        """The objects whose keys in `index` include `key`, in order of arrival."""
        return tuple(self._index[index].get(key, {}).values())

    def __iter__(self) -> Iterator[Any]:
        return iter(tuple(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, ref: object) -> bool:
        return ref in self._objects

    def _set(self, ref: Ref, value: Any | None) -> None:
        self._remove(ref)
        if value is None:
            return
        if isinstance(value, Undecodable):
            self.undecodable[ref] = value
            return
        self._objects[ref] = value
        for name, keys_of in self._keys_of.items():
            for key in keys_of(value):
                self._index[name].setdefault(key, {})[ref] = value

    def _remove(self, ref: Ref) -> None:
        self.undecodable.pop(ref, None)
        before = self._objects.pop(ref, None)
        if before is None:
            return
        for name, keys_of in self._keys_of.items():
            index = self._index[name]
            for key in keys_of(before):
                entries = index.get(key)
                if entries is not None:
                    entries.pop(ref, None)
                    if not entries:
                        del index[key]

"""How a derivation reads other collections: every look is recorded, so that what it saw can wake it again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from torana.derive.collection import Collection, Index, Readers, Task

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class UndeclaredOrder(Exception):
    """A derivation looked at a collection that is computed after it."""


class Look:
    """The eyes of one task. Looks at a later collection raise UndeclaredOrder."""

    __slots__ = ("reads", "task")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.reads: list[tuple[Readers, Any, Any]] = []
        """(reader table, key looked at, collection or index looked at)."""

    def get(self, collection: Collection[K, V], key: K) -> V | None:
        """The item of that key, or None."""
        self._record(collection.getters, key, collection, collection.order)
        return collection.items.get(key)

    def list(self, index: Index[K, V], group: Hashable) -> tuple[tuple[K, V], ...]:
        """The items of a group, sorted by key."""
        self._record(index.listers, group, index, index.collection.order)
        bucket = index.buckets.get(group)
        if not bucket:
            return ()
        if len(bucket) == 1:
            return tuple(bucket.items())
        return tuple((key, bucket[key]) for key in sorted(bucket))  # type: ignore[type-var]

    def count(self, index: Index[K, V], group: Hashable) -> int:
        """How many items a group has. Cheaper to depend on than the list: only a changed size wakes the task."""
        self._record(index.counters, group, index, index.collection.order)
        return len(index.buckets.get(group, ()))

    def _record(self, readers: Readers, key: Any, seen: Any, order: int) -> None:
        if order >= self.task.order:
            raise UndeclaredOrder(f"derivation {self.task.order} looked at {seen!r}, which is computed later")
        tasks = readers.get(key)
        if tasks is None:
            tasks = readers[key] = {}
        if self.task not in tasks:
            tasks[self.task] = None
            self.reads.append((readers, key, seen))


def forget(task: Task, reads: list[tuple[Readers, Any, Any]]) -> None:
    """Take back the looks of a task that is about to run again, or is gone."""
    for readers, key, _ in reads:
        tasks = readers.get(key)
        if tasks is not None:
            tasks.pop(task, None)
            if not tasks:
                del readers[key]

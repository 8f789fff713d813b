"""What a collection is: a keyed map of immutable values, with declared indexes and a record of who read what.

Readers are tasks (one derivation applied to one key). They register on the smallest thing they looked at: a key, a
bucket of an index, or only the size of a bucket. So a change finds exactly the tasks it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Task(NamedTuple):
    """One derivation (by its place in the order) applied to one input key."""

    order: int
    key: Hashable


Readers = dict[Any, dict[Task, None]]
"""Looked-at key → the tasks that looked, in the order of looking."""


class Index(Generic[K, V]):
    """A grouping of a collection's items: `of` gives the group keys of an item (none, one or many)."""

    def __init__(self, collection: Collection[K, V], name: str, of: Callable[[K, V], Iterable[Hashable]]) -> None:
        self.collection = collection
        self.name = name
        self.of = of
        self.buckets: dict[Hashable, dict[K, V]] = {}
        self.listers: Readers = {}
        self.counters: Readers = {}

    def __repr__(self) -> str:
        return f"{self.collection.name}.{self.name}"


class Collection(Generic[K, V]):
    """A keyed map of immutable values. Only the engine edits it."""

    def __init__(self, name: str, order: int, indexes: dict[str, Callable[[K, V], Iterable[Hashable]]]) -> None:
        self.name = name
        self.order = order
        self.items: dict[K, V] = {}
        self.indexes: dict[str, Index[K, V]] = {name: Index(self, name, of) for name, of in indexes.items()}
        self.getters: Readers = {}

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self.items)}>"

    def index(self, name: str) -> Index[K, V]:
        """The index of that name. Raises KeyError when the collection declares none."""
        return self.indexes[name]


class Change(NamedTuple):
    """An item before and after; `None` is absent."""

    old: Any
    new: Any


class Touched(NamedTuple):
    """What one edit concerns: tasks that looked at it, and index groups that began or ceased to exist."""

    tasks: dict[Task, None]
    groups: list[tuple[Index[Any, Any], Hashable]]


def edit(collection: Collection[K, V], key: K, new: V | None, touched: Touched) -> Change | None:
    """Set (or, with None, drop) an item, keep the indexes true, and note who is concerned. None: nothing changed."""
    old = collection.items.get(key)
    if old is new or old == new:
        return None
    if new is None:
        del collection.items[key]
    else:
        collection.items[key] = new
    touched.tasks.update(collection.getters.get(key, {}))
    for index in collection.indexes.values():
        _reindex(index, key, old, new, touched)
    return Change(old, new)


def _reindex(index: Index[K, V], key: K, old: V | None, new: V | None, touched: Touched) -> None:
    before = dict.fromkeys(index.of(key, old)) if old is not None else {}
    after = dict.fromkeys(index.of(key, new)) if new is not None else {}
    for group in before:
        touched.tasks.update(index.listers.get(group, {}))
        if group in after:
            continue
        bucket = index.buckets[group]
        del bucket[key]
        touched.tasks.update(index.counters.get(group, {}))
        if not bucket:
            del index.buckets[group]
            touched.groups.append((index, group))
    if new is None:
        return
    for group in after:
        bucket_or_none = index.buckets.get(group)
        if bucket_or_none is None:
            bucket_or_none = index.buckets[group] = {}
            touched.groups.append((index, group))
        bucket_or_none[key] = new
        if group not in before:
            touched.tasks.update(index.listers.get(group, {}))
            touched.tasks.update(index.counters.get(group, {}))

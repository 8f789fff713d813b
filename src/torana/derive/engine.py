"""The incremental engine: sources are edited, derivations follow, and only what a change touches is computed again.

A *source* is a collection edited from outside. A *derivation* is a pure function `(key, value, look) -> {key: value}`
over the items of an earlier collection, or over the groups of an index of one (then `value` is None). `settle`
applies edits and runs, in order of definition, exactly the tasks whose input or looks changed. An output equal to the
old one stops there.

Laws (tests/properties/test_derive.py): the result of any edits equals a build from scratch; the order of input does not
matter; editing one item runs a number of tasks that does not grow with the number of items that do not look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from torana.derive.collection import Change, Collection, Index, Readers, Task, Touched, edit
from torana.derive.look import Look, forget

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
K2 = TypeVar("K2", bound=Hashable)
V2 = TypeVar("V2")

Indexes = Mapping[str, Callable[[Any, Any], Iterable[Hashable]]]
Over = Collection[Any, Any] | Index[Any, Any] | tuple[Collection[Any, Any], ...]
"""What a derivation runs over: items, groups of an index, or the items of several collections with distinct keys."""


class Derived(Collection[K, V], Generic[K, V]):
    """A collection that a derivation computes."""

    def __init__(self, name: str, order: int, over: Over, derive: Any, indexes: Indexes) -> None:
        super().__init__(name, order, dict(indexes))
        self.over = over
        self.derive = derive
        self.outputs: dict[Hashable, Mapping[K, V]] = {}
        """Input key → what it gave, as last computed."""
        self.owner: dict[K, Hashable] = {}
        """Output key → the input key that gave it."""
        self.reads: dict[Hashable, list[tuple[Readers, Any, Any]]] = {}


class Failure(NamedTuple):
    """A derivation that raised: a bug of ours. Its earlier output stays."""

    derivation: str
    key: Hashable
    error: Exception


class Settled(NamedTuple):
    """What one settle did: changes per collection name, tasks run per derivation name, and failures."""

    changes: dict[str, dict[Any, Change]]
    computed: dict[str, int]
    failures: tuple[Failure, ...]

    def of(self, collection: Collection[K, V]) -> dict[K, Change]:
        """The changes of one collection."""
        return self.changes.get(collection.name, {})


class Engine:
    """All collections of one control plane, and the order in which they follow each other."""

    def __init__(self) -> None:
        self.collections: list[Collection[Any, Any]] = []
        self._over_items: dict[int, list[Derived[Any, Any]]] = {}
        self._over_groups: dict[int, list[Derived[Any, Any]]] = {}

    def source(self, name: str, indexes: Indexes | None = None) -> Collection[Any, Any]:
        """A collection edited from outside, by `settle`."""
        collection: Collection[Any, Any] = Collection(name, len(self.collections), dict(indexes or {}))
        self.collections.append(collection)
        return collection

    def derive(
        self,
        name: str,
        over: Collection[K, V] | Index[K, V],
        derivation: Callable[[Any, Any, Look], Mapping[K2, V2]],
        indexes: Indexes | None = None,
    ) -> Derived[K2, V2]:
        """A collection computed from each item of `over` (or each group of an index). Output keys must not collide."""
        derived: Derived[K2, V2] = Derived(name, len(self.collections), over, derivation, indexes or {})
        return self._add(derived)

    def union(
        self, name: str, collections: tuple[Collection[K, V], ...], indexes: Indexes | None = None
    ) -> Derived[K, V]:
        """All items of several collections. Their keys must not collide."""
        derived: Derived[K, V] = Derived(
            name, len(self.collections), collections, lambda key, value, look: {key: value}, indexes or {}
        )
        return self._add(derived)

    def _add(self, derived: Derived[K, V]) -> Derived[K, V]:
        over = derived.over
        table = self._over_groups if isinstance(over, Index) else self._over_items
        for one in over if isinstance(over, tuple) else (over,):
            table.setdefault(id(one), []).append(derived)
        self.collections.append(derived)
        return derived

    def map(
        self,
        name: str,
        over: Collection[K, V] | Index[K, V],
        derivation: Callable[[Any, Any, Look], V2 | None],
        indexes: Indexes | None = None,
    ) -> Derived[Any, V2]:
        """Like `derive`, one output under the input's own key; None is no output."""

        def one(key: Any, value: Any, look: Look) -> Mapping[Any, V2]:
            result = derivation(key, value, look)
            return {} if result is None else {key: result}

        return self.derive(name, over, one, indexes)

    def settle(self, edits: Mapping[Collection[Any, Any], Mapping[Any, Any]] | None = None) -> Settled:
        """Apply edits (value, or None to drop) to sources and bring every derivation up to date."""
        dirty: dict[int, dict[Hashable, None]] = {}
        changes: dict[str, dict[Any, Change]] = {}
        for source, items in (edits or {}).items():
            if isinstance(source, Derived):
                raise TypeError(f"{source.name} is derived; only sources are edited")
            self._edit(source, items, changes, dirty)
        computed: dict[str, int] = {}
        failures: list[Failure] = []
        while dirty:
            order = min(dirty)
            derived = self.collections[order]
            keys = dirty.pop(order)
            assert isinstance(derived, Derived)
            computed[derived.name] = computed.get(derived.name, 0) + len(keys)
            self._edit(derived, _recompute(derived, keys, failures), changes, dirty)
        return Settled(changes, computed, tuple(failures))

    def _edit(
        self,
        collection: Collection[Any, Any],
        items: Mapping[Any, Any],
        changes: dict[str, dict[Any, Change]],
        dirty: dict[int, dict[Hashable, None]],
    ) -> None:
        touched = Touched({}, [])
        seen: dict[Any, Change] = {}
        for key, value in items.items():
            change = edit(collection, key, value, touched)
            if change is not None:
                seen[key] = change
        if not seen:
            return
        changes[collection.name] = seen
        for derived in self._over_items.get(id(collection), ()):
            dirty.setdefault(derived.order, {}).update(dict.fromkeys(seen))
        for index, group in touched.groups:
            for derived in self._over_groups.get(id(index), ()):
                dirty.setdefault(derived.order, {})[group] = None
        for task in touched.tasks:
            dirty.setdefault(task.order, {})[task.key] = None


def _recompute(derived: Derived[Any, Any], keys: Mapping[Hashable, None], failures: list[Failure]) -> dict[Any, Any]:
    """Run the tasks of these keys; the edits that bring the derived collection up to date."""
    edits: dict[Any, Any] = {}
    fresh: dict[Hashable, Mapping[Any, Any]] = {}
    for key in keys:
        task = Task(derived.order, key)
        old_reads = derived.reads.pop(key, [])
        forget(task, old_reads)
        present, value = _input(derived.over, key)
        if not present:
            fresh[key] = {}
            continue
        look = Look(task)
        try:
            fresh[key] = derived.derive(key, value, look)
        except Exception as error:  # a bug in one task must not stop the others
            failures.append(Failure(derived.name, key, error))
        derived.reads[key] = look.reads
    for key, outputs in fresh.items():
        for output in derived.outputs.pop(key, {}):
            if output not in outputs:
                edits[output] = None
                del derived.owner[output]
    for key, outputs in fresh.items():
        for output, value in outputs.items():
            owner = derived.owner.setdefault(output, key)
            if owner != key:
                failures.append(Failure(derived.name, key, KeyError(f"{output!r} already comes from {owner!r}")))
                continue
            edits[output] = value
        if outputs:
            derived.outputs[key] = {k: v for k, v in outputs.items() if derived.owner[k] == key}
    return edits


def _input(over: Over, key: Any) -> tuple[bool, Any]:
    if isinstance(over, Index):
        return key in over.buckets, None
    if isinstance(over, tuple):
        return next(((True, one.items[key]) for one in over if key in one.items), (False, None))
    return key in over.items, over.items.get(key)

"""Which source items made a derived item: the recorded looks, followed back to the sources."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from torana.derive.collection import Collection, Index
from torana.derive.engine import Derived


def sources_of(collection: Collection[Any, Any], key: Hashable) -> set[tuple[str, Hashable]]:
    """(source name, key) of every source item that took part, found or looked for in vain.

    A look at the size of a group counts as a look at its items.
    """
    found: set[tuple[str, Hashable]] = set()
    seen: set[tuple[int, Hashable]] = set()
    queue: list[tuple[Collection[Any, Any], Hashable]] = [(collection, key)]
    while queue:
        current, item = queue.pop()
        if (current.order, item) in seen:
            continue
        seen.add((current.order, item))
        if not isinstance(current, Derived):
            found.add((current.name, item))
            continue
        task = current.owner.get(item)
        if task is None:
            continue
        queue.extend(_inputs(current, task))
    return found


def _inputs(derived: Derived[Any, Any], task: Hashable) -> list[tuple[Collection[Any, Any], Hashable]]:
    inputs: list[tuple[Collection[Any, Any], Hashable]] = []
    if isinstance(derived.over, Index):
        inputs += [(derived.over.collection, key) for key in derived.over.buckets.get(task, ())]
    elif isinstance(derived.over, tuple):
        inputs += [(one, task) for one in derived.over if task in one.items]
    else:
        inputs.append((derived.over, task))
    for _, looked_at, seen in derived.reads.get(task, ()):
        if isinstance(seen, Index):
            inputs += [(seen.collection, key) for key in seen.buckets.get(looked_at, ())]
        else:
            inputs.append((seen, looked_at))
    return inputs

"""Does one wrong value, anywhere in any object, keep more than its object from being served?

A laxer or older API server may have let it through. The objects are those of the golden pages; a value that nobody
would take is put in the place of one of theirs. Whatever comes of it, everything else is computed.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from tests.golden.page import Outcome, cases, new_graph

from torana.api.kind import Ref
from torana.envoy.host import RenderOptions
from torana.envoy.stage import Resources
from torana.proxy.limits import TREES_ABOVE

BEYOND = (-1, 10**12)
WRONG: dict[type, tuple[Any, ...]] = {
    int: (0, 65536),
    str: ("", "x" * 300, "\n", "*", "*.", "a b", "é", "-", "/", "//", "0", "-5s", "[", "::"),
    list: ([],),
    dict: ({},),
    bool: (True, False),
}
ALL = list(cases())
SEEDS, ROUNDS = 3, 100

Path = tuple[Any, ...]
Object = dict[str, Any]


def test_no_number_fails_a_derivation() -> None:
    tried = set()
    for case in ALL:
        for number, one in enumerate(case.objects):
            for path in places(one):
                field = (one["kind"], *(key for key in path if isinstance(key, str)))
                if type(at(one, path)) is int and field not in tried:
                    tried.add(field)
                    for wrong in BEYOND:
                        objects = copy.deepcopy(list(case.objects))
                        at(objects[number], path[:-1])[path[-1]] = wrong
                        settle(objects)
    assert len(tried) > 25


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_wrong_value_fails_a_derivation(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        objects = copy.deepcopy(list(rng.choice(ALL).objects))
        one = rng.choice(objects)
        if found := list(places(one)):
            *way, last = rng.choice(found)
            parent = at(one, way)
            parent[last] = copy.copy(rng.choice(WRONG[type(parent[last])]))
        settle(objects)


def settle(objects: list[Object]) -> None:
    graph = new_graph()
    addresses = graph.engine.source("test_addresses")
    Resources(graph.engine, graph, addresses, RenderOptions(TREES_ABOVE))
    Outcome(objects, graph=graph)
    gateways: list[Ref] = list(graph.sources.gateways.items)
    failures = graph.engine.settle({addresses: dict.fromkeys(gateways, "127.0.0.1")}).failures
    assert not failures, (objects, failures)


def places(one: Object) -> list[Path]:
    """Where in what an object says there is a value."""
    return [path for top in ("spec", "data") if top in one for path in _below(one[top], (top,))]


def _below(value: Any, path: Path) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from _below(part, (*path, key))


def at(value: Any, path: Iterable[Any]) -> Any:
    for key in path:
        value = value[key]
    return value

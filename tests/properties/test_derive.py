"""The laws of the incremental engine, on generated edits of a small model of routes, gateways and hosts."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from torana.derive.engine import Engine
from torana.derive.provenance import sources_of

GATEWAYS = ["g0", "g1", "g2"]
HOSTS = ["a", "b", "c"]

edits = st.lists(
    st.one_of(
        st.tuples(
            st.just("routes"),
            st.sampled_from([f"r{i}" for i in range(6)]),
            st.one_of(
                st.none(), st.tuples(st.sampled_from(GATEWAYS), st.sets(st.sampled_from(HOSTS)), st.integers(0, 2))
            ),
        ),
        st.tuples(st.just("gateways"), st.sampled_from(GATEWAYS), st.one_of(st.none(), st.integers(0, 2))),
    ),
    max_size=30,
)


class Model:
    """Routes attach to gateways and give hosts; a host lists its routes; a gateway counts them."""

    def __init__(self) -> None:
        engine = self.engine = Engine()
        self.gateways = engine.source("gateways")
        self.routes = engine.source("routes", {"gateway": lambda _, route: [route[0]]})
        self.attached = engine.derive(
            "attached",
            self.routes,
            lambda key, route, look: {
                (route[0], host, key): route[2] for host in route[1] if (look.get(self.gateways, route[0]) or 0) > 0
            },
            {"host": lambda key, _: [key[:2]], "gateway": lambda key, _: [key[0]]},
        )
        self.hosts = engine.map(
            "hosts",
            self.attached.index("host"),
            lambda group, _, look: tuple(value for _, value in look.list(self.attached.index("host"), group)),
        )
        self.counts = engine.map(
            "counts", self.gateways, lambda key, _, look: look.count(self.attached.index("gateway"), key)
        )

    def apply(self, *batch: tuple[str, str, Any]) -> Any:
        edits: dict[Any, dict[Any, Any]] = {}
        for kind, key, value in batch:
            source = self.gateways if kind == "gateways" else self.routes
            edits.setdefault(source, {})[key] = (
                (value[0], frozenset(value[1]), value[2]) if isinstance(value, tuple) else value
            )
        return self.engine.settle(edits)

    def state(self) -> dict[str, dict[Any, Any]]:
        return {c.name: dict(c.items) for c in self.engine.collections}


def from_scratch(steps: list[tuple[str, str, Any]]) -> Model:
    model = Model()
    model.apply(*{(kind, key): (kind, key, value) for kind, key, value in steps}.values())
    return model


@given(edits)
def test_the_result_of_any_edits_equals_a_build_from_scratch(steps: list[tuple[str, str, Any]]) -> None:
    stepwise = Model()
    for step in steps:
        stepwise.apply(step)
    assert stepwise.state() == from_scratch(steps).state()


@given(edits, st.randoms())
def test_the_order_of_independent_input_does_not_matter(steps: list[tuple[str, str, Any]], rng: random.Random) -> None:
    last = list({(kind, key): (kind, key, value) for kind, key, value in steps}.values())
    shuffled = last[:]
    rng.shuffle(shuffled)
    one, other = Model(), Model()
    for step in last:
        one.apply(step)
    for step in shuffled:
        other.apply(step)
    assert one.state() == other.state()


@given(edits)
def test_applying_the_same_edit_twice_computes_nothing(steps: list[tuple[str, str, Any]]) -> None:
    model = from_scratch(steps)
    again = model.apply(*{(kind, key): (kind, key, value) for kind, key, value in steps}.values())
    assert again.computed == {} and again.changes == {}


def with_routes(count: int) -> Model:
    model = Model()
    model.apply(("gateways", "g0", 1), *(("routes", f"r{i}", ("g0", {f"h{i}"}, 0)) for i in range(count)))
    return model


def test_editing_one_of_many_routes_computes_a_count_that_does_not_grow() -> None:
    costs = [
        sum(with_routes(count).apply(("routes", "r0", ("g0", {"h0"}, 7))).computed.values()) for count in (1, 10, 1000)
    ]
    assert costs[0] == costs[1] == costs[2]


def test_an_item_nobody_looks_at_changes_nothing() -> None:
    model = with_routes(3)
    settled = model.apply(("routes", "stray", ("g2", {"x"}, 0)))
    assert set(settled.changes) == {"routes"}


def test_an_equal_output_stops_there() -> None:
    model = with_routes(2)
    settled = model.apply(("gateways", "g0", 2))
    assert settled.computed["attached"] == 2
    assert "hosts" not in settled.computed


def test_a_failing_task_keeps_its_earlier_output_and_others_go_on() -> None:
    engine = Engine()
    source = engine.source("source")
    inverse = engine.map("inverse", source, lambda key, value, look: 1 / value)
    engine.settle({source: {"a": 2, "b": 4}})
    settled = engine.settle({source: {"a": 0, "b": 5}})
    assert [f.key for f in settled.failures] == ["a"]
    assert inverse.items == {"a": 0.5, "b": 0.2}
    assert engine.settle({source: {"a": 10}}).failures == ()
    assert inverse.items["a"] == 0.1


def test_an_output_may_move_from_one_owner_to_another_in_one_settle() -> None:
    engine = Engine()
    source = engine.source("source")
    names = engine.derive("names", source, lambda key, value, look: {value: key})
    engine.settle({source: {"a": "x"}})
    settled = engine.settle({source: {"a": "y", "b": "x"}})
    assert settled.failures == ()
    assert names.items == {"x": "b", "y": "a"}


def test_provenance_names_the_sources_of_an_item() -> None:
    model = with_routes(2)
    assert sources_of(model.hosts, ("g0", "h1")) == {("routes", "r1"), ("gateways", "g0")}


def test_a_union_follows_all_its_collections() -> None:
    engine = Engine()
    left, right = engine.source("left"), engine.source("right")
    both = engine.union("both", (left, right), {"value": lambda _, value: [value]})
    engine.settle({left: {"a": 1}, right: {"b": 1}})
    assert both.items == {"a": 1, "b": 1}
    engine.settle({left: {"a": None}, right: {"b": 2}})
    assert both.items == {"b": 2}
    assert sources_of(both, "b") == {("right", "b")}

"""What the cache knows after changes, and under which keys it finds objects."""

from __future__ import annotations

from torana.api.kind import Ref
from torana.api.meta import ObjectMeta
from torana.kube.cache import Cache
from torana.kube.change import Change, Undecodable, synced_marker

from .fake_api import WIDGET, Spec, Widget


def widget(name: str, size: int) -> Widget:
    return Widget(metadata=ObjectMeta(name=name, namespace="n"), spec=Spec(size=size))


def present(obj: Widget) -> Change:
    return Change(WIDGET, obj.metadata.ref, obj)


def by_size() -> Cache:
    return Cache(WIDGET, {"size": lambda obj: (obj.spec.size,)})


def test_an_object_is_found_by_ref_and_by_index() -> None:
    cache = by_size()
    cache.apply((present(widget("a", 1)), present(widget("b", 1)), present(widget("c", 2))))
    assert cache.get(Ref("n", "a")) == widget("a", 1)
    assert cache.by("size", 1) == (widget("a", 1), widget("b", 1))
    assert len(cache) == 3


def test_a_changed_object_moves_in_the_index() -> None:
    cache = by_size()
    cache.apply((present(widget("a", 1)),))
    cache.apply((present(widget("a", 2)),))
    assert cache.by("size", 1) == ()
    assert cache.by("size", 2) == (widget("a", 2),)


def test_a_gone_object_is_nowhere() -> None:
    cache = by_size()
    cache.apply((present(widget("a", 1)), Change(WIDGET, Ref("n", "a"), None)))
    assert cache.get(Ref("n", "a")) is None
    assert cache.by("size", 1) == ()
    assert list(cache) == []


def test_an_object_that_became_undecodable_is_no_longer_served() -> None:
    cache = by_size()
    bad = Undecodable(Ref("n", "a"), "5", 1, "Expected `int`")
    cache.apply((present(widget("a", 1)), Change(WIDGET, Ref("n", "a"), bad)))
    assert cache.get(Ref("n", "a")) is None
    assert cache.undecodable == {Ref("n", "a"): bad}
    cache.apply((present(widget("a", 3)),))
    assert cache.undecodable == {}


async def test_the_marker_says_that_the_cache_is_complete() -> None:
    cache, heard = by_size(), []
    cache.on_changes(heard.append)
    assert not cache.is_synced
    cache.apply((present(widget("a", 1)), synced_marker(WIDGET)))
    await cache.wait_synced()
    assert len(heard[0]) == 2

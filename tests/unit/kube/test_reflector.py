"""What the reflector promises: every object first, every later state after, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import orjson
import pytest

from torana.api.field import Channel
from torana.api.kind import Ref
from torana.kube.change import Change, Undecodable
from torana.kube.client import PAGE_SIZE, Client
from torana.kube.config import Access
from torana.kube.reflector import reflect

from .fake_api import WIDGET, FakeApi, status_response


class Receiver:
    """Keeps what was delivered and lets a test wait for it."""

    def __init__(self) -> None:
        self.batches: list[tuple[Change, ...]] = []
        self.objects: dict[Ref, object] = {}
        self._arrived = asyncio.Condition()

    def __call__(self, changes: tuple[Change, ...]) -> None:
        self.batches.append(changes)
        for change in changes:
            if change.synced:
                continue
            if change.object is None:
                self.objects.pop(change.ref, None)
            else:
                self.objects[change.ref] = change.object

    async def batch(self, number: int) -> tuple[Change, ...]:
        """The batch with this number, once it is there."""
        async with asyncio.timeout(10):
            while len(self.batches) <= number:
                await asyncio.sleep(0.001)
        return self.batches[number]


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi() as api:
        yield api


@pytest.fixture(params=["direct", "through a proxy"])
async def receiver(api: FakeApi, request: pytest.FixtureRequest) -> AsyncIterator[Receiver]:
    """A receiver that a running reflector feeds."""
    receiver = Receiver()
    proxied = Access(server="http://api.invalid", proxy_url=api.url)
    async with Client(Access(server=api.url) if request.param == "direct" else proxied) as client:
        task = asyncio.create_task(reflect(client, WIDGET, receiver))
        yield receiver
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def names(changes: tuple[Change, ...]) -> list[str]:
    return [change.ref.name for change in changes if not change.synced]


async def test_an_empty_collection_delivers_the_marker_alone(receiver: Receiver) -> None:
    (marker,) = await receiver.batch(0)
    assert marker.synced


async def test_the_first_batch_is_the_whole_list_read_in_pages(api: FakeApi, receiver: Receiver) -> None:
    for number in range(PAGE_SIZE + 20):
        api.put(f"w{number}", number)
    first = await receiver.batch(0)
    assert len(first) == PAGE_SIZE + 21
    assert first[-1].synced
    assert first[7].object.spec.size == 7
    assert [query.get("continue") for _, _, query in api.requests if "limit" in query] == [None, str(PAGE_SIZE)]


async def test_events_that_arrive_together_are_one_batch(api: FakeApi, receiver: Receiver) -> None:
    await api.watching.wait()
    api.put("a")
    api.put("b")
    api.put("a", 2)
    api.remove("b")
    await api.flush()
    assert names(await receiver.batch(1)) == ["a", "b", "a", "b"]
    assert list(receiver.objects) == [Ref("default", "a")]


async def test_a_line_cut_in_the_middle_waits_for_its_rest(api: FakeApi, receiver: Receiver) -> None:
    await api.watching.wait()
    line = orjson.dumps({"type": "ADDED", "object": api.put("a", 5)}) + b"\n"
    await api.send(line[:20])
    await api.send(line[20:])
    assert names(await receiver.batch(1)) == ["a"]


async def test_an_undecodable_object_is_delivered_as_such_and_stops_nothing(api: FakeApi, receiver: Receiver) -> None:
    await api.watching.wait()
    api.put("bad", "not a number")
    api.put("good", 1)
    await api.flush()
    bad, good = await receiver.batch(1)
    assert isinstance(bad.object, Undecodable)
    assert bad.object.ref == Ref("default", "bad")
    assert bad.object.generation == 1
    assert "$.spec.size" in bad.object.message
    assert good.object.spec.size == 1


async def test_a_broken_connection_continues_from_the_last_version(api: FakeApi, receiver: Receiver) -> None:
    api.put("a")
    await api.watching.wait()
    api.put("b")
    await api.flush()
    await receiver.batch(1)
    await api.end_watches()
    api.put("c")
    assert names(await receiver.batch(2)) == ["c"]
    assert sum("watch" not in query for _, _, query in api.requests) == 1, "it did not list again"


async def test_a_bookmark_moves_the_version_without_a_delivery(api: FakeApi, receiver: Receiver) -> None:
    await api.watching.wait()
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Widget", "metadata": {"resourceVersion": "555"}}}
    await api.send(orjson.dumps(bookmark) + b"\n")
    api.version = 555
    api.put("after")
    await api.flush()
    assert names(await receiver.batch(1)) == ["after"]
    await api.end_watches()
    await api.watching.wait()
    assert api.requests[-1][2]["resourceVersion"] == "556"


@pytest.mark.parametrize("by_event", [False, True], ids=["as HTTP status", "as ERROR event"])
async def test_an_expired_version_lists_again_and_tells_only_the_difference(
    api: FakeApi, receiver: Receiver, by_event: bool
) -> None:
    api.put("same")
    api.put("changed", 1)
    api.put("deleted")
    await api.watching.wait()
    api.put("changed", 2)
    api.remove("deleted")
    api.put("new")
    api.forget_history()
    if by_event:
        await api.send(orjson.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410}}) + b"\n")
    else:
        await api.end_watches()
    second = await receiver.batch(1)
    assert names(second) == ["deleted", "changed", "new"]
    assert second[-1].synced
    assert set(receiver.objects) == {Ref("default", name) for name in ("same", "changed", "new")}


async def test_garbage_in_the_stream_loses_no_change(api: FakeApi, receiver: Receiver) -> None:
    await api.watching.wait()
    api.put("before")
    await api.send(api.history[-1][1] + b"this is not JSON\n")
    assert names(await receiver.batch(1)) == ["before"]
    api.put("after")
    assert "after" in names(await receiver.batch(2))


async def test_a_receiver_that_fails_does_not_end_the_stream(api: FakeApi) -> None:
    delivered: list[int] = []

    def fail(changes: tuple[Change, ...]) -> None:
        delivered.append(len(changes))
        raise RuntimeError("a bug")

    async with Client(Access(server=api.url)) as client:
        task = asyncio.create_task(reflect(client, WIDGET, fail))
        await api.watching.wait()
        api.put("a")
        await api.flush()
        async with asyncio.timeout(5):
            while len(delivered) < 2:
                await asyncio.sleep(0.001)
        task.cancel()


async def test_selectors_reach_the_server_on_list_and_watch(api: FakeApi) -> None:
    async with Client(Access(server=api.url)) as client:
        task = asyncio.create_task(
            reflect(client, WIDGET, Receiver(), namespace="n", label_selector="a=b", field_selector="metadata.name=x")
        )
        await api.watching.wait()
        task.cancel()
    listing, watching = api.requests
    assert listing[1] == watching[1] == "/apis/test.torana.dev/v1/namespaces/n/widgets"
    for _, _, query in (listing, watching):
        assert (query["labelSelector"], query["fieldSelector"]) == ("a=b", "metadata.name=x")
    assert watching[2]["allowWatchBookmarks"] == "true"


async def test_a_server_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path, unused_tcp_port: int) -> None:
    receiver = Receiver()
    async with Client(Access(server=f"http://127.0.0.1:{unused_tcp_port}")) as client:
        task = asyncio.create_task(reflect(client, WIDGET, receiver))
        await asyncio.sleep(0)
        api = FakeApi()
        api.port = unused_tcp_port
        api.put("a")
        async with api:
            assert names(await receiver.batch(0)) == ["a"]
            task.cancel()


@pytest.mark.parametrize("channel", ["standard", "experimental"])
async def test_nobody_waits_for_a_custom_kind_that_is_not_installed_and_it_is_found_when_it_comes(
    api: FakeApi, channel: Channel
) -> None:
    receiver = Receiver()
    custom = msgspec.structs.replace(WIDGET, channel=channel, is_custom=True)
    api.refuse.append(status_response(404, "NotFound", "no such kind"))
    api.put("a")
    async with Client(Access(server=api.url)) as client:
        task = asyncio.create_task(reflect(client, custom, receiver))
        (marker,) = await receiver.batch(0)
        assert marker.synced
        assert names(await receiver.batch(1)) == ["a"]
        task.cancel()


async def test_a_kind_that_every_cluster_has_is_waited_for(api: FakeApi) -> None:
    receiver = Receiver()
    api.refuse.append(status_response(404, "NotFound", "no such kind"))
    api.put("a")
    async with Client(Access(server=api.url)) as client:
        task = asyncio.create_task(reflect(client, WIDGET, receiver))
        assert names(await receiver.batch(0)) == ["a"]
        task.cancel()

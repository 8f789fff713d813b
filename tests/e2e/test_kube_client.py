"""Does our side of the Kubernetes API hold against the embedded API server?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tests.e2e.home import Home

from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.event import EVENT
from torana.api.core.lease import LEASE
from torana.api.kind import Ref
from torana.kube.change import Change
from torana.kube.client import Client
from torana.kube.errors import ApiError
from torana.kube.events import Recorder, Subject
from torana.kube.lease import Election, Timing, lead
from torana.kube.reflector import reflect

pytestmark = pytest.mark.e2e


@pytest.fixture
async def client(home: Home) -> AsyncIterator[Client]:
    async with Client.from_kubeconfig(home.kubeconfig) as client:
        yield client


async def until(holds: Callable[[], bool], deadline_s: float = 20) -> None:
    async with asyncio.timeout(deadline_s):
        while not holds():
            await asyncio.sleep(0.01)


def config_map(namespace: str, name: str, **data: str) -> dict[str, object]:
    return {"metadata": {"namespace": namespace, "name": name}, "data": data}


async def test_changes_arrive_once_each_and_in_order(client: Client, namespace: str) -> None:
    heard: list[Change] = []
    synced = asyncio.Event()

    def take(changes: tuple[Change, ...]) -> None:
        # A new namespace gets a ConfigMap of its own, at any moment.
        heard.extend(change for change in changes if change.ref.name == "one")
        if changes[-1].synced:
            synced.set()

    watching = asyncio.create_task(reflect(client, CONFIG_MAP, take, namespace=namespace))
    await synced.wait()
    created = await client.create(CONFIG_MAP, config_map(namespace, "one", a="1"))
    await client.replace(CONFIG_MAP, {**created, "data": {"a": "2"}})
    await client.patch(CONFIG_MAP, Ref(namespace, "one"), {"data": {"a": "3"}})
    await client.delete(CONFIG_MAP, Ref(namespace, "one"))
    await until(lambda: len(heard) >= 4)
    watching.cancel()
    assert [change.object and change.object.data["a"] for change in heard] == ["1", "2", "3", None]


async def test_a_list_in_pages_and_a_watch_see_every_object(client: Client, namespace: str) -> None:
    names = [f"many-{number:04}" for number in range(620)]
    await asyncio.gather(*(client.create(CONFIG_MAP, config_map(namespace, name)) for name in names))
    heard: list[Change] = []
    watching = asyncio.create_task(reflect(client, CONFIG_MAP, heard.extend, namespace=namespace))
    await until(lambda: any(change.synced for change in heard))
    watching.cancel()
    assert {change.ref.name for change in heard} >= set(names)


async def test_errors_say_which_kind_they_are(client: Client, namespace: str) -> None:
    created = await client.create(CONFIG_MAP, config_map(namespace, "one"))
    with pytest.raises(ApiError) as namesake:
        await client.create(CONFIG_MAP, config_map(namespace, "one"))
    assert namesake.value.is_already_exists
    await client.replace(CONFIG_MAP, {**created, "data": {"a": "new"}})
    with pytest.raises(ApiError) as stale:
        await client.replace(CONFIG_MAP, {**created, "data": {"a": "old"}})
    assert stale.value.is_conflict
    with pytest.raises(ApiError) as missing:
        await client.get(CONFIG_MAP, Ref(namespace, "none"))
    assert missing.value.is_not_found


async def test_one_leads_until_it_ends_and_then_another(client: Client, namespace: str) -> None:
    led: list[str] = []
    timing = Timing(lease_s=5, renew_within_s=3, retry_s=0.1)
    enough = asyncio.Event()

    async def work(name: str) -> None:
        led.append(name)
        await enough.wait()

    first = asyncio.create_task(lead(client, Ref(namespace, "leader"), "a", lambda: work("a"), timing))
    await until(lambda: led == ["a"])
    second = asyncio.create_task(lead(client, Ref(namespace, "leader"), "b", lambda: work("b"), timing))
    await asyncio.wait((second,), timeout=0.5)
    assert led == ["a"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await until(lambda: led == ["a", "b"], deadline_s=4)
    enough.set()
    await second


async def test_a_lease_is_let_go_even_if_its_last_renewal_went_unheard(client: Client, namespace: str) -> None:
    ref = Ref(namespace, "leader")
    election = Election(client, ref, "a", Timing())
    await election.acquire()
    await Election(client, ref, "a", Timing()).acquire()
    await election.release()
    assert (await client.get(LEASE, ref))["spec"].get("holderIdentity", "") == ""


async def test_repeated_events_are_one_object_with_a_count(client: Client, namespace: str) -> None:
    subject = Subject("v1", "ConfigMap", namespace, "one", "some-uid")
    async with Recorder(client, "torana-test") as recorder:
        for _ in range(3):
            recorder.record(subject, "Warning", "Odd", "something is odd")
        await recorder.drained()
    events, _ = await client.list(EVENT, namespace)
    (event,) = [each for each in events if each["reason"] == "Odd"]
    assert (event["count"], event["message"], event["involvedObject"]["name"]) == (3, "something is odd", "one")

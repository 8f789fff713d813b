"""Lists, watches, versions and representations."""

from __future__ import annotations

import pytest
from tests.unit.apiserver.rig import GATEWAY, Api, Refused, config_map, route

MAPS = "/api/v1/namespaces/default/configmaps"
ROUTES = f"{GATEWAY}/namespaces/default/httproutes"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


async def names(api: Api, path: str = MAPS, **query: str) -> list[str]:
    return [item["metadata"]["name"] for item in (await api.get(path, **query))["items"]]


async def fill(api: Api, *found: str) -> None:
    for name in found:
        await api.create(MAPS, config_map(name, letter=name[0]))


async def test_a_list_is_sorted_and_selected(api: Api) -> None:
    await fill(api, "b1", "a1", "c1")
    assert await names(api) == ["a1", "b1", "c1"]
    assert await names(api, labelSelector="letter in (a,c)") == ["a1", "c1"]
    assert await names(api, fieldSelector="metadata.name=b1") == ["b1"]
    assert await names(api, "/api/v1/configmaps") == ["a1", "b1", "c1"]
    with pytest.raises(Refused, match="field label not supported: data.key"):
        await names(api, fieldSelector="data.key=value")


async def test_pages_show_one_state_of_the_list(api: Api) -> None:
    await fill(api, "a1", "b1", "c1")
    first = await api.get(MAPS, limit="2")
    assert first["metadata"]["remainingItemCount"] == 1
    await api.call("DELETE", f"{MAPS}/c1")
    await fill(api, "d1")
    second = await api.get(MAPS, limit="2", **{"continue": first["metadata"]["continue"]})
    assert [item["metadata"]["name"] for item in second["items"]] == ["c1"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    with pytest.raises(Refused) as refused:
        await api.get(MAPS, limit="2", **{"continue": "bm90aGluZw=="})
    assert refused.value.code in (400, 410)


async def test_a_state_to_come_is_not_listed(api: Api) -> None:
    with pytest.raises(Refused, match="Too large resource version") as refused:
        await api.get(MAPS, resourceVersion="999999")
    assert refused.value.code == 504


async def test_a_watch_shows_changes_after_a_version(api: Api) -> None:
    start = (await api.get(MAPS))["metadata"]["resourceVersion"]
    await fill(api, "a1")
    watch = await api.watch(MAPS, resourceVersion=start)
    await api.call("PATCH", f"{MAPS}/a1", {"data": {"key": "x"}}, type="application/merge-patch+json")
    await api.call("DELETE", f"{MAPS}/a1")
    assert await watch.types(3) == [("ADDED", "a1"), ("MODIFIED", "a1"), ("DELETED", "a1")]


async def test_a_watch_without_a_version_begins_with_what_is_there(api: Api) -> None:
    await fill(api, "a1", "b1")
    watch = await api.watch(MAPS)
    assert await watch.types(2) == [("ADDED", "a1"), ("ADDED", "b1")]


async def test_objects_enter_and_leave_the_selection_of_a_watch(api: Api) -> None:
    await fill(api, "a1")
    watch = await api.watch(MAPS, labelSelector="letter=z")
    for letter in ("z", "y"):
        patch = {"metadata": {"labels": {"letter": letter}}}
        await api.call("PATCH", f"{MAPS}/a1", patch, type="application/merge-patch+json")
    assert await watch.types(2) == [("ADDED", "a1"), ("DELETED", "a1")]


async def test_a_deletion_event_has_its_own_version(api: Api) -> None:
    await fill(api, "a1")
    watch = await api.watch(MAPS)
    added = await watch.next()
    await api.call("DELETE", f"{MAPS}/a1")
    deleted = await watch.next()
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in (added, deleted)]
    assert deleted["type"] == "DELETED" and versions[0] < versions[1]


async def test_a_watch_list_ends_its_beginning_with_a_bookmark(api: Api) -> None:
    await fill(api, "a1")
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    watch = await api.watch(MAPS, allowWatchBookmarks="true", **query)
    assert await watch.types(1) == [("ADDED", "a1")]
    bookmark = await watch.next()
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    with pytest.raises(Refused) as refused:
        await api.watch(MAPS, sendInitialEvents="true")
    assert refused.value.code == 422


async def test_a_watch_ends_in_time_with_a_bookmark(api: Api) -> None:
    watch = await api.watch(MAPS, allowWatchBookmarks="true", timeoutSeconds="1")
    assert (await watch.next())["type"] == "BOOKMARK"
    with pytest.raises(StopAsyncIteration):
        await watch.next()


async def test_a_watch_from_too_long_ago_is_refused(api: Api, tmp_path: object) -> None:
    await fill(api, "a1")
    api.stop()
    await api.start()
    with pytest.raises(Refused, match="too old resource version") as refused:
        await api.watch(MAPS, resourceVersion="1")
    assert (refused.value.code, refused.value.reason) == (410, "Expired")


async def test_all_versions_show_the_same_object(api: Api) -> None:
    await api.create(ROUTES, route())
    older = await api.get("/apis/gateway.networking.k8s.io/v1beta1/namespaces/default/httproutes/route")
    assert older["apiVersion"] == "gateway.networking.k8s.io/v1beta1"
    newer = await api.get(f"{ROUTES}/route")
    assert older == {**newer, "apiVersion": older["apiVersion"]}


async def test_tables_show_the_columns_of_a_definition(api: Api) -> None:
    await api.create(ROUTES, route(hostnames=["a.example", "b.example"]))
    table = await api.get(ROUTES, accept=TABLE)
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Hostnames", "Age"]
    assert table["rows"][0]["cells"][:2] == ["route", '["a.example","b.example"]']
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_tables_of_built_in_kinds_are_computed(api: Api) -> None:
    services = "/api/v1/namespaces/default/services"
    spec = {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30000}], "selector": {"app": "a"}}
    await api.create(services, {"metadata": {"name": "one"}, "spec": spec})
    row = (await api.get(services, accept=TABLE))["rows"][0]["cells"]
    assert row[:5] == ["one", "LoadBalancer", "<none>", "<pending>", "80:30000/TCP"] and row[6] == "app=a"


async def test_partial_metadata_leaves_the_rest_out(api: Api) -> None:
    await fill(api, "a1")
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    found = await api.get(MAPS, accept=accept)
    assert found["kind"] == "PartialObjectMetadataList" and set(found["items"][0]) == {"kind", "apiVersion", "metadata"}


async def test_what_is_acknowledged_survives_a_restart(api: Api) -> None:
    created = await api.create(ROUTES, route())
    await fill(api, "a1", "b1")
    await api.call("DELETE", f"{MAPS}/a1")
    revision = api.store.revision
    api.stop()
    await api.start()
    assert await api.get(f"{ROUTES}/route") == created
    assert await names(api) == ["b1"]
    assert api.store.revision == revision, "nothing is written at a restart that finds everything in place"
    assert int((await api.create(MAPS, config_map("c1")))["metadata"]["resourceVersion"]) == revision + 1

"""Create, update, patch and delete: what is kept, what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.apiserver.rig import GATEWAY, Api, Refused, config_map, gateway, route

MAPS = "/api/v1/namespaces/default/configmaps"
ROUTES = f"{GATEWAY}/namespaces/default/httproutes"
MERGE = "application/merge-patch+json"


async def test_a_new_object_gets_an_identity_and_generation_one(api: Api) -> None:
    created = await api.create(ROUTES, route())
    meta = created["metadata"]
    assert meta["uid"] and meta["creationTimestamp"].endswith("Z") and meta["generation"] == 1
    assert meta["namespace"] == "default" and int(meta["resourceVersion"]) > 0
    assert await api.get(f"{ROUTES}/route") == created


async def test_generate_name_is_completed_by_the_server(api: Api) -> None:
    one = await api.create(MAPS, {"metadata": {"generateName": "map-"}})
    two = await api.create(MAPS, {"metadata": {"generateName": "map-"}})
    assert one["metadata"]["name"].startswith("map-") and one["metadata"]["name"] != two["metadata"]["name"]


async def test_a_second_object_of_a_name_is_refused(api: Api) -> None:
    await api.create(MAPS, config_map("one"))
    with pytest.raises(Refused, match='configmaps "one" already exists') as refused:
        await api.create(MAPS, config_map("one"))
    assert (refused.value.code, refused.value.reason) == (409, "AlreadyExists")


@pytest.mark.parametrize("name", ["", "UPPER", "a_b", "-a", "a" * 254])
async def test_a_bad_name_is_refused(api: Api, name: str) -> None:
    with pytest.raises(Refused) as refused:
        await api.create(MAPS, config_map(name))
    assert refused.value.code == 422


async def test_a_namespace_must_exist(api: Api) -> None:
    with pytest.raises(Refused, match='namespaces "nowhere" not found'):
        await api.create("/api/v1/namespaces/nowhere/configmaps", config_map("one"))


async def test_a_namespace_on_its_way_out_takes_no_new_objects(api: Api) -> None:
    await api.create("/api/v1/namespaces", {"metadata": {"name": "room"}})
    await api.call("DELETE", "/api/v1/namespaces/room")
    assert (await api.get("/api/v1/namespaces/room"))["status"]["phase"] == "Terminating"
    with pytest.raises(Refused, match="because it is being terminated") as refused:
        await api.create("/api/v1/namespaces/room/configmaps", config_map("one"))
    assert refused.value.code == 403


async def test_finalize_lets_a_namespace_go(api: Api) -> None:
    room = await api.create("/api/v1/namespaces", {"metadata": {"name": "room"}})
    await api.call("DELETE", "/api/v1/namespaces/room")
    room = await api.get("/api/v1/namespaces/room")
    room["spec"]["finalizers"] = []
    await api.call("PUT", "/api/v1/namespaces/room/finalize", room)
    with pytest.raises(Refused, match="not found"):
        await api.get("/api/v1/namespaces/room")


async def test_an_update_of_an_old_version_is_a_conflict(api: Api) -> None:
    old = await api.create(MAPS, config_map("one"))
    await api.call("PATCH", f"{MAPS}/one", {"data": {"key": "new"}}, type=MERGE)
    with pytest.raises(Refused, match="the object has been modified") as refused:
        await api.call("PUT", f"{MAPS}/one", old)
    assert refused.value.code == 409


async def test_of_two_simultaneous_updates_one_wins(api: Api) -> None:
    seen = await api.create(MAPS, config_map("one"))
    both = [api.call("PUT", f"{MAPS}/one", {**seen, "data": {"key": value}}) for value in "ab"]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(result, Refused) for result in results) == 1


async def test_a_write_that_changes_nothing_leaves_the_version(api: Api) -> None:
    created = await api.create(ROUTES, route())
    assert (await api.call("PUT", f"{ROUTES}/route", created)) == created
    patched = await api.call("PATCH", f"{ROUTES}/route", {"spec": {}}, type=MERGE)
    assert patched["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_generation_counts_changes_of_the_spec_only(api: Api) -> None:
    await api.create(ROUTES, route())
    labelled = await api.call("PATCH", f"{ROUTES}/route", {"metadata": {"labels": {"a": "b"}}}, type=MERGE)
    assert labelled["metadata"]["generation"] == 1
    changed = await api.call("PATCH", f"{ROUTES}/route", {"spec": {"hostnames": ["a.example"]}}, type=MERGE)
    assert changed["metadata"]["generation"] == 2
    status: dict[str, Any] = {"status": {"parents": []}}
    reported = await api.call("PATCH", f"{ROUTES}/route/status", status, type=MERGE)
    assert reported["metadata"]["generation"] == 2


async def test_status_and_the_rest_are_written_separately(api: Api) -> None:
    created = await api.create(ROUTES, {**route(), "status": {"parents": []}})
    assert "status" not in created
    both = {**created, "status": {"parents": []}, "spec": {**created["spec"], "hostnames": ["a.example"]}}
    reported = await api.call("PUT", f"{ROUTES}/route/status", both)
    assert reported["status"] == {"parents": []} and "hostnames" not in reported["spec"]
    both["metadata"] = reported["metadata"]
    both["status"] = {"parents": [], "bogus": 1}
    changed = await api.call("PUT", f"{ROUTES}/route", both)
    assert changed["status"] == {"parents": []} and changed["spec"]["hostnames"] == ["a.example"]


async def test_a_new_gateway_has_the_default_status_of_its_schema(api: Api) -> None:
    created = await api.create(f"{GATEWAY}/namespaces/default/gateways", gateway())
    conditions = {condition["type"]: condition["status"] for condition in created["status"]["conditions"]}
    assert conditions == {"Accepted": "Unknown", "Programmed": "Unknown"}
    assert "observedGeneration" not in created["status"]["conditions"][0]


async def test_unknown_fields_are_refused_warned_about_or_dropped(api: Api) -> None:
    bogus = route(bogus=1)
    with pytest.raises(Refused, match='strict decoding error: unknown field "spec.bogus"') as refused:
        await api.create(ROUTES, bogus, fieldValidation="Strict")
    assert refused.value.code == 400
    created = await api.create(ROUTES, bogus, fieldValidation="Warn")
    assert api.warnings == ('unknown field "spec.bogus"',) and "bogus" not in created["spec"]


async def test_a_dry_run_changes_nothing(api: Api) -> None:
    created = await api.create(MAPS, config_map("one"), dryRun="All")
    assert created["metadata"]["uid"]
    with pytest.raises(Refused, match="not found"):
        await api.get(f"{MAPS}/one")


async def test_finalizers_hold_a_deleted_object(api: Api) -> None:
    held = config_map("one")
    held["metadata"]["finalizers"] = ["example.com/wait"]
    await api.create(MAPS, held)
    marked = await api.call("DELETE", f"{MAPS}/one")
    assert marked["metadata"]["deletionTimestamp"]
    with pytest.raises(Refused, match="no new finalizers can be added"):
        await api.call("PATCH", f"{MAPS}/one", {"metadata": {"finalizers": ["example.com/more"]}}, type=MERGE)
    await api.call("PATCH", f"{MAPS}/one", {"metadata": {"finalizers": None}}, type=MERGE)
    with pytest.raises(Refused, match="not found"):
        await api.get(f"{MAPS}/one")


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
async def test_foreground_and_orphan_wait_for_the_garbage_collector(api: Api, policy: str, finalizer: str) -> None:
    await api.create(MAPS, config_map("one"))
    marked = await api.call("DELETE", f"{MAPS}/one", {"propagationPolicy": policy})
    assert marked["metadata"]["finalizers"] == [finalizer]


async def test_a_deletion_can_insist_on_an_identity(api: Api) -> None:
    await api.create(MAPS, config_map("one"))
    with pytest.raises(Refused, match="Precondition failed: UID"):
        await api.call("DELETE", f"{MAPS}/one", {"preconditions": {"uid": "another"}})
    assert (await api.call("DELETE", f"{MAPS}/one"))["status"] == "Success"


async def test_a_pod_on_a_node_is_deleted_by_its_node(api: Api) -> None:
    pods = "/api/v1/namespaces/default/pods"
    container = {"name": "main", "image": "echo"}
    for name in ("free", "bound"):
        await api.create(pods, {"metadata": {"name": name}, "spec": {"containers": [container]}})
    binding = {"metadata": {"name": "bound"}, "target": {"kind": "Node", "name": "here"}}
    await api.call("POST", f"{pods}/bound/binding", binding)
    await api.call("DELETE", f"{pods}/free")
    marked = await api.call("DELETE", f"{pods}/bound")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert [pod["metadata"]["name"] for pod in (await api.get(pods))["items"]] == ["bound"]
    await api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": 0})
    assert (await api.get(pods))["items"] == []


async def test_a_collection_is_deleted_by_selector(api: Api) -> None:
    for name, colour in (("one", "red"), ("two", "blue"), ("three", "red")):
        await api.create(MAPS, config_map(name, colour=colour))
    await api.call("DELETE", MAPS, labelSelector="colour=red")
    assert [item["metadata"]["name"] for item in (await api.get(MAPS))["items"]] == ["two"]


async def test_json_patch_and_strategic_patch(api: Api) -> None:
    services = "/api/v1/namespaces/default/services"
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    created = await api.create(services, {"metadata": {"name": "one"}, "spec": {"ports": ports}})
    assert created["spec"]["ports"][0] == {"name": "a", "port": 80, "targetPort": 80, "protocol": "TCP"}
    patch = {"spec": {"ports": [{"port": 80, "$patch": "delete"}]}}
    patched = await api.call("PATCH", f"{services}/one", patch, type="application/strategic-merge-patch+json")
    assert [port["name"] for port in patched["spec"]["ports"]] == ["b"]
    operations = [{"op": "replace", "path": "/spec/ports/0/name", "value": "c"}]
    patched = await api.call("PATCH", f"{services}/one", operations, type="application/json-patch+json")
    assert patched["spec"]["ports"][0]["name"] == "c"


async def test_server_side_apply_creates_owns_and_conflicts(api: Api) -> None:
    apply: dict[str, Any] = {"type": "application/apply-patch+yaml"}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"key": "a"}}
    created = await api.call("PATCH", f"{MAPS}/one", obj, fieldManager="alice", **apply)
    assert created["metadata"]["managedFields"][0]["manager"] == "alice"
    again = await api.call("PATCH", f"{MAPS}/one", obj, fieldManager="alice", **apply)
    assert again == created
    with pytest.raises(Refused) as refused:
        await api.call("PATCH", f"{MAPS}/one", {**obj, "data": {"key": "b"}}, fieldManager="bob", **apply)
    assert refused.value.code == 409 and refused.value.status["details"]["causes"][0]["field"] == ".data.key"
    forced = await api.call(
        "PATCH", f"{MAPS}/one", {**obj, "data": {"key": "b"}}, fieldManager="bob", force="true", **apply
    )
    assert forced["data"] == {"key": "b"}


async def test_writes_note_their_managers(api: Api) -> None:
    created = await api.create(MAPS, config_map("one"), fieldManager="alice")
    assert [(entry["manager"], entry["operation"]) for entry in created["metadata"]["managedFields"]] == [
        ("alice", "Update")
    ]


async def test_secrets_take_plain_strings(api: Api) -> None:
    secret = {"metadata": {"name": "one"}, "stringData": {"key": "value"}}
    created = await api.create("/api/v1/namespaces/default/secrets", secret)
    assert created["data"] == {"key": "dmFsdWU="} and created["type"] == "Opaque" and "stringData" not in created


async def test_a_deployment_must_select_its_own_pods(api: Api) -> None:
    spec = {
        "selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
    with pytest.raises(Refused, match="`selector` does not match template `labels`"):
        await api.create("/apis/apps/v1/namespaces/default/deployments", {"metadata": {"name": "one"}, "spec": spec})


async def test_scale_shows_and_sets_replicas(api: Api) -> None:
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    spec = {
        "selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
    await api.create(deployments, {"metadata": {"name": "one"}, "spec": spec})
    scale = await api.get(f"{deployments}/one/scale")
    assert scale["kind"] == "Scale" and scale["spec"] == {"replicas": 1} and scale["status"]["selector"] == "app=a"
    await api.call("PATCH", f"{deployments}/one/scale", {"spec": {"replicas": 3}}, type=MERGE)
    assert (await api.get(f"{deployments}/one"))["spec"]["replicas"] == 3


async def test_events_are_seen_in_both_groups(api: Api) -> None:
    about = {"kind": "Pod", "name": "p", "namespace": "default"}
    event = {"metadata": {"name": "one"}, "involvedObject": about, "reason": "Started", "message": "hello"}
    await api.create("/api/v1/namespaces/default/events", event)
    seen = await api.get("/apis/events.k8s.io/v1/namespaces/default/events/one")
    assert (seen["apiVersion"], seen["note"], seen["regarding"]["name"]) == ("events.k8s.io/v1", "hello", "p")

"""Does server-side apply tell owners apart, refuse to take their fields, and speak as kubectl users know it?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from torana.embedded.apiserver.apply import LAST_APPLIED, ApplyConflict, ApplyInvalid, apply, track_update

STRING = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "text": STRING,
                "hosts": {"type": "array", "items": STRING},
                "ports": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["port", "protocol"],
                    "items": {
                        "type": "object",
                        "properties": {
                            "port": {"type": "integer"},
                            "protocol": {**STRING, "default": "TCP"},
                            "name": STRING,
                        },
                    },
                },
            },
        },
        "status": {"type": "object", "properties": {"text": STRING}},
    },
}
T1, T2, T3 = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3))


def obj(spec: dict[str, Any], version: str = "v1", **meta: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": "X", "metadata": {"name": "n", **meta}, "spec": spec}


def created(spec: dict[str, Any], manager: str = "maker", **meta: Any) -> dict[str, Any]:
    return track_update(None, obj(spec, **meta), manager=manager, schema=SCHEMA, now=T1)


def do(live: dict[str, Any] | None, config: dict[str, Any], manager: str = "me", **more: Any) -> dict[str, Any]:
    return apply(live, config, **{"manager": manager, "schema": SCHEMA, "now": T2, **more})


def owners(value: dict[str, Any]) -> dict[str, Any]:
    """Fields by manager."""
    return {entry["manager"]: entry["fieldsV1"] for entry in value["metadata"].get("managedFields", [])}


def test_a_create_is_owned_by_its_maker_but_for_the_objects_identity() -> None:
    made = created({"text": "a", "ports": [{"port": 80, "protocol": "TCP"}]}, labels={"l": "v"}, uid="u", namespace="x")
    assert made["metadata"]["managedFields"] == [
        {
            "manager": "maker",
            "operation": "Update",
            "apiVersion": "v1",
            "time": T1,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
                "f:spec": {
                    ".": {},
                    "f:text": {},
                    "f:ports": {".": {}, 'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}}},
                },
            },
        }
    ]


def test_an_applied_configuration_owns_its_leaves_and_items() -> None:
    made = do(None, obj({"text": "a", "ports": [{"port": 80}]}, labels={"l": "v"}))
    assert owners(made)["me"] == {
        "f:metadata": {"f:labels": {"f:l": {}}},
        "f:spec": {"f:text": {}, "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}},
    }


def test_one_conflict_is_said_on_one_line() -> None:
    with pytest.raises(ApplyConflict) as conflict:
        do(created({"text": "a"}), obj({"text": "b"}))
    assert conflict.value.message == 'Apply failed with 1 conflict: conflict with "maker" using v1: .spec.text'
    assert conflict.value.causes == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "maker" using v1', "field": ".spec.text"}
    ]


def test_many_conflicts_are_said_by_manager() -> None:
    live = do(created({"text": "a", "hosts": ["h"]}), obj({"ports": [{"port": 80, "name": "x"}]}), "other")
    config = obj({"text": "b", "hosts": ["i"], "ports": [{"port": 80, "protocol": "TCP", "name": "y"}]})
    with pytest.raises(ApplyConflict) as conflict:
        do(live, config)
    assert conflict.value.message == (
        'Apply failed with 3 conflicts: conflicts with "maker" using v1:\n- .spec.hosts\n- .spec.text\n'
        'conflicts with "other":\n- .spec.ports[port=80,protocol="TCP"].name'
    )


def test_an_equal_value_is_shared_and_not_a_conflict() -> None:
    both = do(created({"text": "a"}), obj({"text": "a"}))
    assert "f:text" in owners(both)["maker"]["f:spec"]
    assert "f:text" in owners(both)["me"]["f:spec"]
    assert do(both, obj({}))["spec"] == {"text": "a"}


def test_force_takes_the_field_over() -> None:
    taken = do(created({"text": "a", "hosts": ["h"]}), obj({"text": "b"}), force=True)
    assert taken["spec"] == {"text": "b", "hosts": ["h"]}
    assert "f:text" not in owners(taken)["maker"]["f:spec"]


def test_a_field_no_longer_applied_is_removed_and_an_item_with_it() -> None:
    first = do(None, obj({"text": "a", "ports": [{"port": 80}, {"port": 81, "name": "x"}]}))
    second = do(first, obj({"ports": [{"port": 80}]}))
    assert second["spec"] == {"ports": [{"port": 80}]}
    assert second["metadata"]["managedFields"][0]["time"] == T2


def test_an_item_that_somebody_else_added_to_stays() -> None:
    first = do(None, obj({"ports": [{"port": 80}, {"port": 81}]}))
    second = do(first, obj({"ports": [{"port": 81, "name": "x"}]}), "other")
    assert do(second, obj({"ports": [{"port": 80}]}))["spec"]["ports"] == [{"port": 80}, {"port": 81, "name": "x"}]


def test_an_unchanged_apply_keeps_the_time() -> None:
    first = do(None, obj({"text": "a"}), now=T1)
    assert do(first, obj({"text": "a"}), now=T3) == first


def test_a_map_that_ends_empty_is_gone_unless_the_configuration_says_so() -> None:
    first = do(None, obj({"text": "a", "ports": [{"port": 80}]}))
    assert "spec" not in do(first, {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}})
    assert do(first, obj({}))["spec"] == {}


def test_items_follow_the_configuration_and_others_keep_their_place() -> None:
    live = created({"ports": [{"port": port, "protocol": "TCP"} for port in (1, 2, 3)]})
    merged = do(live, obj({"ports": [{"port": 3}, {"port": 9}, {"port": 1}]}))
    assert [item["port"] for item in merged["spec"]["ports"]] == [2, 3, 9, 1]


def test_an_update_takes_fields_silently_and_a_removal_frees_them() -> None:
    live = do(None, obj({"text": "a", "hosts": ["h"]}))
    new = track_update(live, {**live, "spec": {"text": "b"}}, manager="upd", schema=SCHEMA, now=T3)
    assert owners(new) == {"upd": {"f:spec": {"f:text": {}}}}


def test_subresources_and_versions_have_entries_of_their_own() -> None:
    live = created({"text": "a"}, manager="m")
    status = {**live, "status": {"text": "s"}}
    live = track_update(live, status, manager="m", schema=SCHEMA, subresource="status", now=T2)
    newer = {**live, "apiVersion": "v2", "spec": {"text": "b"}}
    live = track_update(live, newer, manager="m", schema=SCHEMA, now=T3)
    entries = live["metadata"]["managedFields"]
    assert [(entry["apiVersion"], entry.get("subresource", ""), entry["fieldsV1"]) for entry in entries] == [
        ("v1", "", {"f:spec": {}}),
        ("v1", "status", {"f:status": {".": {}, "f:text": {}}}),
        ("v2", "", {"f:spec": {"f:text": {}}}),
    ]


def test_an_apply_to_the_status_applies_nothing_else() -> None:
    live = created({"text": "a"})
    config = {**obj({"text": "b"}, labels={"a": "b"}), "status": {"text": "s"}}
    result = do(live, config, subresource="status")
    assert (result["spec"], result["status"], result["metadata"].get("labels")) == ({"text": "a"}, {"text": "s"}, None)
    assert owners(result)["me"] == {"f:status": {"f:text": {}}}
    with pytest.raises(ApplyConflict, match='conflict with "me" with subresource "status": .status.text'):
        do(result, {**config, "status": {"text": "t"}}, "you", subresource="status")


def test_what_was_there_before_the_first_apply_has_an_owner() -> None:
    live = obj({"text": "a", "hosts": ["h"]}, uid="u")
    with pytest.raises(ApplyConflict, match='conflict with "before-first-apply" using v1: .spec.text'):
        do(live, obj({"text": "b"}))
    forced = do(live, obj({"text": "b"}), force=True)
    assert owners(forced)["before-first-apply"] == {"f:spec": {".": {}, "f:hosts": {}}}


@pytest.mark.parametrize("reset", [[], [{}]])
def test_owners_are_forgotten_on_request(reset: list[Any]) -> None:
    live = created({"text": "a"})
    new = {**live, "metadata": {**live["metadata"], "managedFields": reset}}
    assert "managedFields" not in track_update(live, new, manager="m", schema=SCHEMA, now=T2)["metadata"]


def test_a_client_without_managed_fields_does_not_erase_them() -> None:
    live = created({"text": "a"})
    assert track_update(live, obj({"text": "a"}), manager="old", schema=SCHEMA, now=T2) == live


def test_a_client_may_rewrite_managed_fields() -> None:
    live = created({"text": "a"})
    entry = {**live["metadata"]["managedFields"][0], "manager": "renamed"}
    new = {**live, "metadata": {**live["metadata"], "managedFields": [entry]}}
    assert set(owners(track_update(live, new, manager="m", schema=SCHEMA, now=T2))) == {"renamed"}
    broken = {**live, "metadata": {**live["metadata"], "managedFields": [{"manager": "x"}]}}
    assert set(owners(track_update(live, broken, manager="m", schema=SCHEMA, now=T2))) == {"maker"}


def test_at_most_ten_updaters_are_remembered() -> None:
    live = created({"text": "a"}, manager="m00")
    for number in range(1, 15):
        labels = {**live["metadata"].get("labels", {}), f"l{number}": "x"}
        new = {**live, "metadata": {**live["metadata"], "labels": labels}}
        now = f"2026-02-{number:02d}T00:00:00Z"
        live = track_update(live, new, manager=f"m{number:02d}", schema=SCHEMA, now=now)
    found = owners(live)
    assert len(found) == 10
    assert {"ancient-changes", "m14", "m06"} <= set(found)
    assert set(found["ancient-changes"]["f:metadata"]["f:labels"]) == {".", "f:l1", "f:l2", "f:l3", "f:l4", "f:l5"}
    assert found["ancient-changes"]["f:spec"] == {".": {}, "f:text": {}}


def kubectl_made(spec: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """An object that kubectl applied from the client."""
    return created(spec, "kubectl-client-side-apply", annotations={LAST_APPLIED: json.dumps(obj(last))})


def test_kubectl_may_take_what_it_applied_from_the_client() -> None:
    live = kubectl_made({"text": "a", "hosts": ["h"]}, {"text": "a", "hosts": ["h"]})
    moved = do(live, obj({"text": "b", "hosts": ["h"]}), "kubectl")
    assert moved["spec"]["text"] == "b"
    assert json.loads(moved["metadata"]["annotations"][LAST_APPLIED]) == obj({"text": "b", "hosts": ["h"]})
    with pytest.raises(ApplyConflict):
        do(live, obj({"text": "b"}), "somebody")


def test_kubectl_may_not_take_what_others_changed_since() -> None:
    live = kubectl_made({"text": "changed"}, {"text": "a"})
    with pytest.raises(ApplyConflict, match=r"\.spec\.text"):
        do(live, obj({"text": "b"}), "kubectl")


def test_server_metadata_in_a_configuration_counts_for_nothing() -> None:
    live = created({"text": "a"}, uid="u", creationTimestamp=T1)
    result = do(live, obj({"text": "a"}, creationTimestamp=None, uid="other", resourceVersion="1"))
    assert (result["metadata"]["uid"], result["metadata"]["creationTimestamp"]) == ("u", T1)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (obj({}, managedFields=[]), "managedFields must be nil"),
        ({"kind": "X", "metadata": {}}, "apiVersion must be set"),
        (obj({"ports": [{"port": 80}, {"port": 80, "protocol": "TCP"}]}), "duplicate entries for key"),
        (obj({"ports": ["x"]}), "must be an object"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ApplyInvalid, match=message):
        do(created({"ports": [{"port": 1}]}), config)
    with pytest.raises(ApplyInvalid, match=message):
        do(None, config)

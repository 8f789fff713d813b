"""CustomResourceDefinitions: served at once, followed, and gone with all their objects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.apiserver.rig import Api, Refused

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CUPS = "/apis/example.com/v1/namespaces/default/cups"


def definition(**properties: Any) -> dict[str, Any]:
    properties = {"size": {"type": "integer", "minimum": 1}, **properties}
    spec = {"type": "object", "properties": properties}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    }
    return {
        "metadata": {"name": "cups.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "cups", "kind": "Cup"},
            "versions": [version],
        },
    }


def cup(name: str = "one", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Cup", "metadata": {"name": name}, "spec": spec}


async def test_a_new_kind_is_established_and_served_at_once(api: Api) -> None:
    created = await api.create(CRDS, definition())
    conditions = {condition["type"]: condition["status"] for condition in created["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert created["status"]["storedVersions"] == ["v1"] and created["spec"]["names"]["listKind"] == "CupList"
    await api.create(CUPS, cup(size=2))
    with pytest.raises(Refused, match=r'Cup.example.com "two" is invalid: spec.size: Invalid value: 0'):
        await api.create(CUPS, cup("two", size=0))
    groups = await api.get("/apis/example.com/v1")
    assert [resource["name"] for resource in groups["resources"]] == ["cups"]
    assert "apis/example.com/v1" in (await api.get("/openapi/v3"))["paths"]


async def test_a_changed_schema_changes_openapi_and_gives_old_objects_new_defaults(api: Api) -> None:
    created = await api.create(CRDS, definition())
    await api.create(CUPS, cup(size=2))
    before = (await api.get("/openapi/v3"))["paths"]["apis/example.com/v1"]
    created["spec"]["versions"] = definition(colour={"type": "string", "default": "white"})["spec"]["versions"]
    await api.call("PUT", f"{CRDS}/cups.example.com", created)
    assert (await api.get("/openapi/v3"))["paths"]["apis/example.com/v1"] != before
    assert (await api.get(f"{CUPS}/one"))["spec"] == {"size": 2, "colour": "white"}


async def test_a_deleted_definition_takes_its_objects_along(api: Api) -> None:
    await api.create(CRDS, definition())
    await api.create(CUPS, cup(size=2))
    held = cup("held", size=1)
    held["metadata"]["finalizers"] = ["example.com/wait"]
    await api.create(CUPS, held)
    gone = await api.watch(CRDS, fieldSelector="metadata.name=cups.example.com")
    await api.call("DELETE", f"{CRDS}/cups.example.com")
    while [item["metadata"]["name"] for item in (await api.get(CUPS))["items"]] != ["held"]:
        await asyncio.sleep(0)
    await api.call("PATCH", f"{CUPS}/held", {"metadata": {"finalizers": None}}, type="application/merge-patch+json")
    assert [kind for kind, _ in await gone.types(3)] == ["ADDED", "MODIFIED", "DELETED"]
    with pytest.raises(Refused, match="could not find the requested resource"):
        await api.get(CUPS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {"name": "mugs.example.com"}}, "must be spec.names.plural"),
        ({"spec": {**definition()["spec"], "versions": []}}, "exactly one version marked as storage"),
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(api: Api, change: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        await api.create(CRDS, {**definition(), **change})
    assert refused.value.code == 422


async def test_the_gateway_api_is_installed_with_its_version_and_channel(api: Api) -> None:
    found = (await api.get(CRDS))["items"]
    ours = [crd for crd in found if crd["spec"]["group"] == "gateway.networking.k8s.io"]
    assert len(ours) >= 5
    for crd in ours:
        annotations = crd["metadata"]["annotations"]
        assert annotations["gateway.networking.k8s.io/bundle-version"] == "v1.6.1"
        assert annotations["gateway.networking.k8s.io/channel"] == "experimental"

"""How do a Gateway's planned objects become real?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from torana.infra.apply import ForeignObject, InfraApplier, StillLeaving, content_hash
from torana.infra.names import APPLIED_HASH_ANNOTATION
from torana.infra.plan import Port, certificate_outline, plan
from torana.kube.client import Client
from torana.kube.config import Access
from torana.kube.errors import ApiError

from .gateways import a_gateway, some_inputs
from .small_api import SmallApi, failure

SERVICE = "/api/v1/namespaces/shop/services/web-torana"
PLAN = plan(a_gateway(), some_inputs())


@pytest.fixture
async def api() -> AsyncIterator[SmallApi]:
    async with SmallApi() as api:
        yield api


@pytest.fixture
async def client(api: SmallApi) -> AsyncIterator[Client]:
    async with Client(Access(server=api.url)) as client:
        yield client


async def test_all_planned_objects_are_applied_once(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    assert [call.split("/")[-2] for call in api.writes] == ["serviceaccounts", "configmaps", "services", "deployments"]
    await applier.ensure(a_gateway(), PLAN)
    assert len(api.writes) == 4


async def test_an_applied_object_says_what_was_applied(api: SmallApi, client: Client) -> None:
    await InfraApplier(client).ensure(a_gateway(), PLAN)
    service = api.at("services")
    assert service is not None
    assert service["metadata"]["annotations"][APPLIED_HASH_ANNOTATION] == content_hash(PLAN[2])


async def test_only_the_changed_object_is_applied_again(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    api.writes.clear()
    await applier.ensure(a_gateway(), plan(a_gateway(), some_inputs(ports=(Port(80), Port(443)))))
    assert api.writes == [f"PATCH {SERVICE}"]


@pytest.mark.parametrize("loads", [True, False])
async def test_a_restarted_controller_writes_nothing(api: SmallApi, client: Client, loads: bool) -> None:
    await InfraApplier(client).ensure(a_gateway(), PLAN)
    api.writes.clear()
    restarted = InfraApplier(client)
    if loads:
        await restarted.load()
    await restarted.ensure(a_gateway(), PLAN)
    assert api.writes == []


async def test_an_object_no_longer_planned_is_deleted(api: SmallApi, client: Client) -> None:
    await InfraApplier(client).ensure(a_gateway(), PLAN)
    restarted = InfraApplier(client)
    await restarted.load()
    await restarted.ensure(a_gateway(), [each for each in PLAN if each["kind"] != "Service"])
    assert api.at("services") is None
    assert api.at("deployments") is not None


async def test_objects_under_the_name_of_an_earlier_class_are_deleted(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    moved = a_gateway(gateway_class="other")
    await applier.ensure(moved, plan(moved, some_inputs()))
    assert api.at("services") is None
    assert api.at("services", "web-other") is not None


async def test_an_object_to_keep_is_not_deleted(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    outline = certificate_outline(a_gateway())
    await applier.ensure_object(a_gateway(), outline)
    await applier.ensure(a_gateway(), PLAN, keep=[outline])
    assert api.at("secrets") is not None
    await applier.ensure(a_gateway(), PLAN)
    assert api.at("secrets") is None


async def test_a_foreign_object_of_the_same_name_is_left_alone(api: SmallApi, client: Client) -> None:
    theirs: dict[str, Any] = {"metadata": {"name": "web-torana", "namespace": "shop"}, "spec": {"type": "ClusterIP"}}
    api.put(SERVICE, theirs)
    with pytest.raises(ForeignObject, match='Service "web-torana" in namespace "shop".*rename'):
        await InfraApplier(client).ensure(a_gateway(), PLAN)
    assert api.objects[SERVICE]["spec"] == {"type": "ClusterIP"}


async def test_an_object_of_an_earlier_gateway_of_the_same_name_is_waited_out(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    earlier = a_gateway()
    await applier.ensure(earlier, PLAN)
    metadata = msgspec.structs.replace(earlier.metadata, uid="uid-of-the-next")
    later = msgspec.structs.replace(earlier, metadata=metadata)
    with pytest.raises(StillLeaving, match="earlier Gateway shop/web"):
        await applier.ensure(later, plan(later, some_inputs()))
    api.objects.clear()
    await applier.ensure(later, plan(later, some_inputs()))
    assert api.at("deployments") is not None


async def test_an_object_that_is_being_deleted_is_waited_out(api: SmallApi, client: Client) -> None:
    await InfraApplier(client).ensure(a_gateway(), PLAN)
    api.objects[SERVICE]["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    with pytest.raises(StillLeaving, match="is being deleted"):
        await InfraApplier(client).ensure(a_gateway(), PLAN)


async def test_a_refused_object_is_tried_again_and_the_others_are_not(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    api.refuse[f"PATCH {SERVICE}"] = failure(422, "Invalid")
    with pytest.raises(ApiError, match="Invalid"):
        await applier.ensure(a_gateway(), PLAN)
    api.writes.clear()
    await applier.ensure(a_gateway(), PLAN)
    assert [call.split("/")[-2] for call in api.writes] == ["services", "deployments"]


async def test_what_was_forgotten_is_applied_anew(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    del api.objects[SERVICE]
    applier.forget("uid-of-web")
    await applier.ensure(a_gateway(), PLAN)
    assert api.at("services") is not None


async def test_a_gateway_given_up_loses_its_objects(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    await applier.remove(a_gateway())
    assert api.objects == {}


async def test_a_namesake_made_meanwhile_is_not_deleted(api: SmallApi, client: Client) -> None:
    applier = InfraApplier(client)
    await applier.ensure(a_gateway(), PLAN)
    api.objects[SERVICE]["metadata"]["uid"] = "somebody-elses"
    await applier.remove(a_gateway())
    assert list(api.objects) == [SERVICE]

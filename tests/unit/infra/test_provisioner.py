"""Who sees to it that every Gateway's proxy gets made?"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from torana.api.kind import Ref
from torana.infra.apply import InfraApplier
from torana.infra.certificates import is_issued_by
from torana.infra.names import CONFIG_HASH_ANNOTATION
from torana.infra.plan import Port
from torana.infra.provisioner import Provisioner
from torana.infra.trust import Trust
from torana.kube.client import Client
from torana.kube.config import Access

from .gateways import a_gateway, some_inputs
from .small_api import SmallApi, failure

WEB = Ref("shop", "web")
SERVICE = "/api/v1/namespaces/shop/services/web-torana"
AUTHORITY = "/api/v1/namespaces/torana-system/secrets/torana-xds-ca"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class World:
    """A provisioner at work on a small API, at a time that the test sets."""

    def __init__(self, api: SmallApi, client: Client) -> None:
        self.api = api
        self.now = NOW
        self.problems: list[tuple[Ref, str]] = []
        self.trust = Trust(client, clock=lambda: self.now)
        self.provisioner = Provisioner(InfraApplier(client), self.trust, lambda *said: self.problems.append(said))

    async def settled(self) -> None:
        await asyncio.wait_for(self.provisioner.idle(), 5)

    def certificate(self) -> bytes:
        secret = self.api.at("secrets")
        assert secret is not None
        return base64.b64decode(secret["data"]["tls.crt"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with SmallApi() as api, Client(Access(server=api.url)) as client:
        world = World(api, client)
        await world.trust.open()
        task = asyncio.create_task(world.provisioner.run())
        yield world
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_requested_proxy_gets_all_its_objects(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    for plural in ("serviceaccounts", "configmaps", "secrets", "services", "deployments"):
        assert world.api.at(plural) is not None
    assert world.problems == [(WEB, "")]


async def test_the_proxys_certificate_names_its_gateway(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    assert is_issued_by(world.certificate(), world.trust.authority_pem, "spiffe://torana/gateway/shop/web")


async def test_the_same_wish_again_costs_nothing(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    world.api.writes.clear()
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    assert world.api.writes == []


async def test_a_changed_port_writes_only_the_service(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    world.api.writes.clear()
    world.provisioner.request(a_gateway(), some_inputs(ports=(Port(8080),)))
    await world.settled()
    assert world.api.writes == [f"PATCH {SERVICE}"]


async def test_of_many_wishes_the_latest_holds(world: World) -> None:
    for number in range(1, 50):
        world.provisioner.request(a_gateway(), some_inputs(ports=(Port(number),)))
    await world.settled()
    service: Any = world.api.at("services")
    assert service["spec"]["ports"][0]["port"] == 49


async def test_a_failure_is_told_and_tried_again(world: World) -> None:
    world.api.refuse[f"PATCH {SERVICE}"] = failure(403, "Forbidden")
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    assert [message for _, message in world.problems] == ["Forbidden, said the test (403 Forbidden)", ""]
    assert world.api.at("services") is not None


async def test_a_failing_gateway_does_not_hold_up_the_others(world: World) -> None:
    world.api.put(SERVICE, {"metadata": {"name": "web-torana", "namespace": "shop"}})
    world.provisioner.request(a_gateway(), some_inputs())
    world.provisioner.request(a_gateway(name="other"), some_inputs())
    async with asyncio.timeout(5):
        while {ref for ref, _ in world.problems} != {WEB, Ref("shop", "other")}:
            await asyncio.sleep(0.01)
    assert all("does not belong to this Gateway" in message for ref, message in world.problems if ref == WEB)
    assert (Ref("shop", "other"), "") in world.problems
    assert world.api.at("deployments", "other-torana") is not None


async def test_an_old_certificate_is_renewed_and_rolls_the_pods(world: World) -> None:
    def config_hash() -> str:
        deployment: Any = world.api.at("deployments")
        return str(deployment["spec"]["template"]["metadata"]["annotations"][CONFIG_HASH_ANNOTATION])

    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    before = world.certificate(), config_hash()
    world.now += timedelta(days=61)
    world.provisioner.recheck(WEB)
    await world.settled()
    assert world.certificate() != before[0]
    assert config_hash() != before[1]


async def test_an_object_deleted_by_someone_comes_back(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    del world.api.objects[SERVICE]
    world.provisioner.recheck(WEB)
    await world.settled()
    assert world.api.at("services") is not None


async def test_a_withdrawn_proxy_goes_with_everything(world: World) -> None:
    world.provisioner.request(a_gateway(), some_inputs())
    await world.settled()
    world.provisioner.withdraw(a_gateway())
    await world.settled()
    assert not [path for path in world.api.objects if "/shop/" in path]


async def test_replicas_that_start_together_share_one_authority() -> None:
    async with SmallApi() as api, Client(Access(server=api.url)) as client:
        replicas = [Trust(client) for _ in range(4)]
        await asyncio.gather(*(replica.open() for replica in replicas))
        assert len({replica.authority_pem for replica in replicas}) == 1
        assert api.objects[AUTHORITY]["type"] == "kubernetes.io/tls"


async def test_an_authority_that_cannot_be_read_is_said_with_the_remedy() -> None:
    async with SmallApi() as api, Client(Access(server=api.url)) as client:
        api.put(AUTHORITY, {"metadata": {"name": "torana-xds-ca"}, "data": {"tls.crt": ""}})
        with pytest.raises(ValueError, match=r"torana-system/torana-xds-ca.*delete the Secret"):
            await Trust(client).open()

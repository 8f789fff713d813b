"""Do changes reach a real Envoy without a request lost, and do its refusals and absences end well?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import grpc
import grpc.aio
import pytest
from tests.e2e.envoy_rig import (
    DEADLINE_S,
    GATEWAY,
    HOST,
    Proxy,
    backend,
    envoy,
    free_port,
    proxy,
    tables_of,
    until_closed,
)

from torana.api.kind import Ref
from torana.envoy import messages as pb
from torana.envoy.bootstrap import XDS_SERVER_NAME
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.listener import render_bind
from torana.envoy.resource import ResourceType, from_message
from torana.envoy.server import Connected, Delivered, Disconnected, Rejected
from torana.infra.certificates import issue_client
from torana.proxy.action import Backend, Forward
from torana.proxy.bind import Bind, Chain
from torana.proxy.cluster import Cluster, Endpoints
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Host, Route, Table

pytestmark = pytest.mark.e2e

CDS, EDS = ResourceType.CDS, ResourceType.EDS


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        yield started


def to(cluster: str, path: str = "/") -> Route:
    return Route(f"to {cluster}", Match(PathMatch("prefix", path)), Forward((Backend(cluster),)))


@asynccontextmanager
async def load(running: Proxy, connections: int = 4) -> AsyncIterator[Counter[int]]:
    """Requests as fast as they go; the statuses are counted."""
    counts: Counter[int] = Counter()

    async def ask() -> None:
        while True:
            counts[(await running.get()).status] += 1

    tasks = [asyncio.create_task(ask()) for _ in range(connections)]
    try:
        yield counts
    finally:
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        broken = [one for one in done if not isinstance(one, asyncio.CancelledError)]
        assert not broken, broken


async def test_switching_to_brand_new_clusters_under_load_loses_no_request(running: Proxy) -> None:
    await running.route(to("one"))
    async with backend("fresh") as endpoint, load(running) as counts:
        old = "one"
        for number in range(60):
            new = f"fresh-{number}"
            upserts = [
                *running.tables(Host("a.example.com", (to(new),))),
                render_cluster(Cluster(new)),
                render_endpoints(Endpoints(new, (endpoint,))),
            ]
            await running.plane.deliver(upserts, [(CDS, old), (EDS, old)])
            assert (await running.get()).seen["backend"] == "fresh"
            old = new
    assert set(counts) == {200}
    assert counts[200] > 200


async def test_a_route_is_live_when_it_is_delivered(running: Proxy) -> None:
    for number in range(50):
        path = f"/p{number}"
        await running.route(to("one", path))
        answers = await asyncio.gather(*(running.get(path) for _ in range(4)))
        assert [answer.status for answer in answers] == [200] * 4


async def test_an_idle_proxy_has_a_changed_route_within_milliseconds(running: Proxy) -> None:
    times = []
    for number in range(50):
        began = perf_counter()
        await running.route(to("one", f"/p{number}"))
        times.append(perf_counter() - began)
    assert sorted(times)[25] < 0.02


async def test_a_changed_cluster_warms_without_waiting(running: Proxy) -> None:
    await running.route(to("one"))
    for cluster in (Cluster("one", "http2"), Cluster("one", "http1"), Cluster("one", "http2"), Cluster("one")):
        began = perf_counter()
        await running.plane.deliver([render_cluster(cluster)])
        assert perf_counter() - began < 5
    assert (await running.get()).status == 200


async def test_endpoints_may_go_and_come_back(running: Proxy) -> None:
    await running.route(to("one"))
    await running.plane.deliver([render_endpoints(Endpoints("one", ()))])
    assert (await running.get()).status == 503
    async with backend("other") as endpoint:
        await running.plane.deliver([render_endpoints(Endpoints("one", (endpoint,)))])
        assert (await running.get()).seen["backend"] == "other"


async def test_a_cluster_without_offered_endpoints_blocks_nothing(running: Proxy) -> None:
    began = perf_counter()
    await running.plane.deliver(
        [render_cluster(Cluster("empty")), *running.tables(Host("a.example.com", (to("empty"),)))]
    )
    assert perf_counter() - began < 5
    assert (await running.get()).status == 503


async def test_a_refused_resource_is_reported_and_blocks_no_other(running: Proxy) -> None:
    await running.route(to("one"))
    bad = from_message(CDS, "bad", pb.Cluster(name="bad", lb_policy=pb.Cluster.MAGLEV, type=pb.Cluster.ORIGINAL_DST))
    fine = [render_cluster(Cluster(f"fine-{number}")) for number in range(10)]
    ends = [render_endpoints(Endpoints(f"fine-{number}", ())) for number in range(10)]
    await running.plane.deliver([*fine[:5], bad, *fine[5:], *ends])
    rejected = [event for event in running.plane.events if isinstance(event, Rejected)]
    assert [(one.type, one.name, one.version) for one in rejected] == [(CDS, "bad", bad.version)]
    assert rejected[0].message
    await running.plane.deliver([render_cluster(Cluster("bad")), render_endpoints(Endpoints("bad", ()))])
    assert len([event for event in running.plane.events if isinstance(event, Rejected)]) == 1


async def test_a_refused_route_table_leaves_the_last_good_one_in_place(running: Proxy) -> None:
    await running.route(to("one"))
    bad = Route("bad", Match(PathMatch("regex", "/(")), Forward((Backend("two"),)))
    await running.route(bad)
    rejected = [event for event in running.plane.events if isinstance(event, Rejected)]
    (one,) = rejected
    assert (one.type, one.name.split("/")[0]) == (ResourceType.RDS, "hosts")
    assert (await running.get()).seen["backend"] == "one"
    await running.route(to("two"))
    assert (await running.get()).seen["backend"] == "two"


async def test_of_many_tables_only_the_refused_one_keeps_its_old_content(tmp_path: Path) -> None:
    async with proxy(tmp_path, shards=8) as running:
        hosts = [Host(f"h{number}.test", (to("one"),)) for number in range(40)]
        await running.plane.deliver(running.tables(*hosts))
        bad = Route("bad", Match(PathMatch("regex", "/(")), Forward((Backend("two"),)))
        hosts = [Host("h0.test", (bad,)), *(Host(f"h{number}.test", (to("two"),)) for number in range(1, 40))]
        await running.plane.deliver(running.tables(*hosts))
        rejected = [event for event in running.plane.events if isinstance(event, Rejected)]
        assert len(rejected) == 1
        backends = Counter([(await running.get(host=host.domain)).seen["backend"] for host in hosts])
        assert 0 < backends["one"] < 15
        assert (await running.get(host="h0.test")).seen["backend"] == "one"


async def test_a_port_in_use_is_reported_as_the_listener_refused(running: Proxy) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, HOST, 0)
    taken = server.sockets[0].getsockname()[1]
    async with server:
        table = Table("other")
        bind = Bind(taken, "HTTP", (Chain("default", table),))
        await running.plane.deliver([render_bind(bind, HOST), *tables_of(table, ())])
    rejected = [event for event in running.plane.events if isinstance(event, Rejected)]
    assert [(one.type, one.name) for one in rejected] == [(ResourceType.LDS, bind.name)]


async def test_listeners_come_and_go(running: Proxy) -> None:
    table = Table("other")
    bind = Bind(free_port(), "HTTP", (Chain("default", table),))
    resources = [render_bind(bind, HOST), *tables_of(table, [Host("*", (to("two"),))])]
    second = Proxy(running.plane, running.client, 0, bind.port)
    for _ in range(3):
        await running.plane.deliver(resources)
        assert (await second.get()).seen["backend"] == "two"
        await running.plane.deliver([], [resource.key for resource in resources])


@pytest.mark.parametrize("shards", [0, 4])
async def test_a_connection_that_came_before_its_listener_went_still_finds_its_routes(
    tmp_path: Path, shards: int
) -> None:
    host = Host("a.example.com", (to("one"),))
    async with proxy(tmp_path, shards=4) as running:
        await running.plane.deliver(running.tables(host))
        second = Proxy(running.plane, running.client, shards, free_port())
        second.table = Table("second", shards, has_wildcards=True)
        resources = [second.bind(), *second.tables(host)]
        for _ in range(2):
            await running.plane.deliver(resources)
            reader, writer = await asyncio.open_connection(HOST, second.port)
            writer.write(b"GET / HTTP/1.1\r\n")
            assert (await second.get()).status == 200
            await running.plane.deliver([], [resource.key for resource in resources])
            writer.write(b"Host: a.example.com\r\n\r\n")
            assert (await asyncio.wait_for(reader.readline(), DEADLINE_S)).split()[1] == b"200"
            writer.close()
            await until_closed(second.port)
            assert (await running.get()).status == 200


async def test_after_a_restart_of_the_control_plane_envoy_gets_only_the_differences(running: Proxy) -> None:
    plane = running.plane
    everything = [
        running.bind(),
        *running.tables(Host("a.example.com", (to("fresh"),))),
        render_cluster(Cluster("fresh")),
    ]
    async with backend("fresh") as endpoint:
        everything.append(render_endpoints(Endpoints("fresh", (endpoint,))))
        await plane.deliver(everything)
        async with load(running) as counts:
            await plane.server.stop()
            await plane.until(lambda: any(isinstance(event, Disconnected) for event in plane.events))
            plane.events.clear()
            await plane.start(plane.port)
            changed = running.tables(Host("a.example.com", (to("fresh", "/new"), to("fresh"))))
            await plane.until(lambda: any(isinstance(event, Connected) for event in plane.events))
            await plane.deliver([everything[0], *everything[2:], *changed])
            assert (await running.get("/new")).status == 200
        assert set(counts) == {200}
        # Clusters `one` and `two` are gone with the restart; their removal and the changed table are all that is sent.
        assert plane.server.bytes_sent < 2000


async def test_a_second_node_of_the_gateway_gets_everything(running: Proxy, tmp_path: Path) -> None:
    async with envoy(running.plane, tmp_path / "second", node="node-2"):
        await running.plane.until(
            lambda: any(isinstance(event, Delivered) and event.node == "node-2" for event in running.plane.events)
        )
        await running.route(to("one"))
        assert (await running.get()).status == 200


async def test_a_late_node_starts_with_the_last_good_version(running: Proxy, tmp_path: Path) -> None:
    await running.route(to("one"))
    await running.route(Route("bad", Match(PathMatch("regex", "/(")), Forward((Backend("two"),))))
    async with envoy(running.plane, tmp_path / "second", node="node-2"):
        plane = running.plane
        await plane.until(
            lambda: any(isinstance(event, Delivered) and event.node == "node-2" for event in plane.events)
        )
        assert [e.node for e in plane.events if isinstance(e, Rejected)] == ["node-1", "node-2"]
        answers = [(await running.get()).seen["backend"] for _ in range(10)]
        assert set(answers) == {"one"}


async def test_a_stream_gets_the_configuration_of_its_own_gateway_only(running: Proxy, tmp_path: Path) -> None:
    stranger = Ref("shop", "stranger")
    async with envoy(running.plane, tmp_path / "second", gateway=stranger, node="other"):
        await running.plane.until(
            lambda: any(isinstance(event, Connected) and event.gateway == stranger for event in running.plane.events)
        )
        running.plane.offer([], gateway=stranger)
        await running.plane.until(
            lambda: any(isinstance(event, Delivered) and event.gateway == stranger for event in running.plane.events)
        )
    assert not any(
        isinstance(event, Delivered) and event.gateway == GATEWAY and event.node == "other"
        for event in running.plane.events
    )


async def test_a_certificate_without_a_gateway_is_turned_away(running: Proxy) -> None:
    plane = running.plane
    for identity in ("spiffe://torana/controller", "spiffe://other/gateway/shop/web", "spiffe://torana/gateway/shop/"):
        pair = issue_client(plane.authority, identity, datetime.now(UTC))
        credentials = grpc.ssl_channel_credentials(
            plane.authority.certificate_pem, bytes(pair.key_pem), pair.certificate_pem
        )
        options = [("grpc.ssl_target_name_override", XDS_SERVER_NAME)]
        async with grpc.aio.secure_channel(f"{HOST}:{plane.port}", credentials, options) as channel:
            call = channel.stream_stream(
                "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
            )()
            assert await asyncio.wait_for(call.code(), DEADLINE_S) is grpc.StatusCode.PERMISSION_DENIED


async def test_splitting_a_table_into_more_or_fewer_shards_or_none_loses_no_request(running: Proxy) -> None:
    host = Host("a.example.com", (to("one"),))
    await running.plane.deliver(running.tables(host))
    async with load(running) as counts:
        for shards in (4, 0, 8, 2):
            old = {resource.key for resource in running.tables(host)}
            running.table = Table(running.table.name, shards, has_wildcards=True)
            new = running.tables(host)
            await running.plane.deliver([running.bind(), *new], old - {resource.key for resource in new})
            assert (await running.get()).status == 200
    assert set(counts) == {200}


async def test_a_restarted_control_plane_may_split_a_table_differently(tmp_path: Path) -> None:
    async with proxy(tmp_path, shards=4) as running:
        plane = running.plane
        host = Host("a.example.com", (to("one"),))
        await plane.deliver(running.tables(host))
        async with load(running) as counts:
            for shards in (8, 2):
                kept = [render_cluster(Cluster("one")), *plane.endpoints]
                await plane.server.stop()
                await plane.until(lambda: any(isinstance(event, Disconnected) for event in plane.events))
                plane.events.clear()
                await plane.start(plane.port)
                running.table = Table(running.table.name, shards, has_wildcards=True)
                await plane.deliver([running.bind(), *running.tables(host), *kept])
        assert set(counts) == {200}


async def test_many_proxies_stay_in_step(running: Proxy, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        for number in (2, 3):
            await stack.enter_async_context(envoy(running.plane, tmp_path / str(number), node=f"node-{number}"))
        revision = running.plane.offer(running.tables(Host("a.example.com", (to("two"),))))
        await running.plane.until(
            lambda: (
                {e.node for e in running.plane.events if isinstance(e, Delivered) and e.revision == revision}
                == {"node-1", "node-2", "node-3"}
            )
        )
        assert {(await running.get()).seen["backend"] for _ in range(12)} == {"two"}

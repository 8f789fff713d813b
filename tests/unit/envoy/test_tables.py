"""How are tables, scopes and listeners named and put together?"""

from __future__ import annotations

from collections import Counter

from torana.envoy import messages as pb
from torana.envoy import names
from torana.envoy.host import render_host
from torana.envoy.listener import render_bind
from torana.envoy.resource import ResourceType
from torana.envoy.table import render_anchor, render_scope, render_table
from torana.proxy.action import Respond
from torana.proxy.bind import Bind, Chain
from torana.proxy.match import Match
from torana.proxy.route import Host, Route, Table


def test_hosts_are_spread_evenly_and_always_alike_over_shards() -> None:
    counts = Counter(names.shard_of(f"host-{number}.example.com", 16) for number in range(16_000))
    assert len(counts) == 16
    assert max(counts.values()) < 1200
    assert names.shard_of("host-1.example.com", 16) == 4


def test_a_table_is_the_join_of_its_hosts() -> None:
    route = Route("r", Match(), Respond(200))
    table = render_table("t", [render_host(Host("a.test", (route,))), render_host(Host("*", ()))])
    message = pb.RouteConfiguration.FromString(table.body)
    assert (message.name, [host.name for host in message.virtual_hosts]) == ("t", ["a.test", "*"])
    assert message.ignore_port_in_host_matching
    assert list(message.request_headers_to_remove) == [names.SCOPE_HEADER]


def test_every_route_has_a_name_and_the_last_one_answers_404() -> None:
    (host,) = pb.RouteConfiguration.FromString(
        render_host(Host("a.test", (Route("", Match(), Respond(200)),)))
    ).virtual_hosts
    assert all(route.name for route in host.routes)
    assert host.routes[-1].direct_response.status == 404


def test_scope_keys_of_tables_differ_and_survive_the_cut_at_a_colon() -> None:
    keys = [
        pb.ScopedRouteConfiguration.FromString(resource.body).key.fragments[0].string_key
        for resource in (
            render_scope("a:1", "h.test", "a:1/0.4"),
            render_scope("b", "h.test", "b/0.4"),
            render_anchor("b", 4, 0),
            render_anchor("b", 8, 0),
        )
    ]
    assert len(set(keys)) == 4
    assert not any(":" in key for key in keys)


def test_a_scope_needs_its_table() -> None:
    assert render_anchor("t", 4, 1).needs == ((ResourceType.RDS, names.shard_table("t", 4, 1)),)


def test_the_name_of_a_shard_tells_among_how_many() -> None:
    assert names.shard_table("t", 4, 1) != names.shard_table("t", 8, 1)


def test_a_listener_needs_its_tables_and_certificates() -> None:
    chains = (
        Chain("one", Table("plain"), ("a.test",), ("cert",)),
        Chain("two", Table("sharded", 4), ("b.test",), ("cert",)),
    )
    assert render_bind(Bind(443, "HTTPS", chains)).needs == (
        (ResourceType.RDS, "plain"),
        (ResourceType.SDS, "cert"),
        (ResourceType.SRDS, ""),
    )


def test_a_bind_of_its_own_address_ignores_that_of_the_node() -> None:
    chain = Chain("one", Table("t"))
    for bind, address in (
        (Bind(80, "HTTP", (chain,), "10.0.0.9"), "10.0.0.9"),
        (Bind(80, "HTTP", (chain,)), "10.0.0.1"),
    ):
        listener = pb.Listener.FromString(render_bind(bind, "10.0.0.1").body)
        assert listener.address.socket_address.address == address


def test_only_tls_listeners_look_into_the_first_bytes() -> None:
    chain = Chain("one", Table("t"))
    assert not pb.Listener.FromString(render_bind(Bind(80, "HTTP", (chain,))).body).listener_filters
    assert pb.Listener.FromString(render_bind(Bind(443, "HTTPS", (chain,))).body).listener_filters


def test_growing_a_sharded_table_does_not_change_its_listener() -> None:
    few, many = (render_bind(Bind(80, "HTTP", (Chain("one", Table("t", shards)),))) for shards in (4, 64))
    assert few.version == many.version

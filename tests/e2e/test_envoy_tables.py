"""Do sharded tables and prefix trees decide as one plain list would?"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.envoy_rig import HOST, Proxy, free_port, proxy, tables_of

from torana.envoy import names
from torana.envoy.host import RenderOptions
from torana.envoy.listener import render_bind
from torana.proxy.action import Backend, Forward, Respond
from torana.proxy.bind import Bind, Chain
from torana.proxy.match import HeaderMatch, Match, PathMatch
from torana.proxy.route import Host, Route, Table

pytestmark = pytest.mark.e2e


@pytest.fixture
async def sharded(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path, shards=8) as started:
        yield started


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        yield started


def says(body: str, path: str = "/") -> Route:
    return Route(body, Match(PathMatch("prefix", path)), Respond(200, body))


HOSTS = [
    *(Host(f"h{number}.test", (says(f"h{number}"),)) for number in range(30)),
    Host("partial.wild.test", (says("partial", "/only"),)),
    Host("*.wild.test", (says("wild"),)),
    Host("*", (says("any"),)),
]
ASKED = [
    "h3.test", "h17.test", "H3.TEST", "h3.test:8080", "H3.test:80", "h3.test.", "partial.wild.test", "a.wild.test",
    "A.b.Wild.test:99", "wild.test", "unknown.example", "PARTIAL.wild.test", "192.0.2.1", "[2001:db8::1]:80", "*",
]  # fmt: skip


async def test_a_sharded_table_answers_as_a_plain_one(sharded: Proxy, tmp_path: Path) -> None:
    await sharded.plane.deliver(sharded.tables(*HOSTS))
    table = Table("plain")
    bind = Bind(free_port(), "HTTP", (Chain("default", table),))
    await sharded.plane.deliver([render_bind(bind, HOST), *tables_of(table, HOSTS)])
    plain = Proxy(sharded.plane, sharded.client, 0, bind.port)
    answers = {}
    for host in ASKED:
        answers[host] = (await sharded.get(host=host))[:2]
        assert answers[host] == (await plain.get(host=host))[:2], host
    assert answers["H3.test:80"] == (200, "h3")
    assert answers["A.b.Wild.test:99"] == (200, "wild")
    assert answers["PARTIAL.wild.test"] == (404, "")
    assert answers["unknown.example"] == (200, "any")


async def test_a_client_cannot_choose_its_scope(sharded: Proxy) -> None:
    await sharded.plane.deliver(sharded.tables(*HOSTS))
    key = names.scope_key(sharded.table.name, "h3.test")
    for host, body in (("h5.test", "h5"), ("H5.test", "h5"), ("unknown.example", "any")):
        assert (await sharded.get(host=host, headers={names.SCOPE_HEADER: key})).body == body


async def test_backends_do_not_see_the_scope_header(sharded: Proxy) -> None:
    forward = Route("r", Match(), Forward((Backend("one"),)))
    await sharded.plane.deliver(sharded.tables(Host("h.test", (forward,)), Host("*", (forward,))))
    for host in ("h.test", "H.test", "other.test"):
        seen = {name.lower() for name, _ in (await sharded.get(host=host)).seen["headers"]}
        assert names.SCOPE_HEADER not in seen
        assert (await sharded.get(host=host)).seen["host"] == host


async def test_two_sharded_listeners_keep_their_hosts_apart(sharded: Proxy) -> None:
    table = Table("other:table", shards=4, has_wildcards=True)
    bind = Bind(free_port(), "HTTP", (Chain("default", table),))
    other = Proxy(sharded.plane, sharded.client, 0, bind.port)
    await sharded.plane.deliver(sharded.tables(Host("h.test", (says("first"),)), Host("*", (says("any first"),))))
    second = tables_of(table, [Host("h.test", (says("second"),))])
    await sharded.plane.deliver([render_bind(bind, HOST), *second])
    assert (await sharded.get(host="H.test")).body == "first"
    assert (await other.get(host="H.test")).body == "second"
    assert (await sharded.get(host="x.test")).body == "any first"
    assert (await other.get(host="x.test")).status == 404
    await sharded.plane.deliver([], [render_bind(bind, HOST).key, *(one.key for one in second)])
    assert (await sharded.get(host="h.test")).body == "first"


async def test_hosts_come_and_go_in_a_sharded_table(sharded: Proxy) -> None:
    hosts = list(HOSTS)
    await sharded.plane.deliver(sharded.tables(*hosts))
    before = {one.key for one in sharded.tables(*hosts)}
    without = [host for host in hosts if host.domain != "h3.test"]
    remaining = sharded.tables(*without)
    await sharded.plane.deliver(remaining, before - {one.key for one in remaining})
    assert (await sharded.get(host="h3.test")).body == "any"
    await sharded.plane.deliver(sharded.tables(*hosts))
    assert (await sharded.get(host="h3.test")).body == "h3"


def generated_routes(seed: int) -> list[Route]:
    """Routes with many shared prefixes, in an order that a Gateway could have."""
    dice = random.Random(seed)
    words = ["a", "ab", "abc", "b", "x.y", "ä", "a%20b"]
    matches: set[Match] = set()
    while len(matches) < 80:
        path = "/" + "/".join(dice.choice(words) for _ in range(dice.randint(0, 4)))
        headers = (HeaderMatch("x-h", dice.choice("12")),) if dice.random() < 0.4 else ()
        method = dice.choice(["", "", "PUT"])
        if dice.random() < 0.4:
            matches.add(Match(PathMatch("exact", path + dice.choice(["", "/"])), method, headers))
        else:
            matches.add(Match(PathMatch("prefix", path.rstrip("/") or "/"), method, headers))
    matches.add(Match(PathMatch("regex", "/a/[a-z]+/b")))
    ordered = sorted(
        matches,
        key=lambda m: (m.path.type != "exact", -len(m.path.value), not m.method, -len(m.headers), repr(m)),
    )
    return [Route(f"r{i}", match, Respond(200, f"r{i}")) for i, match in enumerate(ordered)]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_prefix_tree_decides_as_the_plain_list(plain: Proxy, seed: int) -> None:
    routes = tuple(generated_routes(seed))
    hosts = [Host("tree.test", routes)]
    table = Table("trees")
    bind = Bind(free_port(), "HTTP", (Chain("default", table),))
    await plain.plane.deliver(
        [*plain.tables(*hosts), render_bind(bind, HOST), *tables_of(table, hosts, RenderOptions(trees_above=1))]
    )
    trees = Proxy(plain.plane, plain.client, 0, bind.port)
    dice = random.Random(seed)
    found = 0
    for _ in range(300):
        route = dice.choice(routes)
        path = "/a/abc/b" if route.match.path.type == "regex" else route.match.path.value
        path += dice.choice(["", "", "/", "/a", "b", "?q=/a", "/?q"])
        options = {"method": dice.choice(["GET", "PUT"]), "headers": {"x-h": dice.choice("123")}}
        expected = await plain.get(path, "tree.test", **options)
        assert (await trees.get(path, "tree.test", **options))[:2] == expected[:2], path
        found += expected.status == 200
    assert found > 100


async def test_a_tree_of_thousands_of_paths_is_accepted_and_answers(plain: Proxy) -> None:
    routes = tuple(says(f"s{number}", f"/s{number}") for number in range(3000))
    await plain.plane.deliver(tables_of(plain.table, [Host("tree.test", (*routes, says("rest")))]))
    assert (await plain.get("/s2999/x", "tree.test")).body == "s2999"
    assert (await plain.get("/s299x", "tree.test")).body == "rest"

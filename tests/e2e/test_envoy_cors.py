"""What does Envoy answer to pages of other origins?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.envoy_rig import Answer, Proxy, proxy

from torana.proxy.action import Backend, Forward
from torana.proxy.cors import Cors
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Route

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

SHOP = Cors(
    origins=("https://www.foo.com", "https://*.bar.com", "http://local:8080"),
    methods=("GET", "PUT"),
    headers=("x-one", "x-two"),
    exposed=("x-three",),
    credentials=True,
    max_age_s=3600,
)
ANYBODY = Cors(origins=("*",), methods=("*",), headers=("*",), credentials=True)


def _route(path: str, cors: Cors | None, method: str = "") -> Route:
    match = Match(PathMatch("prefix", path), method)
    return Route(f"{method}{path}", match, Forward((Backend("one"),)), cors=cors)


async def _preflight(run: Proxy, path: str, origin: str, method: str = "PUT", **more: Any) -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, **more.pop("headers", {})}
    return await run.get(path, method="OPTIONS", headers=headers, **more)


async def test_a_preflight_request_is_answered_by_the_proxy(tmp_path: Path) -> None:
    async with proxy(tmp_path) as run:
        await run.route(_route("/shop", SHOP))
        for origin in ("https://www.foo.com", "https://a.b.bar.com", "https://www.foo.com:443", "http://local:8080"):
            answer = await _preflight(run, "/shop", origin)
            assert (answer.status, answer.body) == (200, "")
            assert answer.headers["access-control-allow-origin"] == origin
            assert answer.headers["access-control-allow-methods"] == "GET, PUT"
            assert answer.headers["access-control-allow-headers"] == "x-one, x-two"
            assert answer.headers["access-control-expose-headers"] == "x-three"
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["access-control-max-age"] == "3600"


async def test_other_origins_are_told_nothing(tmp_path: Path) -> None:
    async with proxy(tmp_path) as run:
        await run.route(_route("/shop", SHOP))
        for origin in ("https://foo.com", "https://bar.com", "https://wwwxfoo.com", "https://x.bar.com:8443", "null"):
            answer = await _preflight(run, "/shop", origin)
            assert (answer.status, answer.body) == (204, "")
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
            simple = await run.get("/shop", headers={"Origin": origin})
            assert simple.seen["backend"] == "one"
            assert "access-control-allow-origin" not in simple.headers


async def test_with_credentials_a_wildcard_is_answered_by_what_was_asked(tmp_path: Path) -> None:
    async with proxy(tmp_path) as run:
        await run.route(_route("/", ANYBODY))
        asked = {"Access-Control-Request-Headers": "x-any, x-more"}
        answer = await _preflight(run, "/", "https://page:1234", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://page:1234"
        assert answer.headers["access-control-allow-methods"] == "PUT"
        assert answer.headers["access-control-allow-headers"] == "x-any, x-more"
        assert "access-control-allow-headers" not in (await _preflight(run, "/", "https://page")).headers
        simple = await run.get("/", headers={"Origin": "https://page"})
        assert simple.headers["access-control-allow-origin"] == "https://page"
        assert simple.headers["access-control-allow-credentials"] == "true"


async def test_a_preflight_request_finds_the_route_of_the_method_it_asks_for(tmp_path: Path) -> None:
    async with proxy(tmp_path) as run:
        await run.route(_route("/", SHOP, "PUT"), _route("/", None))
        answer = await _preflight(run, "/", "https://www.foo.com")
        assert answer.headers["access-control-allow-origin"] == "https://www.foo.com"
        assert (await _preflight(run, "/", "https://www.foo.com", "DELETE")).seen["backend"] == "one"


@pytest.mark.parametrize("shards", [0, 2])
async def test_hosts_of_every_spelling_and_wildcards_are_treated_alike(tmp_path: Path, shards: int) -> None:
    async with proxy(tmp_path, shards=shards) as run:
        await run.route(_route("/shop", SHOP), _route("/plain", None), domain="*.example.com")
        for host in ("a.example.com", "A.Example.com", "a.example.com:8080"):
            answer = await _preflight(run, "/shop", "https://www.foo.com", host=host)
            assert answer.headers["access-control-allow-origin"] == "https://www.foo.com"
            assert (await _preflight(run, "/plain", "https://www.foo.com", host=host)).seen["backend"] == "one"

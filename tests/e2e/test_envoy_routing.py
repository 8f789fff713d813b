"""Does a real Envoy do with rendered routes what our words for them promise?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.envoy_rig import DEADLINE_S, Proxy, backend, free_port, proxy

from torana.envoy.cluster import render_endpoints
from torana.proxy.action import (
    Action,
    Backend,
    Forward,
    HeaderEdit,
    Mirror,
    PathRewrite,
    Redirect,
    Respond,
    Retry,
    Rewrite,
)
from torana.proxy.cluster import Endpoint, Endpoints
from torana.proxy.match import HeaderMatch, Match, PathMatch, QueryMatch
from torana.proxy.route import Route

pytestmark = pytest.mark.e2e

ONE, TWO = Forward((Backend("one"),)), Forward((Backend("two"),))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxy(tmp_path) as started:
        yield started


def prefix(value: str, action: Action, **parts: Any) -> Route:
    return Route(f"prefix {value}", Match(PathMatch("prefix", value)), action, **parts)


def exact(value: str, action: Action) -> Route:
    return Route(f"exact {value}", Match(PathMatch("exact", value)), action)


async def test_paths_match_exactly_by_whole_segments_or_by_expression(running: Proxy) -> None:
    regex = Route("regex", Match(PathMatch("regex", "/[0-9]+")), ONE)
    await running.route(exact("/e/", TWO), regex, prefix("/v2", ONE), prefix("/double//slash", ONE))
    statuses = {
        path: (await running.get(path)).status
        for path in ("/v2", "/v2/", "/v2/x?q=1", "/v2x", "/e", "/e/", "/e/?q", "/12", "/12?q", "/12a", "/double//slash")
    }
    assert statuses == {
        "/v2": 200, "/v2/": 200, "/v2/x?q=1": 200, "/v2x": 404, "/e": 404, "/e/": 200, "/e/?q": 200,
        "/12": 200, "/12?q": 200, "/12a": 404, "/double//slash": 200,
    }  # fmt: skip


async def test_headers_queries_and_methods_match_whole_values(running: Proxy) -> None:
    match = Match(
        method="PUT",
        headers=(HeaderMatch("x-a", "1"), HeaderMatch("x-b", "[0-9]+", is_regex=True)),
        query=(QueryMatch("q", "v"), QueryMatch("r", "[a-z]", is_regex=True)),
    )
    await running.route(Route("r", match, ONE))
    good: dict[str, Any] = {"method": "PUT", "headers": {"X-A": "1", "X-B": "22"}}
    assert (await running.get("/?q=v&r=x", **good)).status == 200
    assert (await running.get("/?q=v&r=xx", **good)).status == 404
    assert (await running.get("/?q=w&r=x", **good)).status == 404
    assert (await running.get("/?q=v&r=x", method="GET", headers=good["headers"])).status == 404
    assert (await running.get("/?q=v&r=x", method="PUT", headers={"X-A": "1", "X-B": "2b"})).status == 404


async def test_an_invalid_backend_gets_its_share_of_500s(running: Proxy) -> None:
    await running.route(prefix("/", Forward((Backend("one", 3), Backend("", 1)))))
    counts = Counter([(await running.get()).status for _ in range(400)])
    assert set(counts) == {200, 500}
    assert 60 <= counts[500] <= 145


@pytest.mark.parametrize("backends", [(), (Backend("", 1),), (Backend("one", 0),), (Backend("one", 0), Backend("", 5))])
async def test_without_a_usable_backend_everything_gets_the_invalid_status(
    running: Proxy, backends: tuple[Backend, ...]
) -> None:
    await running.route(prefix("/a", Forward(backends)), prefix("/b", Forward(backends, invalid_status=503)))
    assert (await running.get("/a")).status == 500
    assert (await running.get("/b")).status == 503


async def test_an_unusual_invalid_status_gets_its_share_too(running: Proxy) -> None:
    backends = (Backend("one", 1), Backend("", 1), Backend("two", 2))
    await running.route(prefix("/", Forward(backends, invalid_status=502)))
    counts: Counter[Any] = Counter()
    for _ in range(400):
        answer = await running.get()
        counts[answer.seen["backend"] if answer.status == 200 else answer.status] += 1
    assert set(counts) == {"one", "two", 502}
    assert 65 <= counts[502] <= 140
    assert 65 <= counts["one"] <= 140


@pytest.mark.parametrize(
    ("path", "match", "value", "result"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
        ("/foo/a//b", "/foo", "/", "/a//b"),
        ("/a.b/c", "/a.b", "/", "/c"),
        ("/bar", "/", "/xyz", "/xyz/bar"),
        ("/bar", "/", "/", "/bar"),
        ("/foo?a=/foo", "/foo", "/", "/?a=/foo"),
        ("/foo/bar?q=1", "/foo", "/xyz", "/xyz/bar?q=1"),
    ],
)
async def test_prefixes_are_replaced_by_whole_segments(
    running: Proxy, path: str, match: str, value: str, result: str
) -> None:
    rewrite = PathRewrite("prefix", value, match)
    forward = Forward((Backend("one"),), rewrite=Rewrite(path=rewrite))
    redirect = Route("redirect", Match(PathMatch("prefix", match), method="PUT"), Redirect(path=rewrite))
    await running.route(redirect, prefix(match, forward))
    assert (await running.get(path)).seen["path"] == result
    assert (await running.get(path, method="PUT")).headers["Location"] == f"http://a.example.com{result}"


async def test_full_paths_and_hosts_are_rewritten(running: Proxy) -> None:
    rewrite = Rewrite(host="inner.test", path=PathRewrite("full", "/one\\1"))
    await running.route(prefix("/", Forward((Backend("one"),), rewrite=rewrite)))
    seen = (await running.get("/a/b?q=1")).seen
    assert seen["host"] == "inner.test"
    assert seen["path"] in ("/one\\1?q=1", "/one%5C1?q=1")


async def test_each_backend_may_rewrite_for_itself(running: Proxy) -> None:
    backends = (
        Backend("one", 1, rewrite=Rewrite(host="one.test", path=PathRewrite("full", "/one"))),
        Backend("two", 3, rewrite=Rewrite(host="two.test")),
    )
    await running.route(prefix("/", Forward(backends)))
    counts: Counter[Any] = Counter()
    for _ in range(200):
        seen = (await running.get("/p")).seen
        counts[seen["backend"], seen["host"], seen["path"]] += 1
    assert set(counts) == {("one", "one.test", "/one"), ("two", "two.test", "/p")}
    assert 25 <= counts["one", "one.test", "/one"] <= 80


async def test_an_invalid_backend_beside_one_that_rewrites_gets_its_share(running: Proxy) -> None:
    backends = (Backend("one", 1, rewrite=Rewrite(path=PathRewrite("full", "/one"))), Backend("", 1))
    await running.route(prefix("/", Forward(backends)))
    counts = Counter([(await running.get()).status for _ in range(100)])
    assert set(counts) == {200, 500}


async def test_header_edits_set_add_and_remove_and_backends_have_the_last_word(running: Proxy) -> None:
    own = HeaderEdit(set=(("x-both", "backend"),), add=(("x-list", "b"),))
    await running.route(
        Route(
            "r",
            Match(),
            Forward((Backend("one", request_headers=own, response_headers=HeaderEdit(set=(("x-r", "backend"),))),)),
            request_headers=HeaderEdit(
                set=(("X-Both", "rule"), ("X-Percent", "100%"), ("x-empty", "")),
                add=(("x-list", "a"),),
                remove=("X-Gone",),
            ),
            response_headers=HeaderEdit(set=(("x-r", "rule"),), add=(("x-s", "%REQ(x)%"),), remove=("server",)),
        )
    )
    answer = await running.get(headers={"x-gone": "1", "x-list": "client", "x-both": "client"})
    seen = [(name.lower(), value) for name, value in answer.seen["headers"]]
    assert [value for name, value in seen if name == "x-both"] == ["backend"]
    assert ",".join(value for name, value in seen if name == "x-list") == "client,a,b"
    assert ("x-percent", "100%") in seen
    assert ("x-empty", "") in seen
    assert "x-gone" not in dict(seen)
    assert answer.headers["x-r"] == "backend"
    assert answer.headers["x-s"] == "%REQ(x)%"
    assert "server" not in answer.headers


async def test_setting_the_host_header_rewrites_the_host(running: Proxy) -> None:
    edit = HeaderEdit(set=(("Host", "set.test"),), remove=("host",))
    await running.route(Route("r", Match(), ONE, request_headers=edit))
    assert (await running.get()).seen["host"] == "set.test"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_answer_with_their_status_and_response_headers(running: Proxy, status: int) -> None:
    edit = HeaderEdit(set=(("x-r", "1"),))
    redirect = Redirect(status, scheme="https", host="b.test", port=8443, path=PathRewrite("full", "/new"))
    await running.route(Route("r", Match(), redirect, response_headers=edit))
    answer = await running.get("/old?q=1")
    assert (answer.status, answer.headers["Location"]) == (status, "https://b.test:8443/new?q=1")
    assert answer.headers["x-r"] == "1"


@pytest.mark.parametrize(
    ("domain", "redirect", "host", "location"),
    [
        ("a.test", Redirect(scheme="https"), "a.test", "https://a.test/p"),
        ("a.test", Redirect(scheme="https"), "a.test:8080", "https://a.test/p"),
        ("a.test", Redirect(), "a.test:8080", "http://a.test/p"),
        ("a.test", Redirect(port=8080), "a.test", "http://a.test:8080/p"),
        ("*.test", Redirect(scheme="https"), "b.test", "https://b.test/p"),
        ("*.test", Redirect(scheme="https"), "b.test:8080", "https://b.test/p"),
        ("*.test", Redirect(scheme="https"), "b.test:443", "https://b.test/p"),
        ("*", Redirect(scheme="https"), "b.test:", "https://b.test/p"),
        ("*", Redirect(scheme="http"), "b.test:80", "http://b.test/p"),
        ("*", Redirect(scheme="https"), "[::1]:8080", "https://[::1]/p"),
        ("*", Redirect(scheme="https", port=80), "b.test:8080", "https://b.test:80/p"),
        ("*", Redirect(scheme="https", path=PathRewrite("full", "/n:443/")), "b.test:80", "https://b.test/n:443/"),
        ("*", Redirect(port=8080), "b.test:99", "http://b.test:8080/p"),
        ("*", Redirect(host="c.test"), "b.test:99", "http://c.test/p"),
    ],
)
async def test_redirects_name_a_port_only_when_they_must(
    running: Proxy, domain: str, redirect: Redirect, host: str, location: str
) -> None:
    await running.route(prefix("/", redirect), domain=domain)
    assert (await running.get("/p", host)).headers["Location"] == location


@pytest.mark.parametrize("host", ["b.test", "b.test:8080"])
async def test_what_a_filter_says_of_the_location_counts_more_than_the_redirect(running: Proxy, host: str) -> None:
    redirect = Redirect(scheme="https")
    await running.route(
        prefix("/set", redirect, response_headers=HeaderEdit(set=(("Location", "/mine"),))),
        prefix("/remove", redirect, response_headers=HeaderEdit(remove=("Location",))),
        prefix("/other", redirect, response_headers=HeaderEdit(add=(("x-more", "1"),))),
        domain="*.test",
    )
    for path, location in (("/set", ["/mine"]), ("/remove", []), ("/other?q=:443/", ["https://b.test/other?q=:443/"])):
        assert (await running.get(path, host)).headers.getall("location", []) == location


async def test_mirrors_copy_a_share_and_keep_the_host(running: Proxy) -> None:
    await running.route(
        prefix("/none", Forward((Backend("one"),), mirrors=(Mirror("two", 0),))),
        prefix("/all", Forward((Backend("one"),), mirrors=(Mirror("two"), Mirror("two", 1, 3)))),
    )
    assert (await running.get("/none")).seen["backend"] == "one"
    for _ in range(30):
        assert (await running.get("/all")).seen["backend"] == "one"
    arrived: Counter[str] = Counter()
    while arrived["two a.example.com /all"] < 30:
        arrived[await asyncio.wait_for(running.arrivals.get(), DEADLINE_S)] += 1
    assert arrived["two a.example.com /none"] == 0


async def test_a_plain_answer_has_status_and_body(running: Proxy) -> None:
    await running.route(prefix("/", Respond(418, "teapot")))
    assert (await running.get())[:2] == (418, "teapot")


async def test_timeouts_end_slow_exchanges_with_504(running: Proxy) -> None:
    await running.route(
        prefix("/slow", Forward((Backend("one"),), request_timeout_ms=50)),
        prefix("/slowtry", Forward((Backend("one"),), request_timeout_ms=5000, attempt_timeout_ms=50)),
        prefix("/", ONE),
    )
    headers = {"x-delay": "1"}
    assert (await running.get("/slow", headers=headers)).status == 504
    assert (await running.get("/slowtry", headers=headers)).status == 504
    assert (await running.get("/", headers=headers)).status == 200


async def test_retries_go_on_until_the_backend_answers_well(running: Proxy) -> None:
    retry = Retry(attempts=3, codes=(502,), backoff_ms=5)
    await running.route(
        prefix("/two", Forward((Backend("one"),), retry=retry)),
        prefix("/none", Forward((Backend("one"),))),
    )
    assert (await running.get("/two", headers={"x-fail": "2", "x-key": "k1"})).status == 200
    assert (await running.get("/two", headers={"x-fail": "9", "x-key": "k2"})).status == 502
    assert (await running.get("/none", headers={"x-fail": "2", "x-key": "k3"})).status == 502


async def test_another_endpoint_is_tried_when_no_backend_saw_the_request(running: Proxy) -> None:
    gone = Endpoint("127.0.0.1", free_port())
    await running.route(
        prefix("/once", Forward((Backend("one"),), retry=Retry(attempts=0, codes=()))),
        prefix("/", ONE),
    )
    async with backend("spare") as live:
        await running.plane.deliver([render_endpoints(Endpoints("one", (live, gone)))])
        assert {(await running.get()).status for _ in range(40)} == {200}
        assert {(await running.get("/once")).status for _ in range(40)} == {200, 503}


async def test_ports_and_letter_case_in_the_host_do_not_matter(running: Proxy) -> None:
    await running.route(prefix("/", ONE))
    for host in ("a.example.com:1234", "A.Example.COM", "A.example.com:80"):
        answer = await running.get(host=host)
        assert (answer.status, answer.seen["host"]) == (200, host)


async def test_dot_segments_do_not_slip_past_a_route(running: Proxy) -> None:
    await running.route(prefix("/private", Respond(403)), prefix("/", ONE))
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"GET /public/../private HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 403")
    writer.close()

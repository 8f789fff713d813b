"""Does a request pass Envoy only when the service that is asked says so?"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.auth_service import PASSWORD, Asked, AuthService, grpc_auth, http_auth
from tests.e2e.envoy_rig import DEADLINE_S, HOST, Answer, Proxy, free_port, proxy

from torana.envoy.cluster import render_cluster, render_endpoints
from torana.proxy.action import Backend, Forward, Mirror, Redirect
from torana.proxy.cluster import Cluster, Endpoint, Endpoints
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Route, Table
from torana.proxy.session import Session

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

HTTP = ExternalAuth("auth", "http", "auth.shop")
GRPC = ExternalAuth("auth-grpc", "grpc", "auth.shop")
LET_IN = {"Authorization": PASSWORD}


def guarded(auth: ExternalAuth | None, path: str = "/", action: Any = None, **more: Any) -> Route:
    action = action or Forward((Backend("one"),))
    return Route(f"r{path}", Match(PathMatch("prefix", path)), action, external_auth=auth, **more)


async def serve(run: Proxy, auth: ExternalAuth, endpoint: Endpoint | None) -> None:
    """The cluster of the service; without an endpoint it is an empty one."""
    cluster = Cluster(auth.cluster, "http2" if auth.protocol == "grpc" else "http1")
    endpoints = Endpoints(auth.cluster, (endpoint,) if endpoint is not None else ())
    await run.plane.deliver([render_cluster(cluster), render_endpoints(endpoints)])


@asynccontextmanager
async def guarded_proxy(directory: Path, shards: int = 0) -> AsyncIterator[tuple[Proxy, dict[str, AuthService]]]:
    """A proxy with the clusters of an HTTP and a gRPC service."""
    async with proxy(directory, shards=shards) as run, http_auth() as http, grpc_auth() as over_grpc:
        await serve(run, HTTP, http.endpoint)
        await serve(run, GRPC, over_grpc.endpoint)
        yield run, {"http": http, "grpc": over_grpc}


async def last_asked(service: AuthService) -> Asked:
    return await asyncio.wait_for(service.asked.get(), DEADLINE_S)


def seen(answer: Answer, name: str) -> list[str]:
    """The values of a header that the backend saw."""
    return [value for key, value in answer.seen["headers"] if key.lower() == name]


@pytest.mark.parametrize("shards", [0, 2])
@pytest.mark.parametrize("auth", [HTTP, GRPC], ids=["http", "grpc"])
async def test_who_may_not_pass_gets_the_service_s_answer_whatever_the_spelling_of_the_host(
    tmp_path: Path, auth: ExternalAuth, shards: int
) -> None:
    async with guarded_proxy(tmp_path, shards) as (run, _):
        await run.route(guarded(auth, "/in"), guarded(None))
        for host in ("a.example.com", "A.Example.com", "a.example.com:8080"):
            refused = await run.get("/in", host)
            assert (refused.status, refused.body) == (401, "who are you?")
            assert refused.headers["www-authenticate"] == "Basic"
            passed = await run.get("/in", host, headers={**LET_IN, "x-user": "eve"})
            assert passed.status == 200
            assert seen(passed, "x-user") == ["ann"]
            assert (await run.get("/out", host)).seen["backend"] == "one"


async def test_an_http_service_is_shown_method_path_host_and_authorization(tmp_path: Path) -> None:
    async with guarded_proxy(tmp_path) as (run, services):
        await run.route(guarded(HTTP))
        await run.get("/a?b=c", method="POST", data=b"body", headers={**LET_IN, "x-one": "1"})
        asked = await last_asked(services["http"])
        assert (asked.method, asked.path, asked.host, asked.body) == ("POST", "/a?b=c", "a.example.com", b"")
        assert (asked.headers["content-length"], asked.headers["authorization"]) == ("0", PASSWORD)
        assert "x-one" not in asked.headers


async def test_an_http_service_is_shown_headers_and_body_that_are_asked_for(tmp_path: Path) -> None:
    auth = ExternalAuth("auth", "http", "auth.shop", "/check", ("X-One",), ("X-User",), max_body_bytes=10)
    async with guarded_proxy(tmp_path) as (run, services):
        await run.route(guarded(auth))
        answer = await run.get("/a", method="POST", data=b"1234567890", headers={**LET_IN, "x-one": "1", "x-two": "2"})
        asked = await last_asked(services["http"])
        assert (asked.path, asked.body, asked.headers["content-length"]) == ("/check/a", b"1234567890", "10")
        assert asked.headers["x-one"] == "1"
        assert "x-two" not in asked.headers
        assert (answer.status, seen(answer, "x-user"), seen(answer, "x-more")) == (200, ["ann"], [])
        assert seen(answer, "content-length") == ["10"]


async def test_all_headers_of_an_http_answer_are_copied_but_those_about_itself(tmp_path: Path) -> None:
    async with guarded_proxy(tmp_path) as (run, _):
        await run.route(guarded(HTTP))
        answer = await run.get("/", method="POST", data=b"{}", headers={**LET_IN, "content-type": "application/json"})
        assert (seen(answer, "x-user"), seen(answer, "x-more")) == (["ann"], ["yes"])
        assert seen(answer, "content-type") == ["application/json"]
        assert seen(answer, "content-length") == ["2"]
        assert answer.seen["host"] == "a.example.com"


async def test_a_grpc_service_is_shown_all_headers_or_those_asked_for(tmp_path: Path) -> None:
    async with guarded_proxy(tmp_path) as (run, services):
        await run.route(
            guarded(ExternalAuth("auth-grpc", "grpc", "a", request_headers=("X-One", "authorization")), "/some"),
            guarded(ExternalAuth("auth-grpc", "grpc", "a", max_body_bytes=100)),
        )
        headers = {**LET_IN, "x-one": "1", "x-two": "2"}
        answer = await run.get("/all", method="POST", data=b"body", headers=headers)
        asked = await last_asked(services["grpc"])
        assert (asked.method, asked.path, asked.host, asked.body) == ("POST", "/all", "a.example.com", b"body")
        assert (asked.headers["x-one"], asked.headers["x-two"]) == ("1", "2")
        assert seen(answer, "authorization") == []
        await run.get("/some", method="POST", data=b"body", headers=headers)
        asked = await last_asked(services["grpc"])
        assert asked.headers["x-one"] == "1"
        assert "x-two" not in asked.headers
        assert asked.body == b""


@pytest.mark.parametrize("auth", [HTTP, GRPC], ids=["http", "grpc"])
async def test_a_body_that_is_too_large_is_refused_unseen(tmp_path: Path, auth: ExternalAuth) -> None:
    limited = ExternalAuth(auth.cluster, auth.protocol, auth.authority, max_body_bytes=10)
    async with guarded_proxy(tmp_path) as (run, services):
        await run.route(guarded(limited))
        assert (await run.get("/", method="POST", data=b"x" * 11, headers=LET_IN)).status == 413
        assert services[auth.protocol].asked.empty()
        assert (await run.get("/", method="POST", data=b"x" * 10, headers=LET_IN)).status == 200


@pytest.mark.parametrize("word", ["fail", "almost", "wait 30"])
async def test_any_http_answer_but_200_and_no_answer_in_time_refuse(tmp_path: Path, word: str) -> None:
    async with guarded_proxy(tmp_path) as (run, _):
        await run.route(guarded(HTTP, action=Forward((Backend("one"),), request_timeout_ms=300)))
        answer = await run.get("/", headers={"Authorization": word})
        assert answer.status in ((204,) if word == "almost" else (403,))
        assert run.arrivals.empty()


@pytest.mark.parametrize("auth", [HTTP, GRPC], ids=["http", "grpc"])
@pytest.mark.parametrize("is_listed", [True, False], ids=["nobody listens", "no endpoint"])
async def test_without_a_service_nobody_passes(tmp_path: Path, auth: ExternalAuth, is_listed: bool) -> None:
    async with proxy(tmp_path) as run:
        await serve(run, auth, Endpoint(HOST, free_port()) if is_listed else None)
        await run.route(guarded(auth))
        assert (await run.get("/", headers=LET_IN)).status == 403
        assert run.arrivals.empty()


@pytest.mark.parametrize("auth", [HTTP, GRPC], ids=["http", "grpc"])
async def test_a_cluster_that_envoy_does_not_know_lets_nobody_pass(tmp_path: Path, auth: ExternalAuth) -> None:
    async with proxy(tmp_path) as run:
        await run.route(guarded(auth))
        assert (await run.get("/", headers=LET_IN)).status in (403, 500)
        assert run.arrivals.empty()


async def test_redirects_and_copies_wait_for_the_word_too(tmp_path: Path) -> None:
    async with guarded_proxy(tmp_path) as (run, _):
        copied = Forward((Backend("one"),), mirrors=(Mirror("two"),))
        await run.route(guarded(HTTP, "/away", Redirect(host="b.test")), guarded(HTTP, "/copied", copied))
        assert (await run.get("/away")).status == 401
        assert (await run.get("/away", headers=LET_IN)).status == 302
        assert (await run.get("/copied")).status == 401
        assert run.arrivals.empty()
        assert (await run.get("/copied", headers=LET_IN)).status == 200
        arrived = {(await asyncio.wait_for(run.arrivals.get(), DEADLINE_S)).split()[0] for _ in range(2)}
        assert arrived == {"one", "two"}


async def test_preflight_requests_are_answered_without_asking_the_service(tmp_path: Path) -> None:
    async with guarded_proxy(tmp_path) as (run, services):
        await run.route(guarded(HTTP, cors=Cors(origins=("https://foo.com",), methods=("PUT",))))
        for origin, status in (("https://foo.com", 200), ("https://bar.com", 204)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            assert (await run.get("/", method="OPTIONS", headers=headers)).status == status
        assert services["http"].asked.empty()
        refused = await run.get("/", method="PUT", headers={"Origin": "https://foo.com"})
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == "https://foo.com"
        assert run.arrivals.empty()


async def test_no_word_of_the_client_about_a_session_leads_past_the_service(tmp_path: Path) -> None:
    session = Session("00000001", "sid")
    async with proxy(tmp_path) as run, http_auth() as http:
        run.table = Table("hosts", run.table.shards, has_wildcards=True, has_sessions=True)
        await serve(run, HTTP, http.endpoint)
        inside = Forward((Backend("one"), Backend("two")), session=session)
        await run.plane.deliver([run.bind()])
        await run.route(guarded(HTTP, "/in", inside), guarded(None, "/", inside))
        tokens = set()
        for path, word in itertools.product(("/in", "/"), ({}, LET_IN)):
            answer = await run.get(path, headers=word)
            assert answer.status == (200 if path == "/" or word else 401)
            tokens |= set(re.findall(r"sid=([^;]+)", answer.headers.get("set-cookie", "")))
        assert tokens
        for token in tokens:
            named = {"x-torana-session": ".".join(token.split(".")[:2])}
            for headers in ({"Cookie": f"sid={token}"}, named, {"Cookie": f"sid={token}", **named}):
                assert (await run.get("/in", headers=headers)).status == 401

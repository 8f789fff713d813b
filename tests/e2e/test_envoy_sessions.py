"""Does a real Envoy keep the requests of a session at one endpoint, as a rule asks?"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from tests.e2e.certificates import self_signed
from tests.e2e.envoy_rig import DEADLINE_S, HOST, Answer, Proxy, backend, free_port, proxy

from torana.envoy.cluster import render_endpoints
from torana.envoy.listener import render_bind
from torana.envoy.secret import render_secret
from torana.proxy import secret
from torana.proxy.action import Backend, Forward, HeaderEdit
from torana.proxy.bind import Bind, Chain
from torana.proxy.cluster import Endpoint, Endpoints
from torana.proxy.match import Match, PathMatch
from torana.proxy.route import Route, Table
from torana.proxy.session import Session

pytestmark = pytest.mark.e2e

COOKIE = Session("00000001", "sid")
HEADER = Session("00000001", "X-Session", "header")
EVEN = (Backend("one", 1), Backend("two", 1))


class Shop(Proxy):
    """A proxy with three endpoints in each cluster."""

    members: dict[str, tuple[Endpoint, ...]]

    async def fill(self, cluster: str, endpoints: Iterable[Endpoint]) -> None:
        await self.plane.deliver([render_endpoints(Endpoints(cluster, tuple(endpoints)))])

    async def who(self, path: str = "/", **headers: str) -> str:
        """Which endpoint answers."""
        answer = await self.get(path, headers=headers)
        assert answer.status == 200, answer
        return str(answer.seen["backend"])


@pytest.fixture(params=[0, 4], ids=["plain", "sharded"])
async def shop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with proxy(tmp_path, shards=request.param) as started, AsyncExitStack() as stack:
        started.__class__ = Shop
        assert isinstance(started, Shop)
        started.members = {}
        for cluster in ("one", "two"):
            names = [f"{cluster}-{number}" for number in range(3)]
            started.members[cluster] = tuple([await stack.enter_async_context(backend(name)) for name in names])
            await started.fill(cluster, started.members[cluster])
        started.table = Table("hosts", request.param, has_wildcards=True, has_sessions=True)
        await started.plane.deliver([started.bind()])
        yield started


def route(session: Session | None, *backends: Backend, prefix: str = "/") -> Route:
    forward = Forward(backends or (Backend("one"),), session=session)
    return Route(f"prefix {prefix}", Match(PathMatch("prefix", prefix)), forward)


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


async def test_a_cookie_keeps_a_session_at_its_endpoint(shop: Shop) -> None:
    await shop.route(route(COOKIE))
    first = await shop.get()
    assert first.headers["set-cookie"].startswith("sid=00000001.")
    assert first.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert "x-torana-endpoint" not in first.headers
    cookie = cookie_of(first)
    assert {await shop.who(cookie=f"other=1; {cookie}; more=2") for _ in range(20)} == {first.seen["backend"]}
    assert len({await shop.who() for _ in range(40)}) == 3
    assert "set-cookie" not in (await shop.get(headers={"cookie": cookie})).headers


async def test_a_header_keeps_a_session_at_its_endpoint(shop: Shop) -> None:
    await shop.route(route(HEADER, *EVEN))
    first = await shop.get()
    token = first.headers["x-session"]
    assert {await shop.who(**{"X-SESSION": token}) for _ in range(20)} == {first.seen["backend"]}
    assert "set-cookie" not in first.headers


async def test_a_new_session_follows_the_weights_and_an_old_one_its_backend(shop: Shop) -> None:
    await shop.route(route(COOKIE, Backend("one", 9), Backend("two", 1)))
    answers = [await shop.get() for _ in range(200)]
    counts = Counter(answer.seen["backend"].partition("-")[0] for answer in answers)
    assert 5 <= counts["two"] <= 45
    rare = next(answer for answer in answers if answer.seen["backend"].startswith("two"))
    kept = [await shop.get(headers={"cookie": cookie_of(rare)}) for _ in range(20)]
    assert {answer.seen["backend"] for answer in kept} == {rare.seen["backend"]}
    sent = {name.lower() for answer in kept for name, _ in answer.seen["headers"]}
    assert not {name for name in sent if name.startswith("x-torana")}


async def test_a_session_stays_when_its_backend_has_no_weight_any_more(shop: Shop) -> None:
    await shop.route(route(COOKIE, Backend("one", 1), Backend("two", 0)))
    first = await shop.get()
    edit = HeaderEdit(set=(("x-old", "yes"),))
    await shop.route(route(COOKIE, Backend("one", 0, request_headers=edit), Backend("two", 1)))
    kept = await shop.get(headers={"cookie": cookie_of(first)})
    assert kept.seen["backend"] == first.seen["backend"]
    assert ["x-old", "yes"] in kept.seen["headers"]
    assert {(await shop.who()).partition("-")[0] for _ in range(20)} == {"two"}
    # Without any weight there are no new sessions.
    for left in ((Backend("one", 0), Backend("two", 0)), (Backend("one", 0),)):
        await shop.route(route(COOKIE, *left))
        assert (await shop.get()).status == 500
        assert (await shop.get(headers={"cookie": cookie_of(first)})).status == 200


async def test_another_endpoint_takes_over_when_one_goes_and_the_client_is_told(shop: Shop) -> None:
    await shop.route(route(COOKIE, *EVEN))
    first = await shop.get()
    name = first.seen["backend"]
    cluster, _, number = name.partition("-")
    left = [one for position, one in enumerate(shop.members[cluster]) if position != int(number)]
    await shop.fill(cluster, left)
    second = await shop.get(headers={"cookie": cookie_of(first)})
    assert second.status == 200
    assert second.seen["backend"] != name
    assert second.seen["backend"].partition("-")[0] == cluster
    assert {await shop.who(cookie=cookie_of(second)) for _ in range(20)} == {second.seen["backend"]}


async def test_a_session_of_an_empty_backend_goes_elsewhere(shop: Shop) -> None:
    await shop.route(route(COOKIE, Backend("one", 1), Backend("two", 0)))
    first = await shop.get()
    empty = Backend("one", 0, keeps_sessions=False)
    await shop.fill("one", ())
    await shop.route(route(COOKIE, empty, Backend("two", 1)))
    second = await shop.get(headers={"cookie": cookie_of(first)})
    assert second.seen["backend"].startswith("two")
    assert {await shop.who(cookie=cookie_of(second)) for _ in range(10)} == {second.seen["backend"]}


async def test_rules_do_not_share_sessions(shop: Shop) -> None:
    other = msgspec.structs.replace(COOKIE, rule="00000002")
    await shop.route(route(COOKIE, prefix="/a"), route(other, prefix="/b"), route(None, prefix="/c"))
    first, second = await shop.get("/a"), await shop.get("/b")
    assert "; Path=/a;" in first.headers["set-cookie"]
    assert "; Path=/b;" in second.headers["set-cookie"]
    both = f"{cookie_of(first)}; {cookie_of(second)}"
    for _ in range(10):
        assert await shop.who("/a", cookie=both) == first.seen["backend"]
        assert await shop.who("/b", cookie=both) == second.seen["backend"]
    assert "set-cookie" in (await shop.get("/b", headers={"cookie": cookie_of(first)})).headers
    assert "set-cookie" not in (await shop.get("/c")).headers


@pytest.mark.parametrize("is_permanent", [True, False], ids=["permanent", "session"])
async def test_a_session_ends_in_time_however_busy(shop: Shop, is_permanent: bool) -> None:
    await shop.route(route(msgspec.structs.replace(COOKIE, lifetime_ms=1500, is_permanent=is_permanent)))
    first = await shop.get()
    assert ("; Max-Age=2" in first.headers["set-cookie"]) is is_permanent
    start = time.monotonic()
    assert "set-cookie" not in (await shop.get(headers={"cookie": cookie_of(first)})).headers
    while "set-cookie" not in (await shop.get(headers={"cookie": cookie_of(first)})).headers:
        assert time.monotonic() - start < DEADLINE_S
    assert time.monotonic() - start > 1


@pytest.mark.parametrize("token", ["", "x", "00000001.zz.0.1.2.3.4:5", "00000001.0.0.:0", '"', "00000001." * 500])
async def test_a_token_that_is_none_begins_a_new_session(shop: Shop, token: str) -> None:
    await shop.route(route(COOKIE, *EVEN))
    answer = await shop.get(headers={"cookie": f"sid={token}"})
    assert answer.status == 200
    assert "set-cookie" in answer.headers


async def test_a_token_leads_to_no_endpoint_that_the_rule_does_not_have(shop: Shop) -> None:
    await shop.route(route(COOKIE))
    stranger = shop.members["two"][0]
    token = f"00000001.00000000.0.{stranger.address}:{stranger.port}"
    found = {await shop.who(cookie=f"sid={token}", **{"x-torana-session": "00000001.00000000"}) for _ in range(20)}
    assert {name.partition("-")[0] for name in found} == {"one"}


async def test_a_cookie_given_over_https_is_for_https_alone(shop: Shop) -> None:
    await shop.route(route(COOKIE))
    pair = self_signed("a.example.com")
    shown = secret.Certificate("shown", pair.certificate.encode(), secret.Redacted(pair.key.encode()))
    port = free_port()
    bind = Bind(port, "HTTPS", (Chain("secure", shop.table, certificates=("shown",)),))
    await shop.plane.deliver([render_secret(shown), render_bind(bind, HOST)])
    headers = {"Host": "a.example.com"}
    async with shop.client.get(f"https://{HOST}:{port}/", headers=headers, ssl=False) as answer:
        assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")

"""How long until a changed route is what clients see, and what do they see meanwhile?

Each function makes one kind of change many times, while a prober asks through the proxy every millisecond. The time
runs from the API's answer to the first right response; every answer that is neither the old right one nor the new right
one counts as wrong, and so does an old one after a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench import documents
from bench.api import Api
from bench.prober import REFUSED, Answer, Prober, Watch

# The prober goes on for so long after the new answer: a proxy with several workers may still fall back.
AFTERMATH_S = 0.005
PROBED = "probed"


@dataclass
class Series:
    """One kind of change, made several times."""

    name: str
    delays_ms: list[float] = field(default_factory=list)
    api_ms: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Place:
    """Where the changes are made and seen."""

    api: Api
    address: str
    port: int

    def prober(self, host: str, port: int = 0, *, fresh: bool = False) -> Prober:
        return Prober(self.address, port or self.port, host, fresh=fresh)


def absent(answer: Answer) -> bool:
    return answer.status == 404


def closed(answer: Answer) -> bool:
    return answer.status == REFUSED


def has_version(version: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == 200 and answer.version == version


def from_backend(name: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == 200 and answer.body == name


async def observe(
    series: Series,
    prober: Prober,
    change: Callable[[], Awaitable[object]],
    old: Callable[[Answer], bool],
    new: Callable[[Answer], bool],
    *,
    deadline_s: float = 60,
) -> None:
    """Makes one change under observation and adds what was seen to `series`."""
    watch, stop = Watch(new), asyncio.Event()
    watching = asyncio.create_task(prober.watch(watch, stop))
    try:
        began = time.perf_counter()
        await change()
        answered = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watch.found.wait(), deadline_s)
        await asyncio.sleep(AFTERMATH_S)
    finally:
        stop.set()
        await watching
    series.api_ms.append((answered - began) * 1000)
    series.delays_ms.append(max(0.0, (watch.found_at - answered) * 1000))
    series.wrong.update(f"{each.status} {each.version or each.body}".strip()[:60] for each in watch.outside(old, new))


async def routes(place: Place, changes: int, *, pause_s: float = 0.02) -> list[Series]:
    """Creates, changes (a response header) and deletes one route, `changes` times."""
    created, changed, deleted = Series("create"), Series("change"), Series("delete")
    prober = place.prober(documents.hostname(PROBED))
    await place.api.delete("HTTPRoute", documents.NAMESPACE, PROBED)
    await prober.wait(absent)
    for number in range(changes):
        first, second = f"a{number}", f"b{number}"
        document = documents.route(PROBED, version=first)
        await observe(
            created,
            prober,
            lambda document=document: place.api.create(document),  # type: ignore[misc]
            absent,
            has_version(first),
        )
        await asyncio.sleep(pause_s)
        rules = {"spec": {"rules": documents.route(PROBED, version=second)["spec"]["rules"]}}
        await observe(
            changed,
            prober,
            lambda rules=rules: _merge(place.api, rules),  # type: ignore[misc]
            has_version(first),
            has_version(second),
        )
        await asyncio.sleep(pause_s)
        await observe(
            deleted,
            prober,
            lambda: place.api.delete("HTTPRoute", documents.NAMESPACE, PROBED),
            has_version(second),
            absent,
        )
        await asyncio.sleep(pause_s)
    prober.close()
    return [created, changed, deleted]


async def churn(api: Api, routes_count: int, per_s: float) -> None:
    """Changes the other routes, one after another, about `per_s` times a second, until cancelled."""
    # A group, so that changes under way are over when the churning ends.
    async with asyncio.TaskGroup() as running:
        for number in itertools.count():
            rules = documents.route("any", version=f"churn{number}")["spec"]["rules"]
            name = f"r{number % routes_count:05}"
            running.create_task(api.merge("HTTPRoute", documents.NAMESPACE, name, {"spec": {"rules": rules}}))
            await asyncio.sleep(1 / per_s)


async def listeners(place: Place, class_name: str, changes: int) -> list[Series]:
    """Adds, renames and removes a listener beside another, on which a route must answer all the time.

    On the new port the right answers are: refused, then 200 at once (a 404 means it was open before its routes came).
    """
    added, renamed, removed = Series("listener added"), Series("listener renamed"), Series("listener removed")
    beside = Series("beside listeners")
    await place.api.ensure(documents.route("steady", version="steady"))
    steady = place.prober(documents.hostname("steady"))
    right = has_version("steady")
    await steady.wait(right)
    watch, stop = Watch(right), asyncio.Event()
    watching = asyncio.create_task(steady.watch(watch, stop))
    prober = place.prober(documents.hostname("steady"), documents.EXTRA_PORT, fresh=True)
    for _ in range(changes):
        ports = {"http": documents.PORT, "extra": documents.EXTRA_PORT}
        await observe(added, prober, lambda: _listen(place.api, class_name, ports), closed, right)  # noqa: B023
        again = {"http": documents.PORT, "renamed": documents.EXTRA_PORT}
        await observe(renamed, prober, lambda: _listen(place.api, class_name, again), right, right)  # noqa: B023
        # A renamed listener changes nothing that a client could wait for: watch it a while instead.
        await _linger(renamed, prober, right)
        await observe(
            removed,
            prober,
            lambda: _listen(place.api, class_name, {"http": documents.PORT}),
            right,
            lambda answer: answer.status <= 0,
        )
        prober.close()
        await asyncio.sleep(0.1)
    stop.set()
    await watching
    beside.wrong.update(str(each.status) for each in watch.outside(right))
    return [added, renamed, removed, beside]


async def repoint(place: Place, changes: int) -> list[Series]:
    """Points a route at another Service and deletes the old Service at once; `backend` and `spare` must both exist."""
    series = Series("repoint, old Service deleted")
    name = "repointed"
    await place.api.ensure(documents.route(name, service="backend"))
    prober = place.prober(documents.hostname(name))
    await prober.wait(from_backend("backend-0"))
    ports = await _service_ports(place.api)
    for _ in range(changes):

        async def change() -> None:
            rules = documents.route(name, service="spare")["spec"]["rules"]
            await place.api.merge("HTTPRoute", documents.NAMESPACE, name, {"spec": {"rules": rules}})
            await place.api.delete("Service", documents.NAMESPACE, "moving")
            await place.api.delete("EndpointSlice", documents.NAMESPACE, "moving")

        for document in documents.service("moving", *ports["backend"]):
            await place.api.ensure(document)
        back = documents.route(name, service="moving")["spec"]["rules"]
        await place.api.merge("HTTPRoute", documents.NAMESPACE, name, {"spec": {"rules": back}})
        await prober.wait(from_backend("backend-0"))
        await observe(series, prober, change, from_backend("backend-0"), from_backend("backend-1"))
    prober.close()
    return [series]


async def _linger(series: Series, prober: Prober, right: Callable[[Answer], bool], *, seconds: float = 0.3) -> None:
    watch, stop = Watch(right), asyncio.Event()
    watching = asyncio.create_task(prober.watch(watch, stop))
    await asyncio.sleep(seconds)
    stop.set()
    await watching
    series.wrong.update(str(each.status) for each in watch.outside(right))


async def _merge(api: Api, change: dict[str, object]) -> object:
    return await api.merge("HTTPRoute", documents.NAMESPACE, PROBED, change)


async def _listen(api: Api, class_name: str, ports: dict[str, int]) -> object:
    spec = documents.gateway(class_name, ports)["spec"]
    return await api.merge("Gateway", documents.NAMESPACE, documents.GATEWAY, {"spec": spec})


async def _service_ports(api: Api) -> dict[str, tuple[str, int]]:
    """Address and port behind each of the two Services."""
    found = {}
    for name in ("backend", "spare"):
        live = await api.get("EndpointSlice", documents.NAMESPACE, name)
        found[name] = (live["endpoints"][0]["addresses"][0], live["ports"][0]["port"])
    return found

"""How long does a change take to reach clients, and does that grow with the number of routes?

    python -m bench.propagation [--kubeconfig FILE] [--sizes 10,100,1000,5000] [--changes 100] [--json FILE]

For each size N, N HTTPRoutes with a hostname each are loaded through the API; then one more is created, changed and
deleted again and again while a client asks through the proxy every millisecond. Listeners added, renamed and removed,
and a route repointed while its old Service is deleted, are watched in the same way. Any kubeconfig and any GatewayClass
will do; without `--kubeconfig` a `torana up` is started.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from bench import changes, documents, fixture, metrics, own, processes, results, tables
from bench.api import Api


def main() -> int:
    options = _options()
    started, asked = results.machine(), dict(vars(options))
    try:
        figures = asyncio.run(_run(options))
    except TimeoutError as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.json:
        results.write(options.json, "propagation", asked, figures, started)
    return 0


async def _run(options: argparse.Namespace) -> list[dict[str, Any]]:
    async with contextlib.AsyncExitStack() as stack:
        mentioning = ""
        if not options.kubeconfig:
            running = stack.enter_context(own.bring_up())
            options.kubeconfig, mentioning = running.kubeconfig, str(running.data_dir)
            options.metrics = options.metrics or running.metrics
        api = await stack.enter_async_context(Api(options.kubeconfig))
        if mentioning:
            await api.ensure(documents.gateway_class(options.gateway_class))
        backends = await stack.enter_async_context(_backends(options.backend_address))
        stack.push_async_callback(fixture.clear, api)
        address = await fixture.prepare(api, options.gateway_class, backends)
        place = changes.Place(api, options.address or address, documents.PORT)
        pids = processes.parse(options.pids) or processes.find(mentioning)
        figures, loaded = [], 0
        for size in options.sizes:
            loading = await _load(place, loaded, size)
            loaded = size
            async with _churn(options, size):
                figures.append({"routes": size, "load": loading, **await _measure(place, pids, options)})
            tables.print_size(figures[-1])
        return figures


@contextlib.asynccontextmanager
async def _backends(address: str) -> Any:
    """Two backends in a process of their own, as the Services `backend` and `spare`."""
    command = [sys.executable, "-m", "bench.backend", address, "0", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        first, second = map(int, (await process.stdout.readline()).split())
        yield {"backend": (address, first), "spare": (address, second)}
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _churn(options: argparse.Namespace, size: int) -> Any:
    """Other routes are being changed all the while, if that was asked for."""
    if not options.churn:
        yield
        return
    async with Api(options.kubeconfig) as api:
        churning = asyncio.create_task(changes.churn(api, size, options.churn))
        try:
            yield
            if churning.done():
                churning.result()  # raises what ended it: figures without the churn would mislead
        finally:
            churning.cancel()
            await asyncio.gather(churning, return_exceptions=True)


async def _load(place: changes.Place, have: int, want: int) -> dict[str, float]:
    """Routes `have`…`want` exist, are served and counted; the times run from the API's answer to the last create."""
    began = time.perf_counter()
    waiting = iter(range(have, want))

    async def create() -> None:
        for number in waiting:
            await place.api.ensure(documents.route(f"r{number:05}"))

    await asyncio.gather(*(create() for _ in range(8)))
    created = time.perf_counter()
    if want:
        last = place.prober(documents.hostname(f"r{want - 1:05}"))
        await last.wait(lambda answer: answer.status == 200, deadline_s=600)
        last.close()
    served = time.perf_counter()
    with contextlib.suppress(TimeoutError):
        await _counted(place, want)
    return {
        "creates_per_s": (want - have) / (created - began),
        "served_after_s": served - created,
        "counted_after_s": time.perf_counter() - created,
    }


async def _counted(place: changes.Place, want: int, *, deadline_s: float = 120) -> None:
    end = time.monotonic() + deadline_s
    while await fixture.attached_routes(place.api) < want:
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.05)


async def _measure(
    place: changes.Place, pids: dict[str, tuple[int, ...]], options: argparse.Namespace
) -> dict[str, Any]:
    if not options.churn:
        await asyncio.to_thread(processes.wait_quiet, pids)
    before, counted_before = processes.usage(pids), await metrics.scrape(options.metrics)
    series = await changes.routes(place, options.changes)
    after, counted_after = processes.usage(pids), await metrics.scrape(options.metrics)
    total = 3 * options.changes
    more = max(1, options.changes // 10)
    series += await changes.listeners(place, options.gateway_class, more) if not options.routes_only else []
    series += await changes.repoint(place, more) if not options.routes_only else []
    return {
        "series": [_figures(each) for each in series],
        "cpu_ms_per_change": {role: (after[role].cpu_s - before[role].cpu_s) / total * 1000 for role in after},
        "memory_mib": {role: after[role].memory_mib for role in after},
        "counted_per_change": {
            name: (counted_after[name] - counted_before.get(name, 0)) / total for name in counted_after
        },
    }


def _figures(series: changes.Series) -> dict[str, Any]:
    return {
        "change": series.name,
        "times": len(series.delays_ms),
        "p50_ms": results.quantile(series.delays_ms, 0.5),
        "p99_ms": results.quantile(series.delays_ms, 0.99),
        "max_ms": max(series.delays_ms, default=None),
        "api_p50_ms": results.quantile(series.api_ms, 0.5),
        "wrong": dict(series.wrong),
        "delays_ms": [round(each, 3) for each in series.delays_ms],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.propagation", description=__doc__.splitlines()[0])
    parser.add_argument("--kubeconfig", type=Path, help="a running system; without it one is started")
    parser.add_argument("--gateway-class", default="torana")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[10, 100, 1000, 5000],
        help="numbers of routes, rising",
    )
    parser.add_argument("--changes", type=int, default=100, help="how often the probed route is made and removed")
    parser.add_argument("--routes-only", action="store_true", help="leave out listeners and the repointed route")
    parser.add_argument(
        "--churn",
        type=float,
        default=0,
        help="change other routes so many times a second meanwhile; costs are then per probed change",
    )
    parser.add_argument("--address", default="", help="reach the proxy here, whatever the Gateway's status says")
    parser.add_argument(
        "--backend-address",
        default="127.0.0.1",
        help="where the backends listen; a real API server refuses loopback in EndpointSlices",
    )
    parser.add_argument("--pids", default="", help="role=pid,… of the processes to account, instead of finding them")
    parser.add_argument("--metrics", default="", help="URL of the controller's metrics")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

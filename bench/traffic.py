"""What does Torana's configuration cost a request, beside an Envoy that is told the least?

    python -m bench.traffic [--kubeconfig FILE [--gateway NAMESPACE/NAME --host HOSTNAME]] [--json FILE]

Both proxies are the same binary with the same number of workers, pinned to the same CPUs; load and backend run on the
others. Rounds alternate, so what else the machine does falls on both. Printed are medians, and of the rounds' ratios
of requests per second the median (aim: 0.95 and above); CPU per request is the steadier figure. Without `--kubeconfig`
a `torana up` is started.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import documents, fixture, load, minimal, own, processes, results
from bench.api import Api
from bench.prober import Prober

LOOPBACK = "127.0.0.1"
AIM = 0.95
BUSY_LOAD = 0.7


@dataclass(frozen=True)
class Target:
    """A proxy to load: where it listens, for which hostname, and which processes it is."""

    name: str
    address: str
    port: int
    host: str
    pids: tuple[int, ...]


def main() -> int:
    options = _options()
    started = results.machine()
    try:
        figures = asyncio.run(_run(options))
    except (load.Missing, TimeoutError) as problem:
        print(problem, file=sys.stderr)
        return 2
    _print(figures)
    if started["load_before"] > BUSY_LOAD:
        print(f"the machine was busy before (load {started['load_before']}): trust the ratio of CPU only")
    if options.json:
        results.write(options.json, "traffic", vars(options), figures, started)
    return 0


async def _run(options: argparse.Namespace) -> list[dict[str, object]]:
    proxy_cpus, other_cpus = _split_cpus()
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(load.backend(LOOPBACK, other_cpus))
        wanted = await _torana(options, (LOOPBACK, port), stack)
        workers = _workers(wanted.pids)
        pid, minimal_port = stack.enter_context(minimal.envoy(LOOPBACK, (LOOPBACK, port), workers=workers))
        targets = [Target("minimal", LOOPBACK, minimal_port, wanted.host, (pid,)), wanted]
        if options.direct:
            targets.append(Target("no proxy", LOOPBACK, port, wanted.host, ()))
        for target in targets:
            for each in target.pids:
                stack.callback(_unpin, each)
                processes.pin(each, proxy_cpus)
        return [_compare(targets, connections, options, other_cpus) for connections in options.connections]


async def _torana(options: argparse.Namespace, backend: tuple[str, int], stack: contextlib.ExitStack) -> Target:
    """The Gateway that was named, or one of our own with a single route to `backend`."""
    kubeconfig = options.kubeconfig or stack.enter_context(own.bring_up()).kubeconfig
    async with Api(kubeconfig) as api:
        if not options.kubeconfig:
            await api.ensure(documents.gateway_class(options.gateway_class))
        if options.gateway:
            namespace, _, name = options.gateway.partition("/")
            live = await api.get("Gateway", namespace, name)
            address, port = live["status"]["addresses"][0]["value"], live["spec"]["listeners"][0]["port"]
            host = options.host
        else:
            address = await fixture.prepare(api, options.gateway_class, {"backend": backend})
            port, host = documents.PORT, documents.hostname("traffic")
            await api.ensure(documents.route("traffic"))
    await _wait_served(address, port, host)
    return Target("torana", address, port, host, processes.listening(address, port))


async def _wait_served(address: str, port: int, host: str) -> None:
    prober = Prober(address, port, host)
    await prober.wait(lambda answer: answer.status == 200)
    prober.close()


def _compare(targets: list[Target], connections: int, options: argparse.Namespace, cpus: set[int]) -> dict[str, object]:
    rounds: dict[str, list[load.Round]] = {target.name: [] for target in targets}
    for number in range(options.rounds + 1):
        # Turn the order round every time: whoever comes second finds warmer caches.
        for target in targets if number % 2 else targets[::-1]:
            done = load.measure(
                target.address,
                target.port,
                target.host,
                connections=connections,
                seconds=options.seconds if number else 1,
                cpus=cpus,
                proxy=target.pids,
            )
            if number:  # the first round warms up
                rounds[target.name].append(done)
    medians = {name: _median(each) for name, each in rounds.items()}
    return {
        "connections": connections,
        "medians": {name: asdict(each) for name, each in medians.items()},
        "rounds": {name: [asdict(one) for one in each] for name, each in rounds.items()},
        "requests_ratio": _ratio(rounds, lambda one: one.requests_per_s),
        "cpu_ratio": _ratio(rounds, lambda one: one.cpu_us_per_request),
    }


def _ratio(rounds: dict[str, list[load.Round]], figure: Callable[[load.Round], float]) -> float:
    """Of Torana to the minimal configuration, round by round: neighbours in time share what disturbs them."""
    pairs = zip(rounds["torana"], rounds["minimal"], strict=True)
    return statistics.median(figure(ours) / figure(minimal) for ours, minimal in pairs)


def _median(rounds: list[load.Round]) -> load.Round:
    return load.Round(
        statistics.median(each.requests_per_s for each in rounds),
        statistics.median(each.cpu_us_per_request for each in rounds),
        statistics.median(each.p50_ms for each in rounds),
        statistics.median(each.p99_ms for each in rounds),
        sum(each.failed for each in rounds),
    )


def _split_cpus() -> tuple[set[int], set[int]]:
    """CPUs for the proxy, and for everything else; the same when there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    half = len(cpus) // 2
    return (set(cpus[:half]), set(cpus[half:])) if half else (set(cpus), set(cpus))


def _unpin(pid: int) -> None:
    with contextlib.suppress(OSError):
        processes.pin(pid, os.sched_getaffinity(0))


def _workers(pids: tuple[int, ...]) -> int:
    """How many worker threads the proxy has: counted, because the command line may leave it to Envoy."""
    names = [
        (processes.PROC / str(pid) / "task" / str(task) / "comm").read_text()
        for pid in pids
        for task in processes.threads(pid)
    ]
    return max(1, sum(name.startswith("wrk:") for name in names) // max(1, len(pids)))


def _print(figures: list[dict[str, object]]) -> None:
    table = Table(title="Requests through the proxy (medians of alternating rounds; CPU per request)")
    for column in ("conns", "proxy", "req/s", "CPU µs", "p50 ms", "p99 ms", "failed", "ratio", "CPU ratio"):
        table.add_column(column, justify="left" if column == "proxy" else "right")
    for each in figures:
        medians = each["medians"]
        assert isinstance(medians, dict)
        for name, row in medians.items():
            ratios = (f"{each[which]:.3f}" if name == "torana" else "" for which in ("requests_ratio", "cpu_ratio"))
            table.add_row(
                str(each["connections"]),
                name,
                f"{row['requests_per_s']:,.0f}",
                f"{row['cpu_us_per_request']:.1f}",
                f"{row['p50_ms']:.2f}",
                f"{row['p99_ms']:.2f}",
                str(row["failed"]),
                *ratios,
            )
    Console().print(table)
    worst = min(float(str(each["requests_ratio"])) for each in figures)
    print(f"lowest ratio to the minimal configuration: {worst:.3f} (aim: {AIM} and above)")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.traffic", description=__doc__.splitlines()[0])
    parser.add_argument("--kubeconfig", type=Path, help="a running system; without it one is started")
    parser.add_argument("--gateway", default="", help="NAMESPACE/NAME; its first listener must be HTTP")
    parser.add_argument("--host", default="", help="hostname to ask for with --gateway")
    parser.add_argument("--gateway-class", default="torana")
    parser.add_argument("--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 64])
    parser.add_argument("--seconds", type=float, default=3, help="length of one round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--direct", action="store_true", help="also load the backend without a proxy")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

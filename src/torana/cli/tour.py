"""What happens in the quickstart? Steps that each say what they do, how long it took, and what went wrong if it did."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from torana.api.core.deployment import DEPLOYMENT
from torana.api.gateway import GATEWAY
from torana.api.http_route import HTTP_ROUTE
from torana.api.kind import Ref
from torana.cli import kubectl
from torana.cli.machine import port_remedy, port_trouble
from torana.cli.next_steps import called_as, next_steps
from torana.cli.screen.show import stop_on_signals
from torana.cli.stack.options import StackOptions
from torana.cli.stack.share import NoShare
from torana.cli.stack.stack import Stack
from torana.cli.waiting import NotInTime, lacks_conditions, wait_for
from torana.kube.client import Client
from torana.kube.errors import KubeError

HOST = "www.example.com"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
LOG_LINES = 15


class TourFailed(Exception):
    """A step failed. The message says which, why, and what to do."""


class Stopped(Exception):
    """The user ended the tour."""


async def take_tour(timeout_s: float) -> None:
    """Runs the tour and cleans up. Raises `TourFailed` or `Stopped`."""
    stopping = stop_on_signals()
    directory = Path(tempfile.mkdtemp(prefix="torana-quickstart-"))
    tour = Tour(StackOptions(data_dir=directory, port=0), timeout_s)
    running = asyncio.create_task(tour.run())
    ended = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((running, ended), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            raise Stopped
        await running
    finally:
        ended.cancel()
        shutil.rmtree(directory, ignore_errors=True)


class Tour:
    """One run of the quickstart."""

    def __init__(self, options: StackOptions, timeout_s: float) -> None:
        self._options = options
        self._timeout_s = timeout_s
        self._console = Console(highlight=False, soft_wrap=True)
        self._doing = ""

    async def run(self) -> None:
        try:
            async with Stack(self._options, self._note) as stack:
                await self._steps(stack)
                self._say("cleaning up")
        except (KubeError, NotInTime, NoShare, kubectl.KubectlFailed, OSError) as error:
            raise TourFailed(f"{self._doing}: {error}\n{self._logs()}") from error
        self._say("nothing is left running. Next:\n" + next_steps(called_as()))

    async def _steps(self, stack: Stack) -> None:
        with self._step("an API server, a node and the gateway controller on this machine"):
            if not await stack.wait_ready(self._timeout_s):
                raise NotInTime(f"not ready after {self._timeout_s:.0f} s\n{stack.readiness}")
        port = self._choose_port(stack.share.first_balancer)
        async with Client.from_kubeconfig(self._options.kubeconfig) as client:
            with self._step("apply a GatewayClass, a Gateway, an HTTPRoute and a backend"):
                for line in await kubectl.apply(client, self._options.kubeconfig, manifest(port)):
                    self._note(line)
            address = await self._wait(client)
            with self._step(f"GET http://{HOST}:{port}/get through the Gateway at {address}"):
                answer = await self._ask(address, port)
            self._say(answer.rstrip("\n") + "\n")
            await self._show(client)

    async def _wait(self, client: Client) -> str:
        """Waits for everything to be in place; gives the Gateway's address."""
        with self._step("the Gateway is Accepted and Programmed"):
            wanted = lacks_conditions("Accepted", "Programmed")
            gateway = await wait_for(client, GATEWAY, Ref("default", "web"), wanted, self._timeout_s, self._note)
        with self._step("the HTTPRoute is Accepted and its backend is available"):
            ref, of_parent = Ref("default", "backend"), lacks_conditions("Accepted", "ResolvedRefs", of="parents")
            await wait_for(client, HTTP_ROUTE, ref, of_parent, self._timeout_s, self._note)
            await wait_for(client, DEPLOYMENT, ref, lacks_conditions("Available"), self._timeout_s, self._note)
        addresses: list[dict[str, Any]] = gateway["status"].get("addresses") or []
        if not addresses:
            raise NotInTime("Gateway default/web is Programmed but status.addresses is empty")
        return str(addresses[0]["value"])

    async def _ask(self, address: str, port: int) -> str:
        """The echo of the backend. The last endpoint may still be on its way to Envoy: asks again for a short while."""
        deadline = time.monotonic() + 10.0
        url = f"http://{address}:{port}/get"
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(url, headers={"Host": HOST}, timeout=aiohttp.ClientTimeout(5)) as response:
                        text = await response.text()
                        if response.status == 200:
                            return text
                        said = f"status {response.status}: {text[:200]}"
                except (aiohttp.ClientError, TimeoutError) as error:
                    said = str(error) or type(error).__name__
                if time.monotonic() > deadline:
                    raise NotInTime(f"no good answer from {url}: {said}")
                await asyncio.sleep(0.05)

    async def _show(self, client: Client) -> None:
        kubeconfig = self._options.kubeconfig
        routes = f"{GATEWAY_API}/namespaces/default"
        ours = {"gatewayclass": f"{GATEWAY_API}/gatewayclasses", "gateway": f"{routes}/gateways"}
        ours["httproute"] = f"{routes}/httproutes"
        made = {"pods": "/api/v1/namespaces/default/pods", "svc": "/api/v1/namespaces/default/services"}
        selector = ("-l", "app.kubernetes.io/component=proxy")
        self._say("$ kubectl get gatewayclass,gateway,httproute")
        self._say(await kubectl.show(client, kubeconfig, ours))
        self._say(f"$ kubectl get pods,svc {' '.join(selector)}")
        self._say(await kubectl.show(client, kubeconfig, made, *selector))

    def _choose_port(self, address: str) -> int:
        """80, or a high port when this user may not bind 80; says so with the remedy."""
        trouble = port_trouble(80, address)
        if not trouble:
            return 80
        port = next(port for port in range(8080, 8180) if not port_trouble(port, address))
        self._say(f"  note: {trouble}; the Gateway uses port {port} instead.")
        if "privileges" in trouble:
            self._say(f"  to use port 80: {port_remedy(80)}")
        return port

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self._doing = what
        began = time.monotonic()
        with self._console.status(what):
            yield
        self._say(f"✓ {what} ({time.monotonic() - began:.1f} s)")

    def _note(self, line: str) -> None:
        self._console.print(f"  {line}", markup=False, style="dim")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def _logs(self) -> str:
        """The end of every component's log: what a person would look at next, before the directory goes."""
        parts = []
        for file in sorted(self._options.logs.glob("*.log")):
            tail = file.read_text(errors="replace").splitlines()[-LOG_LINES:]
            parts.append("\n".join((f"--- end of {file.name}", *tail)))
        return "\n".join(parts)


def manifest(port: int) -> bytes:
    """The quickstart's manifest with the Gateway on `port`."""
    text = resources.files("torana.cli").joinpath("quickstart.yaml").read_text()
    return text.replace("    port: 80\n", f"    port: {port}\n").encode()

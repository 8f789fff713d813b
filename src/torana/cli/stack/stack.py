"""How does everything run together? Three supervised components, readiness, and an orderly end.

`async with Stack(options, tell) as stack` starts them; leaving the block stops the controller, the node, the API
server, and then the Pods, which outlive all of these otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import msgspec

from torana.cli.stack.child import Child, ChildState
from torana.cli.stack.endpoint import serve_status
from torana.cli.stack.lock import hold_lock
from torana.cli.stack.options import StackOptions
from torana.cli.stack.ports import HOST, Ports, choose_ports
from torana.cli.stack.readiness import Probe, Readiness
from torana.cli.stack.share import Share, claim_share
from torana.cli.stack.told import tell
from torana.kube.client import Client

Tell = Callable[[str], None]
"""Takes one line about what happens, for people."""

WAITING_S = 0.1
WATCHING_S = 1.0


class Stack:
    """Everything of one data directory."""

    def __init__(self, options: StackOptions, tell: Tell) -> None:
        self.options = options
        self.readiness = Readiness({})
        self.ready = asyncio.Event()
        self._tell = tell
        self._children: dict[str, Child] = {}
        self._states: dict[str, ChildState] = {}
        self._changed = asyncio.Event()
        self._exit = AsyncExitStack()
        self._stopping = False
        self.url = ""
        self.share = Share(0)

    @property
    def children(self) -> tuple[ChildState, ...]:
        return tuple(self._states.values())

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()

    async def wait_ready(self, timeout_s: float) -> bool:
        """True when everything is ready in time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ready.wait(), timeout_s)
        return self.ready.is_set()

    def status(self) -> dict[str, Any]:
        """What other programs may know; also in `status.json`."""
        return {
            "pid": os.getpid(),
            "url": self.url,
            "readyz": f"{self.url}/readyz",
            "kubeconfig": str(self.options.kubeconfig),
            "logs": str(self.options.logs),
            "ready": self.readiness.is_ready,
            "components": [
                msgspec.to_builtins(state) | {"says": self.readiness.components.get(state.name, "")}
                for state in self.children
            ],
        }

    async def _start(self) -> None:
        options = self.options
        options.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        options.logs.mkdir(exist_ok=True, mode=0o750)
        self._exit.enter_context(hold_lock(options.lock_file))
        _log_to(options.logs / "up.log")
        self.share = self._exit.enter_context(claim_share(options.share_file))
        ports = choose_ports(options.ports_file, options.port, self.share.number)
        await asyncio.to_thread(_prepare_identities, options, ports)
        client = await self._exit.enter_async_context(Client.from_kubeconfig(options.kubeconfig))
        probe = await self._exit.enter_async_context(Probe(client, f"http://{HOST}:{ports.controller_health}/readyz"))
        self.url = await self._exit.enter_async_context(
            serve_status(ports.status, lambda: probe.ask(self._states), self.status)
        )
        self._exit.callback(options.status_file.unlink, missing_ok=True)
        self._write_status()
        self._exit.push_async_callback(self._stop_pods)
        for name, argv in component_commands(options, ports, self.share).items():
            child = Child(name, argv, options.logs / f"{name}.log", self._on_child)
            self._states[name] = child.state
            self._children[name] = child
            # The exit stack unwinds backwards: the controller, started last, ends first.
            self._exit.push_async_callback(self._stop_child, child)
            child.start()
        watching = asyncio.create_task(self._watch(probe), name="readiness")
        self._exit.push_async_callback(cancelled, watching)

    async def _watch(self, probe: Probe) -> None:
        """Follows the readiness, often until it is there, and at once after a component changed."""
        while True:
            self._changed.clear()
            before, self.readiness = self.readiness, await probe.ask(self._states)
            if self.readiness.is_ready:
                self.ready.set()
            else:
                self.ready.clear()
            if self.readiness != before:
                self._write_status()
            if before.is_ready and not self.readiness.is_ready:
                waits = "; ".join(f"{name}: {said}" for name, said in self.readiness.components.items() if said != "ok")
                self._tell(f"not ready ({waits})")
            elif self.readiness.is_ready and not before.is_ready:
                self._tell("ready")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), WATCHING_S if self.readiness.is_ready else WAITING_S)

    def _on_child(self, state: ChildState) -> None:
        self._states[state.name] = state
        self._changed.set()
        if self._stopping:
            return
        if state.pid:
            self._tell(f"{state.name} {'restarted' if state.restarts else 'started'} (pid {state.pid})")
        else:
            self._tell(f"{state.name} ended ({state.last_end}); see {self.options.logs / state.name}.log")
        self._write_status()

    async def _stop_child(self, child: Child) -> None:
        if not self._stopping:
            self._stopping = True
            self._tell("stopping: controller, node, API server, then Pods")
        await child.stop()

    async def _stop_pods(self) -> None:
        from torana.embedded.node.stop import stop_all

        await asyncio.to_thread(stop_all, self.options.data_dir)

    def _write_status(self) -> None:
        if self.url:
            tell(self.options.status_file, self.status())


def component_commands(options: StackOptions, ports: Ports, share: Share) -> dict[str, tuple[str, ...]]:
    """The command line of each component, in the order they start."""
    torana = (sys.executable, "-m", "torana.cli.main")
    level = ("--log-level", options.log_level)
    data_dir = ("--data-dir", str(options.data_dir))
    networks = ("--pod-network", str(share.pods), "--balancer-network", str(share.balancers))
    images = [part for image in options.images for part in ("--image", image)]
    if options.image_file is not None:
        images += ["--image-file", str(options.image_file)]
    names = [part for name in options.controller_names for part in ("--controller-name", name)]
    kubeconfig = ("--kubeconfig", str(options.controller_kubeconfig))
    xds = (
        "--xds-host",
        HOST,
        "--xds-port",
        str(ports.xds),
        "--health-host",
        HOST,
        "--health-port",
        str(ports.controller_health),
    )
    return {
        "apiserver": (*torana, "apiserver", *data_dir, "--port", str(ports.api), "--channel", options.channel, *level),
        "node": (*torana, "node", *data_dir, "--kubeconfig", str(options.node_kubeconfig), *networks, *images, *level),
        "controller": (*torana, "controller", *kubeconfig, *names, *xds, "--home", "embedded", *level),
    }


def _prepare_identities(options: StackOptions, ports: Ports) -> None:
    from torana.embedded.pki import ensure_kubeconfigs, ensure_pki

    ensure_pki(options.data_dir)
    ensure_kubeconfigs(options.data_dir, f"https://{HOST}:{ports.api}")


def _log_to(file: Path) -> None:
    """Records of this process go to a file: the terminal shows what is meant for people."""
    logging.basicConfig(
        filename=file, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )


async def cancelled(task: asyncio.Task[Any]) -> None:
    """The task is over."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

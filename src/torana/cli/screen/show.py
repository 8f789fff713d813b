"""What does `torana up` show? How to use it, what happens, and on a terminal a table that follows the Gateways."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from rich.console import Console

from torana.cli.screen.live import Picture, draw_live, tell_changes
from torana.cli.stack.options import StackOptions
from torana.cli.stack.stack import Stack, cancelled
from torana.kube.client import Client


async def show_stack(options: StackOptions) -> None:
    """Runs everything until SIGINT or SIGTERM. Raises `Locked` or `PortTaken` when it cannot start."""
    stopping = stop_on_signals()
    console = Console(highlight=False, soft_wrap=True)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    async with AsyncExitStack() as leaving:
        stack = await leaving.enter_async_context(Stack(options, tell))
        tell(f"Kubernetes for this machine, data in {options.data_dir}")
        tell(f"  export KUBECONFIG={options.kubeconfig}")
        tell("  kubectl get gateways -A")
        tell(f"readiness: {stack.url}/readyz   logs: {options.logs}   stop: Ctrl-C")
        ended = asyncio.create_task(stopping.wait())
        ready = asyncio.create_task(stack.ready.wait())
        await asyncio.wait((ended, ready), return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            await _follow(stack, console, stopping)
        await cancelled(ready)
    tell("stopped; nothing is left running")


async def _follow(stack: Stack, console: Console, stopping: asyncio.Event) -> None:
    """Shows the Gateways until it is time to stop."""
    picture = Picture()
    async with Client.from_kubeconfig(stack.options.kubeconfig) as client, picture.follow(client):
        work = (
            draw_live(stack, picture, console)
            if console.is_terminal
            else tell_changes(picture, lambda line: console.print(line, markup=False))
        )
        showing = asyncio.create_task(work)
        await stopping.wait()
        await cancelled(showing)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping

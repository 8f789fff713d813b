"""What does `torana up` show? How to use it, what happens, and on a terminal a table that follows the Gateways."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from torana.cli.stack.options import StackOptions
from torana.cli.stack.stack import Stack


async def show_stack(options: StackOptions) -> None:
    """Runs everything until SIGINT or SIGTERM. Raises `Locked` or `PortTaken` when it cannot start."""
    stopping = stop_on_signals()
    async with _teller() as tell:
        stack = Stack(options, tell)
        async with stack:
            tell(f"Kubernetes for this machine, data in {options.data_dir}")
            tell(f"  export KUBECONFIG={options.kubeconfig}")
            tell("  kubectl get gateways -A")
            tell(f"status: {stack.url}/readyz   logs: {options.logs}")
            async with _live_table(stack):
                await stopping.wait()
        tell("stopped; nothing is left running")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


@asynccontextmanager
async def _teller() -> AsyncIterator[Callable[[str], None]]:
    def tell(line: str) -> None:
        print(line, flush=True)

    yield tell


@asynccontextmanager
async def _live_table(stack: Stack) -> AsyncIterator[None]:
    yield
    sys.stdout.flush()

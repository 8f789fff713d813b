"""How does one component live as a process? Signals end it, its supervisor's death ends it, logs go to stderr."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Coroutine
from typing import Any

import click

PR_SET_PDEATHSIG = 1
SUPERVISOR_ENV = "TORANA_SUPERVISOR_PID"
STOP_S = 10.0
GC_THRESHOLDS = (50_000, 50, 100)
"""Components hold millions of small objects that never form cycles: JSON, the graph. With Python's own thresholds,
looking through them for cycles takes half of the time of a large change; cycles come from elsewhere and are few."""

log = logging.getLogger(__name__)


def run_component(work: Coroutine[Any, Any, None], log_level: str = "INFO") -> None:
    """Runs `work` until it ends or SIGTERM or SIGINT comes. Exits with 0 when asked to stop, 1 when `work` failed."""
    set_up_logging(log_level)
    gc.set_threshold(*GC_THRESHOLDS)
    _die_with_supervisor()
    try:
        with _runner() as runner:
            runner.run(_until_signalled(work))
    except Exception as error:
        log.critical("ended by %s: %s", type(error).__name__, error, exc_info=True)
        sys.exit(1)


def set_up_logging(level: str) -> None:
    """One line per record on stderr, times in UTC."""
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def log_level_option(command: Any) -> Any:
    levels = click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False)
    return click.option("--log-level", type=levels, default="INFO", show_default=True, envvar="TORANA_LOG_LEVEL")(
        command
    )


def _runner() -> asyncio.Runner:
    """uvloop where it runs, asyncio elsewhere."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _until_signalled(work: Coroutine[Any, Any, None]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    if stopping.is_set():
        log.info("stopped")


def _die_with_supervisor() -> None:
    """Lets the kernel kill this process when its supervisor dies, however it dies. No effect outside `torana up`."""
    supervisor = os.environ.get(SUPERVISOR_ENV)
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(supervisor):
        # It died before the kernel knew our wish.
        sys.exit(1)

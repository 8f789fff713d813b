"""How is one component kept running? Started, watched, started again when it dies, stopped when asked.

A first death, or one after a good while, is answered at once; a component that dies again and again is started after
growing pauses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from torana.cli.component import SUPERVISOR_ENV

STABLE_S = 5.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
STOP_S = 10.0
LOG_LIMIT = 16 * 1024 * 1024


class ChildState(msgspec.Struct, frozen=True):
    """A component as its supervisor sees it."""

    name: str
    pid: int = 0
    """0 while it is not running."""
    restarts: int = 0
    last_end: str = ""
    """How it ended last time, in words; empty when it never did."""


class Child:
    """One component: a command with its output in `log_file`."""

    def __init__(self, name: str, argv: Sequence[str], log_file: Path, on_change: Callable[[ChildState], None]) -> None:
        self.state = ChildState(name)
        self._argv = tuple(argv)
        self._log_file = log_file
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name=f"supervise {self.state.name}")

    async def stop(self) -> None:
        """Asks it to end, waits, kills it when it does not. Returns when it is gone."""
        self._stopping = True
        if self._process is None or self._process.returncode is not None:
            await self._give_up()
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._give_up()

    async def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_running(self) -> None:
        quick_deaths = 0
        while not self._stopping:
            began = time.monotonic()
            end = await self._live_once()
            if self._stopping:
                self._tell(pid=0)
                return
            quick_deaths = quick_deaths + 1 if time.monotonic() - began < STABLE_S else 0
            self._tell(pid=0, restarts=self.state.restarts + 1, last_end=end)
            await asyncio.sleep(pause_before_restart(quick_deaths))

    async def _live_once(self) -> str:
        """Starts it and waits for its end. How that was, in words."""
        try:
            self._process = await self._spawn()
        except OSError as error:
            return f"cannot start {self._argv[0]}: {error.strerror}"
        self._tell(pid=self._process.pid)
        return describe_end(await self._process.wait())

    async def _spawn(self) -> asyncio.subprocess.Process:
        _shorten_log(self._log_file)
        log = os.open(self._log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            return await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, SUPERVISOR_ENV: str(os.getpid())},
                # Ctrl-C on the terminal must reach the supervisor only: it ends the components in order.
                process_group=0,
            )
        finally:
            os.close(log)

    def _tell(self, pid: int, restarts: int | None = None, last_end: str | None = None) -> None:
        before = self.state
        self.state = ChildState(
            before.name,
            pid,
            before.restarts if restarts is None else restarts,
            before.last_end if last_end is None else last_end,
        )
        self._on_change(self.state)


def pause_before_restart(quick_deaths: int) -> float:
    """Seconds to wait after a death. One quick death may be an accident; several are a pattern."""
    return 0.0 if quick_deaths <= 1 else min(FIRST_PAUSE_S * 2.0 ** (quick_deaths - 2), LONGEST_PAUSE_S)


def describe_end(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _shorten_log(file: Path) -> None:
    """Keeps one older log when the current one has grown large."""
    with contextlib.suppress(FileNotFoundError):
        if file.stat().st_size > LOG_LIMIT:
            file.replace(file.with_suffix(".log.1"))

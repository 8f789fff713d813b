"""How a component is kept running and how it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from torana.cli.stack.child import Child, ChildState, describe_end, pause_before_restart

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


class Log:
    """The states that a child went through."""

    def __init__(self, tmp_path: Path, program: str) -> None:
        self.states: list[ChildState] = []
        self.file = tmp_path / "child.log"
        self.child = Child("child", (sys.executable, "-c", program), self.file, self.states.append)

    async def running(self, restarts: int = 0) -> ChildState:
        """The state once the program has said `up` for the given time."""
        async with asyncio.timeout(20):
            while not (self.file.exists() and self.file.read_text().count("up") > restarts):
                await asyncio.sleep(0.01)
            while not (self.states and self.states[-1].pid and self.states[-1].restarts >= restarts):
                await asyncio.sleep(0.01)
        return self.states[-1]


async def test_a_killed_component_is_started_again_at_once(tmp_path: Path) -> None:
    log = Log(tmp_path, FOREVER)
    log.child.start()
    first = await log.running()
    os.kill(first.pid, signal.SIGKILL)
    second = await log.running(restarts=1)
    assert second.pid != first.pid
    assert second.last_end == "killed by SIGKILL"
    await log.child.stop()


async def test_a_stopped_component_is_gone_and_stays_gone(tmp_path: Path) -> None:
    log = Log(tmp_path, FOREVER)
    log.child.start()
    pid = (await log.running()).pid
    await log.child.stop()
    assert log.states[-1].pid == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_component_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torana.cli.stack.child.STOP_S", 0.05)
    log = Log(tmp_path, STUBBORN)
    log.child.start()
    pid = (await log.running()).pid
    await log.child.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_component_that_is_between_two_lives_can_be_stopped(tmp_path: Path) -> None:
    log = Log(tmp_path, "print('up'); raise SystemExit(3)")
    log.child.start()
    async with asyncio.timeout(20):
        while not log.states or log.states[-1].restarts < 3:
            await asyncio.sleep(0.01)
    await log.child.stop()
    assert log.states[-1].last_end == "exit code 3"


def test_pauses_grow_only_when_deaths_repeat() -> None:
    assert [pause_before_restart(deaths) for deaths in (0, 1, 2, 3, 4, 50)] == [0.0, 0.0, 0.1, 0.2, 0.4, 5.0]


def test_an_end_is_told_in_words() -> None:
    assert describe_end(0) == "exit code 0"
    assert describe_end(-9) == "killed by SIGKILL"
    assert describe_end(-99) == "killed by signal 99"


async def test_a_component_that_cannot_be_started_is_told_and_tried_again(tmp_path: Path) -> None:
    states: list[ChildState] = []
    child = Child("child", (str(tmp_path / "no-such-program"),), tmp_path / "child.log", states.append)
    child.start()
    async with asyncio.timeout(20):
        while not states or states[-1].restarts < 2:
            await asyncio.sleep(0.01)
    await child.stop()
    assert states[-1].last_end == f"cannot start {tmp_path / 'no-such-program'}: No such file or directory"

"""Which of a Pod's containers run, and how do they start and end?

An edge. Owns the processes and probe loops of one Pod and keeps its record on disk in step with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec

from torana.api.core.container import Container
from torana.api.core.pod import Pod
from torana.api.core.probe import Probe
from torana.embedded.node.launch import Launch
from torana.embedded.node.pod_directory import PodDirectory
from torana.embedded.node.pod_events import PodEvents
from torana.embedded.node.probe_loop import ProbeLoop
from torana.embedded.node.process import Exit, Process, adopt, spawn
from torana.embedded.node.record import ContainerRecord, PodRecord, Terminated
from torana.embedded.node.setting import NodeSetting
from torana.embedded.node.strays import VARIABLE, mark

log = logging.getLogger(__name__)

START_ERROR_CODE = 128


class ContainerRuns:
    """`record` is always what is on disk. `on_change` is called when a container ended or its readiness changed.

    `probe_socket` is the Unix socket below a container's root that HTTP probes go to; empty: to the Pod's address.
    """

    def __init__(
        self,
        setting: NodeSetting,
        directory: PodDirectory,
        record: PodRecord,
        probe_socket: str,
        on_change: Callable[[], None],
    ) -> None:
        self.record = record
        self._setting = setting
        self._directory = directory
        self.events = PodEvents(setting.recorder, record)
        self._probe_socket = probe_socket
        self._on_change = on_change
        self._processes: dict[str, Process] = {}
        self._probes: dict[str, ProbeLoop] = {}
        self._killers: set[asyncio.Task[None]] = set()

    # --- reading ---

    @property
    def started(self) -> frozenset[str]:
        return frozenset(name for name, loop in self._probes.items() if loop.started)

    @property
    def ready(self) -> frozenset[str]:
        return frozenset(name for name, loop in self._probes.items() if loop.ready)

    @property
    def running(self) -> tuple[Process, ...]:
        return tuple(self._processes.values())

    def ended(self, container: str) -> asyncio.Future[Exit] | None:
        """Completes when the present run of the container ends; None when none runs."""
        process = self._processes.get(container)
        return process.exited if process is not None else None

    # --- changing ---

    def save(self, record: PodRecord) -> None:
        self.record = record
        self._directory.save(record)

    def adopt(self, pod: Pod) -> None:
        """Takes charge of what an earlier node started; notes what ended. Ready ones stay ready until asked."""
        statuses = {status.name: status for status in (pod.status.container_statuses)}
        for container in (*pod.spec.init_containers, *pod.spec.containers):
            state = self.record.container(container.name)
            if state.process is None:
                continue
            process = adopt(state.process)
            if process is None:
                self._note_end(container.name, Exit(255, is_known=False))
                continue
            status = statuses.get(container.name)
            self._watch(container, process, was_ready=status is not None and bool(status.ready))

    def start(self, container: Container, launch: Launch, backoff_s: float) -> None:
        """The container runs, or has ended with `StartError`."""
        before = self.record.container(container.name)
        now, run_id = time.time(), uuid.uuid4().hex
        environ = {**launch.environ, VARIABLE: mark(self._setting.data_dir, run_id)}
        log_file = self._setting.logs.file(self._directory.log_path(container.name))
        state = ContainerRecord(
            run_id=run_id,
            started_at=now,
            last=before.ended or before.last,
            restarts=before.restarts + (before.ended is not None),
            backoff_s=backoff_s,
            environ=environ,
        )
        try:
            log_file.path.parent.mkdir(parents=True, exist_ok=True)
            log_file.begin_run()
            process = spawn(launch.argv, environ, Path(launch.directory), log_file.path)
        except (OSError, ValueError) as error:
            why = f"cannot run {launch.argv[0]!r}: {error}"
            ended = Terminated(START_ERROR_CODE, "StartError", now, now, message=why, run_id=state.run_id)
            self.save(self.record.with_container(container.name, msgspec.structs.replace(state, ended=ended)))
            return
        state = msgspec.structs.replace(state, process=process.identity)
        self.save(self.record.with_container(container.name, state))
        self._watch(container, process, was_ready=False)
        self.events.started(container.name)

    def kill(self, container: str, why: str, grace_s: float) -> None:
        """SIGTERM now, SIGKILL after the grace period."""
        process = self._processes.get(container)
        if process is None:
            return
        log.info("%s/%s: stopping container %s: %s", self.record.namespace, self.record.name, container, why)
        self.events.killing(container, why)
        task = asyncio.ensure_future(_stop(process, grace_s))
        self._killers.add(task)
        task.add_done_callback(self._killers.discard)

    def kill_now(self, why: str) -> None:
        """Every process of the Pod is killed and forgotten."""
        log.info("%s/%s: killing all containers: %s", self.record.namespace, self.record.name, why)
        for name in tuple(self._processes):
            process = self._processes.pop(name)
            self._probes.pop(name).stop()
            process.kill_group()

    async def stop_all(self, grace_s: float) -> None:
        """Nothing of the Pod runs any more."""
        await asyncio.gather(*(_stop(process, grace_s) for process in self.running))

    def release(self) -> None:
        """Forgets the processes and leaves them running."""
        for loop in self._probes.values():
            loop.stop()
        for process in self._processes.values():
            process.release()

    def _watch(self, container: Container, process: Process, was_ready: bool) -> None:
        name = container.name
        self._processes[name] = process
        state = self.record.container(name)
        root = self._directory.path / "root" / name

        async def ask(probe: Probe) -> str:
            prober = self._setting.prober
            return await prober.ask(probe, container, self.record.address, state.environ, root, self._probe_socket)

        def failed(kind: str, why: str) -> None:
            self.events.unhealthy(name, kind, why)
            self.kill(name, f"{kind} probe failed: {why}", self.record.grace_s)

        self._probes[name] = ProbeLoop(container, ask, self._on_change, failed, was_ready)
        process.exited.add_done_callback(lambda future: self._on_exit(name, process, future))

    def _on_exit(self, name: str, process: Process, future: asyncio.Future[Exit]) -> None:
        if future.cancelled() or self._processes.get(name) is not process:
            return
        process.kill_group()
        self._note_end(name, future.result())

    def _note_end(self, name: str, exit: Exit) -> None:
        self._processes.pop(name, None)
        loop = self._probes.pop(name, None)
        if loop is not None:
            loop.stop()
        state = self.record.container(name)
        reason = "Completed" if exit.code == 0 else "Error" if exit.is_known else "ContainerStatusUnknown"
        message = "" if exit.is_known else "the container ended while its node was away; its exit code is not known"
        ended = Terminated(
            exit.code, reason, state.started_at, time.time(), exit.signal, message=message, run_id=state.run_id
        )
        self.save(self.record.with_container(name, msgspec.structs.replace(state, process=None, ended=ended)))
        self._on_change()


async def _stop(process: Process, grace_s: float) -> None:
    """The process has ended, with all of its group."""
    process.send(signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(process.exited), grace_s)
    process.kill_group()
    await process.exited

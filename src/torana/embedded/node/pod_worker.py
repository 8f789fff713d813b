"""How does one Pod get from its spec to running processes, and back?

An edge, one task per Pod. Whatever happens (the Pod, a Secret, a Service, a process or a probe changed) only wakes
it; it then looks at everything anew, does what `decide.py` says is due, and writes the status if it differs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from torana.api.core.container import Container
from torana.api.core.pod import POD, Pod
from torana.embedded.node.addresses import PoolExhausted
from torana.embedded.node.addressing import OfNode, Own, Shared, desired_address
from torana.embedded.node.container_runs import ContainerRuns
from torana.embedded.node.decide import Backoff, decide, phase
from torana.embedded.node.deletion import finish_deletion, run_pre_stop_hooks
from torana.embedded.node.environment import container_environment
from torana.embedded.node.inputs import Missing, PodFacts, Sources
from torana.embedded.node.launch import plan_launch
from torana.embedded.node.pod_directory import PodDirectory
from torana.embedded.node.pod_status import View, pod_status
from torana.embedded.node.record import ContainerRecord, PodRecord
from torana.embedded.node.setting import NODE_ADDRESS, NodeSetting
from torana.embedded.node.tokens import PodTokens
from torana.embedded.node.volume_files import PodVolumes
from torana.embedded.node.volumes import Realised, realise
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

RETRY_S = 1.0
PROBE_SOCKET = "node.torana.dev/probe-socket"
"""Annotation: HTTP probes of this Pod go to this Unix socket below the container's root."""


class PodWorker:
    """One Pod of this node. `gone` is called when nothing of it is left."""

    def __init__(
        self,
        setting: NodeSetting,
        pod: Pod,
        directory: PodDirectory,
        record: PodRecord,
        gone: Callable[[PodWorker], None],
    ) -> None:
        self.pod = pod
        self.runs = ContainerRuns(setting, directory, record, pod.metadata.annotations.get(PROBE_SOCKET, ""), self.wake)
        self.directory = directory
        self._setting = setting
        self._gone = gone
        self._exists = True
        self._changed = asyncio.Event()
        self._volumes = PodVolumes(directory.path)
        self._tokens = PodTokens(setting.client, pod, self.wake)
        self._written: dict[str, Any] = {}
        self._backoffs: dict[str, float] = {}

    @property
    def record(self) -> PodRecord:
        return self.runs.record

    def wake(self) -> None:
        self._changed.set()

    def update(self, pod: Pod | None) -> None:
        """The Pod changed; None: the object is gone."""
        if pod is None or pod.metadata.uid != self.record.uid:
            self._exists = False
        elif _version(pod) >= _version(self.pod):
            self.pod = pod
        self.wake()

    async def run(self) -> None:
        """Ends when the Pod does. When cancelled, its processes stay."""
        self.runs.adopt(self.pod)
        try:
            while self._exists and self.pod.metadata.deletion_timestamp is None:
                self._changed.clear()
                due = await self._sync()
                await self._wait(due)
            await self._end()
        finally:
            self._tokens.stop()
            self.runs.release()

    async def _wait(self, due: float | None) -> None:
        timeout = None if due is None else max(0.0, due - time.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout)

    async def _sync(self) -> float | None:
        """Does what is due. When to look again, in seconds since the epoch; None when only a change can matter."""
        due: float | None = None
        waiting: dict[str, Missing] = {}
        if phase(self.pod, self.record) not in ("Succeeded", "Failed"):
            async with self._setting.starting:
                waiting, due = self._run_containers()
            for container in (*self.pod.spec.init_containers, *self.pod.spec.containers):
                if container.name in waiting:
                    self.runs.events.held_back(container, waiting[container.name])
        try:
            await self._write_status(waiting)
        except ApiError as error:
            if error.is_not_found:
                return due
            log.warning("status of Pod %s/%s: %s", self.record.namespace, self.record.name, error)
            due = _earlier(due, time.time() + RETRY_S)
        except KubeError:
            due = _earlier(due, time.time() + RETRY_S)
        return due

    def _run_containers(self) -> tuple[dict[str, Missing], float | None]:
        """Starts what should run. Why others wait, by container, and when to look again."""
        pod, now = self.pod, time.time()
        everything = (*pod.spec.init_containers, *pod.spec.containers)
        held = self._settle_address()
        volumes: dict[str, Realised] = {}
        if held is None:
            held = self._settle_volumes(volumes)
        if held is not None:
            return {each.name: held for each in everything}, None
        due: float | None = None
        waiting: dict[str, Missing] = {}
        for step in decide(pod, self.record, now):
            if isinstance(step, Backoff):
                waiting[step.container.name] = _backoff_message(step, pod)
                due = _earlier(due, step.until)
                continue
            missing = self._start(step.container, step.backoff_s, volumes)
            if missing is not None:
                waiting[step.container.name] = missing
            elif self.record.container(step.container.name).process is None:
                due = now
        return waiting, due

    def _start(self, container: Container, backoff_s: float, volumes: dict[str, Realised]) -> Missing | None:
        environ = container_environment(container, self._facts(), self._sources())
        if isinstance(environ, Missing):
            return environ
        root = self._volumes.mount(container, volumes)
        setting = self._setting
        launch = plan_launch(container, environ, setting.host_variables, str(root), setting.mappings)
        if isinstance(launch, Missing):
            return launch
        self.runs.start(container, launch, backoff_s)
        return None

    def _settle_address(self) -> Missing | None:
        """The record has the address that the Pod should run on; containers on another one are replaced."""
        record = self.record
        desired = desired_address(self.pod, self._setting.services(record.namespace))
        match desired:
            case Missing():
                return desired if not record.address else None
            case Own():
                if record.address:
                    return None
                try:
                    self._set_address(self._setting.addresses.take(), "")
                except PoolExhausted as error:
                    return Missing("ContainerCreating", str(error))
            case OfNode():
                if not record.address:
                    self._set_address(NODE_ADDRESS, "")
            case Shared(address, service):
                if record.address != address:
                    self._set_address(address, service)
        return None

    def _set_address(self, address: str, source: str) -> None:
        record = self.record
        self._setting.addresses.give_back(record.address)
        containers = record.containers
        if self.runs.running:
            # The Service's address changed: as after the loss of a Pod's sandbox, all containers start anew.
            self.runs.kill_now("the Pod's address changed")
            containers = {name: ContainerRecord(restarts=state.restarts + 1) for name, state in containers.items()}
        self.runs.save(msgspec.structs.replace(record, address=address, address_source=source, containers=containers))

    def _settle_volumes(self, volumes: dict[str, Realised]) -> Missing | None:
        facts, sources = self._facts(), self._sources()
        for volume in self.pod.spec.volumes:
            realised = realise(volume, facts, sources)
            volumes[volume.name] = realised
            if isinstance(realised, Missing):
                # A running container keeps the volume it has; only a start must wait.
                return realised if not self.runs.running else None
            try:
                self._volumes.put(volume.name, realised)
            except OSError as error:
                return Missing("ContainerCreating", f'MountVolume.SetUp failed for volume "{volume.name}" : {error}')
        return None

    def _facts(self) -> PodFacts:
        setting = self._setting
        return PodFacts(self.pod, self.record.address, setting.name, NODE_ADDRESS, setting.api_host, setting.api_port)

    def _sources(self) -> Sources:
        return Sources(self._setting.secret, self._setting.config_map, self._tokens.current)

    async def _write_status(self, waiting: dict[str, Missing]) -> None:
        view = View(waiting, self.runs.started, self.runs.ready, NODE_ADDRESS)
        status = pod_status(self.pod, self.record, view, time.time())
        if status == self._written:
            return
        ref = self.pod.metadata.ref
        answer = await self._setting.client.patch(POD, ref, {"status": status}, subresource="status")
        self._written = status
        self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        """Goes on from what the API server just told, which may be newer than what the watch told so far."""
        try:
            pod = msgspec.convert(answer, Pod)
        except msgspec.ValidationError:
            return
        if pod.metadata.uid == self.record.uid and _version(pod) >= _version(self.pod):
            self.pod = pod

    async def _end(self) -> None:
        """Stops the Pod's processes within its grace period, then lets the object go."""
        grace_s = self.record.grace_s
        if self._exists and self.pod.metadata.deletion_grace_period_seconds is not None:
            grace_s = float(self.pod.metadata.deletion_grace_period_seconds)
        began = time.monotonic()
        await run_pre_stop_hooks(self.pod, self.runs, self._setting.prober, self.directory, grace_s)
        await self.runs.stop_all(max(0.0, grace_s - (time.monotonic() - began)))
        self._gone(self)
        self._setting.addresses.give_back(self.record.address)
        if self._exists:
            await finish_deletion(self._setting.client, self.pod)
        self.directory.remove()


def _version(pod: Pod) -> int:
    text = pod.metadata.resource_version
    return int(text) if text.isdigit() else 0


def _earlier(first: float | None, second: float) -> float:
    return second if first is None else min(first, second)


def _backoff_message(step: Backoff, pod: Pod) -> Missing:
    meta = pod.metadata
    name = f"{meta.name}_{meta.namespace}({meta.uid})"
    minutes, seconds = divmod(int(step.backoff_s), 60)
    wait = f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
    return Missing("CrashLoopBackOff", f"back-off {wait} restarting failed container={step.container.name} pod={name}")

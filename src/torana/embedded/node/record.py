"""What does a node remember of a Pod it runs, so that the next node can take over?

One JSON file per Pod. Everything here is plain data; times are seconds since the epoch.
"""

from __future__ import annotations

import msgspec

from torana.embedded.node.process import ProcessId


class Terminated(msgspec.Struct, frozen=True):
    """How a run of a container ended."""

    exit_code: int
    reason: str
    started_at: float
    finished_at: float
    signal: int = 0
    message: str = ""
    run_id: str = ""


class ContainerRecord(msgspec.Struct, frozen=True):
    """One container. It is running when `process` is set, ended when `ended` is, else it never started."""

    process: ProcessId | None = None
    run_id: str = ""
    started_at: float = 0.0
    ended: Terminated | None = None
    last: Terminated | None = None
    """The run before the present one."""
    restarts: int = 0
    backoff_s: float = -1.0
    """Wait before the present run; below 0 for the first."""
    environ: dict[str, str] = {}
    """Environment of the present run, for probes and hooks."""


class PodRecord(msgspec.Struct, frozen=True):
    """One Pod on this node."""

    namespace: str
    name: str
    uid: str
    address: str = ""
    address_source: str = ""
    """The Service whose address it is; empty when it is the Pod's own."""
    started_at: float = 0.0
    grace_s: float = 30.0
    containers: dict[str, ContainerRecord] = {}

    def container(self, name: str) -> ContainerRecord:
        return self.containers.get(name, _NEVER_STARTED)

    def with_container(self, name: str, container: ContainerRecord) -> PodRecord:
        return msgspec.structs.replace(self, containers={**self.containers, name: container})

    @property
    def processes(self) -> tuple[ProcessId, ...]:
        return tuple(container.process for container in self.containers.values() if container.process is not None)


_NEVER_STARTED = ContainerRecord()

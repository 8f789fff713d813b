"""What do users hear of a Pod's life? Events about it, as `kubectl describe pod` shows them."""

from __future__ import annotations

from typing import Literal

from torana.api.core.container import Container
from torana.embedded.node.inputs import Missing
from torana.embedded.node.record import PodRecord
from torana.kube.events import Recorder, Subject


class PodEvents:
    """Events of one Pod. Without a recorder nothing is told."""

    def __init__(self, recorder: Recorder | None, record: PodRecord) -> None:
        self._recorder = recorder
        self._subject = Subject("v1", "Pod", record.namespace, record.name, record.uid)
        self._told: dict[str, Missing] = {}

    def started(self, container: str) -> None:
        self._told.pop(container, None)
        self._tell("Normal", "Started", f"Started container {container}")

    def killing(self, container: str, why: str) -> None:
        self._tell("Normal", "Killing", f"Stopping container {container}: {why}")

    def unhealthy(self, container: str, kind: str, why: str) -> None:
        self._tell("Warning", "Unhealthy", f"{kind} probe of container {container} failed: {why}")

    def held_back(self, container: Container, why: Missing) -> None:
        """Tells once why a container cannot start."""
        if self._told.get(container.name) == why:
            return
        self._told[container.name] = why
        reason = {"CrashLoopBackOff": "BackOff", "ContainerCreating": "FailedMount"}.get(why.reason, "Failed")
        if why.message:
            self._tell("Warning", reason, why.message)

    def _tell(self, type_: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        if self._recorder is not None:
            self._recorder.record(self._subject, type_, reason, message)

"""What should happen next with a Pod's containers? Pure: Pod, record and time in; steps out.

Init containers run one after the other, each until it succeeds (those with `restartPolicy: Always` are sidecars: they
only have to have started); then all other containers run side by side.
"""

from __future__ import annotations

import msgspec

from torana.api.core.container import Container
from torana.api.core.pod import Pod
from torana.embedded.node.record import ContainerRecord, PodRecord
from torana.embedded.node.restart import next_backoff, wants_restart


class Start(msgspec.Struct, frozen=True):
    """Start this container now, after having waited `backoff_s` (below 0: it never ran)."""

    container: Container
    backoff_s: float


class Backoff(msgspec.Struct, frozen=True):
    """The container waits until `until` before its next run."""

    container: Container
    until: float
    backoff_s: float


Step = Start | Backoff


def is_sidecar(container: Container) -> bool:
    return container.restart_policy == "Always"


def policy_of(pod: Pod, container: Container, is_init: bool) -> str:
    """The restart policy that holds for one container."""
    if container.restart_policy:
        return container.restart_policy
    policy = pod.spec.restart_policy or "Always"
    return "OnFailure" if is_init and policy == "Always" else policy


def decide(pod: Pod, record: PodRecord, now: float) -> tuple[Step, ...]:
    """The steps due or waited for; empty when all is as it should be."""
    steps: list[Step] = []
    for container in pod.spec.init_containers:
        state = record.container(container.name)
        step = _step(pod, container, state, now, is_init=True)
        if step is not None:
            steps.append(step)
        if is_sidecar(container):
            if state.process is None:
                return tuple(steps)
        elif state.ended is None or state.ended.exit_code != 0:
            return tuple(steps)
    for container in pod.spec.containers:
        step = _step(pod, container, record.container(container.name), now, is_init=False)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(pod: Pod, container: Container, state: ContainerRecord, now: float, is_init: bool) -> Step | None:
    if state.process is not None:
        return None
    if state.ended is None:
        return Start(container, -1.0)
    if not wants_restart(policy_of(pod, container, is_init), state.ended.exit_code):
        return None
    wait_s = next_backoff(state.backoff_s, state.ended.finished_at - state.ended.started_at)
    until = state.ended.finished_at + wait_s
    return Start(container, wait_s) if until <= now else Backoff(container, until, wait_s)


def is_initialised(pod: Pod, record: PodRecord) -> bool:
    for container in pod.spec.init_containers:
        state = record.container(container.name)
        if is_sidecar(container):
            if state.process is None and state.ended is None:
                return False
        elif state.ended is None or state.ended.exit_code != 0:
            return False
    return True


def phase(pod: Pod, record: PodRecord) -> str:
    """Pending, Running, Succeeded or Failed."""
    policy = pod.spec.restart_policy or "Always"
    for container in pod.spec.init_containers:
        ended = record.container(container.name).ended
        if ended is not None and ended.exit_code != 0 and policy == "Never" and not is_sidecar(container):
            return "Failed"
    states = [record.container(container.name) for container in pod.spec.containers]
    if any(state.process is None and state.ended is None for state in states):
        return "Pending"
    finished = [
        state.process is None and state.ended is not None and not wants_restart(policy, state.ended.exit_code)
        for state in states
    ]
    if all(finished):
        return "Succeeded" if all(state.ended and state.ended.exit_code == 0 for state in states) else "Failed"
    return "Running"

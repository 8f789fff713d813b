"""What does the node say about a Pod? Pure: Pod, record and what holds containers back in; the `status` out.

Times of conditions move only when the condition changes; conditions of others (readiness gates) are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from torana.api.core.container import Container
from torana.api.core.pod import Pod
from torana.embedded.node.decide import is_initialised, is_sidecar, phase
from torana.embedded.node.inputs import Missing
from torana.embedded.node.record import ContainerRecord, PodRecord, Terminated


class View(msgspec.Struct, frozen=True):
    """What the node knows beside the record. Keys are container names."""

    waiting: Mapping[str, Missing]
    """Why a container that should run does not."""
    started: frozenset[str] = frozenset()
    """Containers whose startup probe passed, or that have none."""
    ready: frozenset[str] = frozenset()
    host_ip: str = "127.0.0.1"


def pod_status(pod: Pod, record: PodRecord, view: View, now: float) -> dict[str, Any]:
    current = phase(pod, record)
    init = [_container_status(container, record, view, is_init=True) for container in pod.spec.init_containers]
    main = [_container_status(container, record, view, is_init=False) for container in pod.spec.containers]
    status: dict[str, Any] = {
        "phase": current,
        "conditions": _conditions(pod, record, view, current, now),
        "hostIP": view.host_ip,
        "hostIPs": [{"ip": view.host_ip}],
        "startTime": timestamp(record.started_at),
        "qosClass": qos_class(pod),
        "containerStatuses": main,
        "podIP": record.address or None,
        "podIPs": [{"ip": record.address}] if record.address else None,
    }
    if init:
        status["initContainerStatuses"] = init
    return status


def timestamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _container_status(container: Container, record: PodRecord, view: View, is_init: bool) -> dict[str, Any]:
    state = record.container(container.name)
    running = state.process is not None
    if is_init and not is_sidecar(container):
        ready = state.ended is not None and state.ended.exit_code == 0
    else:
        ready = running and container.name in view.ready
    return {
        "name": container.name,
        "image": container.image or "",
        "imageID": container.image or "",
        "containerID": f"torana://{state.run_id}" if state.run_id else "",
        "ready": ready,
        "started": running and container.name in view.started,
        "restartCount": state.restarts,
        "state": _state(container.name, state, record, view),
        "lastState": {"terminated": _terminated(state.last)} if state.last is not None else {},
    }


def _state(name: str, state: ContainerRecord, record: PodRecord, view: View) -> dict[str, Any]:
    if state.process is not None:
        return {"running": {"startedAt": timestamp(state.started_at)}}
    held = view.waiting.get(name)
    if held is not None:
        return {"waiting": {"reason": held.reason, "message": held.message}}
    if state.ended is not None:
        return {"terminated": _terminated(state.ended)}
    return {"waiting": {"reason": "PodInitializing" if record.address else "ContainerCreating"}}


def _terminated(ended: Terminated) -> dict[str, Any]:
    body: dict[str, Any] = {
        "exitCode": ended.exit_code,
        "reason": ended.reason,
        "startedAt": timestamp(ended.started_at),
        "finishedAt": timestamp(ended.finished_at),
        "containerID": f"torana://{ended.run_id}",
    }
    if ended.signal:
        body["signal"] = ended.signal
    if ended.message:
        body["message"] = ended.message
    return body


def _conditions(pod: Pod, record: PodRecord, view: View, current: str, now: float) -> list[dict[str, Any]]:
    initialised = is_initialised(pod, record)
    wanted = [
        *(container.name for container in pod.spec.init_containers if is_sidecar(container)),
        *(container.name for container in pod.spec.containers),
    ]
    unready = [name for name in wanted if record.container(name).process is None or name not in view.ready]
    done = current in ("Succeeded", "Failed")
    reason = "PodCompleted" if current == "Succeeded" else "PodFailed" if current == "Failed" else "ContainersNotReady"
    message = "" if done else f"containers with unready status: [{' '.join(unready)}]"
    gates = _failing_gates(pod)
    ready = not unready
    incomplete = [
        container.name
        for container in pod.spec.init_containers
        if record.container(container.name).ended is None and not is_sidecar(container)
    ]
    judged = [
        ("PodReadyToStartContainers", bool(record.address) and not done, "", ""),
        (
            "Initialized",
            initialised,
            "" if initialised else "ContainersNotInitialized",
            "" if initialised else f"containers with incomplete status: [{' '.join(incomplete)}]",
        ),
        (
            "Ready",
            ready and not gates,
            "" if ready and not gates else "ReadinessGatesNotReady" if ready else reason,
            "" if ready and not gates else f"readiness gates not True: {', '.join(gates)}" if ready else message,
        ),
        ("ContainersReady", ready, "" if ready else reason, "" if ready else message),
        ("PodScheduled", True, "", ""),
    ]
    before = {condition.type: condition for condition in pod.status.conditions}
    conditions = []
    for type_, holds, why, text in judged:
        value, old = "True" if holds else "False", before.pop(type_, None)
        same = old is not None and old.status == value
        since = old.last_transition_time if same and old is not None else None
        body: dict[str, Any] = {"type": type_, "status": value, "lastTransitionTime": since or timestamp(now)}
        body |= {key: text_ for key, text_ in (("reason", why), ("message", text)) if text_}
        conditions.append(body)
    return conditions + [msgspec.to_builtins(condition) for condition in before.values()]


def _failing_gates(pod: Pod) -> list[str]:
    conditions = pod.status.conditions
    passing = {condition.type for condition in conditions if condition.status == "True"}
    gates = [str(gate.get("conditionType")) for gate in pod.spec.readiness_gates]
    return [gate for gate in gates if gate not in passing]


def qos_class(pod: Pod) -> str:
    """Guaranteed, Burstable or BestEffort, from the requests and limits of all containers."""
    containers = (*pod.spec.init_containers, *pod.spec.containers)
    if not any(container.resources.requests or container.resources.limits for container in containers):
        return "BestEffort"
    for container in containers:
        limits, requests = container.resources.limits, container.resources.requests
        for name in ("cpu", "memory"):
            if name not in limits or str(requests.get(name, limits[name])) != str(limits[name]):
                return "Burstable"
    return "Guaranteed"

"""What does `kubectl get pods` say of a Pod? Status, restarts and readiness, as a Kubernetes API server words them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from torana.embedded.apiserver.ages import age

Obj = dict[str, Any]

COLUMNS = (
    ("Name", "string", 0),
    ("Ready", "string", 0),
    ("Status", "string", 0),
    ("Restarts", "string", 0),
    ("Age", "string", 0),
    ("IP", "string", 1),
    ("Node", "string", 1),
    ("Nominated Node", "string", 1),
    ("Readiness Gates", "string", 1),
)


def cells(pod: Obj, now: datetime) -> list[Any]:
    """The row of a Pod."""
    spec, status, meta = pod.get("spec") or {}, pod.get("status") or {}, pod["metadata"]
    containers = status.get("containerStatuses") or []
    ready = sum(1 for container in containers if container.get("ready") and "running" in _state(container))
    return [
        meta["name"],
        f"{ready}/{len(spec.get('containers') or [])}",
        phase(pod),
        _restarts([*(status.get("initContainerStatuses") or []), *containers], now),
        age(meta.get("creationTimestamp"), now),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        "<none>",
    ]


def phase(pod: Obj) -> str:
    """The Pod's state in one word: what most needs attention wins."""
    status, meta = pod.get("status") or {}, pod["metadata"]
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    reason = _initialising(pod) or _running(status.get("containerStatuses") or [], reason, pod)
    if meta.get("deletionTimestamp") and status.get("reason") == "NodeLost":
        return "Unknown"
    if meta.get("deletionTimestamp") and status.get("phase") not in ("Succeeded", "Failed"):
        return "Terminating"
    return reason


def _initialising(pod: Obj) -> str:
    """`Init:1/2` and its like while init containers have not all succeeded; empty afterwards."""
    total = len((pod.get("spec") or {}).get("initContainers") or [])
    for index, container in enumerate((pod.get("status") or {}).get("initContainerStatuses") or []):
        state = _state(container)
        if "terminated" in state:
            if state["terminated"].get("exitCode") == 0:
                continue
            return f"Init:{_ended(state['terminated'])}"
        reason = (state.get("waiting") or {}).get("reason")
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{index}/{total}"
    return ""


def _running(containers: list[Obj], reason: str, pod: Obj) -> str:
    has_running = False
    for container in reversed(containers):
        state = _state(container)
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            reason = _ended(state["terminated"])
        elif container.get("ready") and "running" in state:
            has_running = True
    if reason == "Completed" and has_running:
        conditions = (pod.get("status") or {}).get("conditions") or []
        is_ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
        return "Running" if is_ready else "NotReady"
    return reason


def _ended(terminated: Obj) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _state(container: Obj) -> Obj:
    return {key: value for key, value in (container.get("state") or {}).items() if value is not None}


def _restarts(containers: list[Obj], now: datetime) -> str:
    count = sum(container.get("restartCount", 0) for container in containers)
    ends = [
        (container.get("lastState") or {}).get("terminated", {}).get("finishedAt")
        for container in containers
        if (container.get("lastState") or {}).get("terminated")
    ]
    last = max((end for end in ends if end), default="")
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)

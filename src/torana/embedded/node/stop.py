"""How are all Pod processes of a data directory stopped, without a node?

Used when the whole of Torana shuts down. The Pods stay objects of the API; a later node starts them afresh.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import msgspec

from torana.embedded.node.pod_directory import all_pods
from torana.embedded.node.process import ProcessId, is_running, kill_group
from torana.embedded.node.record import ContainerRecord, PodRecord
from torana.embedded.node.strays import kill_strays

POLL_S = 0.02


def stop_all(data_dir: Path, grace_s: float = 5.0) -> int:
    """No Pod process of this data directory runs any more. The number of processes that ran. Blocks up to `grace_s`."""
    pods = [(directory, record) for directory, record in all_pods(data_dir) if record is not None]
    stopped = stop_processes([process for _, record in pods for process in record.processes], grace_s)
    for directory, record in pods:
        directory.save(forget_runs(record))
    return stopped + kill_strays(data_dir, ())


def stop_processes(processes: list[ProcessId], grace_s: float) -> int:
    """SIGTERM to each, SIGKILL to the groups of those that are still there after `grace_s`."""
    running = [process for process in processes if is_running(process)]
    for process in running:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    left = running
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = [process for process in left if is_running(process)]
    for process in running:
        # Also of those that ended: their children are still in the group.
        kill_group(process)
    return len(running)


def forget_runs(record: PodRecord) -> PodRecord:
    """The record of a Pod whose processes were stopped with the node: the next start is no restart."""
    fresh = {
        name: container
        if container.process is None
        else ContainerRecord(restarts=container.restarts, last=container.last)
        for name, container in record.containers.items()
    }
    return msgspec.structs.replace(record, containers=fresh)

"""Which processes of this node does no record know?

An edge. A node killed between starting a process and recording it leaves a stray. Every container's environment names
its run, so strays can be told from the recorded ones, and from what those started in turn.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection
from pathlib import Path

from torana.embedded.node.pod_directory import pods_directory

VARIABLE = "TORANA_CONTAINER_RUN"


def mark(data_dir: Path, run_id: str) -> str:
    """Value of the variable for one run of a container."""
    return f"{pods_directory(data_dir.absolute())}:{run_id}"


def find_strays(data_dir: Path, known_runs: Collection[str]) -> list[int]:
    """The processes of this data directory's containers whose run is not among the known ones."""
    prefix = f"{VARIABLE}={mark(data_dir, '')}".encode()
    known = {run.encode() for run in known_runs}
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue
        run = next((each[len(prefix) :] for each in environ.split(b"\0") if each.startswith(prefix)), None)
        if run is not None and run not in known:
            found.append(int(entry.name))
    return found


def kill_strays(data_dir: Path, known_runs: Collection[str]) -> int:
    """None of them is left. How many there were."""
    strays = find_strays(data_dir, known_runs)
    for pid in strays:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(strays)

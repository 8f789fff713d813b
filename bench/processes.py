"""What did each process cost?

CPU is read per thread from `/proc/<pid>/task/*/schedstat` (nanoseconds; `stat` counts in hundredths of a second, too
coarse for one change). Memory is the proportional set size where the kernel gives it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# Words that must all occur among a process's arguments, for every role; the first match of a role wins.
ROLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "controller": (
        ("torana.cli.main", "controller"),
        ("torana", "controller"),
        ("envoy-gateway", "server"),
        ("agentgateway",),
        ("kgateway",),
    ),
    "apiserver": (("torana.cli.main", "apiserver"), ("kube-apiserver",)),
    "node": (("torana.cli.main", "node"),),
    "envoy": (("envoy", "-c"), ("envoy", "--config-yaml"), ("envoy", "--config-path")),
    "etcd": (("etcd",),),
}


@dataclass(frozen=True)
class Usage:
    """Total CPU of a role's processes so far, in seconds, and the memory they hold now, in MiB."""

    cpu_s: float
    memory_mib: float


def find(belonging_to: str = "") -> dict[str, tuple[int, ...]]:
    """Process ids by role, told by arguments; only processes that mention `belonging_to` (or whose ancestors do)."""
    found: dict[str, list[int]] = {}
    for pid in all_pids():
        if (role := _role(pid)) and _mentions(pid, belonging_to):
            found.setdefault(role, []).append(pid)
    return {role: tuple(sorted(pids)) for role, pids in found.items()}


def parse(given: str) -> dict[str, tuple[int, ...]]:
    """`controller=12,envoy=34,envoy=35` as process ids by role."""
    pids: dict[str, tuple[int, ...]] = {}
    for part in filter(None, given.split(",")):
        role, _, pid = part.partition("=")
        pids[role] = (*pids.get(role, ()), int(pid))
    return pids


def usage(pids: dict[str, tuple[int, ...]]) -> dict[str, Usage]:
    return {role: Usage(sum(map(cpu_s, group)), sum(map(memory_mib, group))) for role, group in pids.items()}


def cpu_s(pid: int) -> float:
    """CPU seconds of all living threads of `pid`; 0 when it is gone."""
    total = 0
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (OSError, IndexError):
        pass
    return total / 1e9


def memory_mib(pid: int) -> float:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def arguments(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def threads(pid: int) -> list[int]:
    return [int(task.name) for task in (PROC / str(pid) / "task").iterdir()]


def pin(pid: int, cpus: set[int]) -> None:
    """Every thread of `pid` runs on `cpus` only."""
    for thread in threads(pid):
        os.sched_setaffinity(thread, cpus)


def wait_quiet(pids: dict[str, tuple[int, ...]], *, share: float = 0.03, deadline_s: float = 60) -> None:
    """Returns once the processes use less than `share` of one CPU over a quarter second, or at the deadline."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        before = sum(each.cpu_s for each in usage(pids).values())
        time.sleep(0.25)
        if sum(each.cpu_s for each in usage(pids).values()) - before < share * 0.25:
            return


def _role(pid: int) -> str:
    # The program and its first arguments only: a shell that quotes a whole command line is not that command.
    words = [os.path.basename(argument) for argument in arguments(pid)[:5]]
    for role, alternatives in ROLES.items():
        if any(all(word in words for word in alternative) for alternative in alternatives):
            return role
    return ""


def _mentions(pid: int, text: str) -> bool:
    while text and pid > 1:
        if any(text in argument for argument in arguments(pid)) or text in _directory(pid):
            return True
        pid = _parent(pid)
    return not text


def _directory(pid: int) -> str:
    try:
        return os.readlink(PROC / str(pid) / "cwd")
    except OSError:
        return ""


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def listening(address: str, port: int) -> tuple[int, ...]:
    """Process ids that hold a listening TCP socket on exactly this IPv4 address and port, or on any address."""
    octets = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    wanted = {f"{octets}:{port:04X}", f"00000000:{port:04X}"}
    rows = [line.split() for line in (PROC / "net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1] in wanted and row[3] == "0A"}
    return tuple(sorted(pid for pid in all_pids() if sockets & _open_files(pid)))


def all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _open_files(pid: int) -> set[str]:
    found = set()
    try:
        for file in (PROC / str(pid) / "fd").iterdir():
            found.add(os.readlink(file))
    except OSError:
        pass
    return found

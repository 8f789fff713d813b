"""How is a container's process started, watched, signalled, and found again after this node was killed?

An edge. A process is its own session and writes its log file itself, so it lives on when the node dies. Its pid and
its start time (field 22 of `/proc/<pid>/stat`) identify it together: a pid alone may meanwhile be a stranger's. The
end is seen by pidfd, for children and adopted processes alike; only a child's exit code can be known.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

UNKNOWN_EXIT_CODE = 255


class ProcessId(msgspec.Struct, frozen=True):
    """Identity of a process on this machine until the next boot."""

    pid: int
    start_ticks: int
    boot_id: str = ""


class Exit(msgspec.Struct, frozen=True):
    """How a process ended."""

    code: int
    signal: int = 0
    is_known: bool = True


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_ticks(pid: int) -> int | None:
    """Start time of a living process in clock ticks since boot; None when there is none (a zombie does not count)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def is_running(identity: ProcessId) -> bool:
    return identity.boot_id == boot_id() and start_ticks(identity.pid) == identity.start_ticks


class Process:
    """A running process. `exited` is set, and `exit` known, once it has ended."""

    def __init__(self, identity: ProcessId, child: subprocess.Popen[bytes] | None, pidfd: int) -> None:
        self.identity = identity
        self.exit: Exit | None = None
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._child = child
        self._pidfd = pidfd
        asyncio.get_running_loop().add_reader(pidfd, self._ended)

    def _ended(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.exit = self._read_exit()
        if not self.exited.done():
            self.exited.set_result(self.exit)

    def _read_exit(self) -> Exit:
        if self._child is None:
            return Exit(UNKNOWN_EXIT_CODE, is_known=False)
        code = self._child.wait()
        return Exit(128 - code, signal=-code) if code < 0 else Exit(code)

    def send(self, number: signal.Signals) -> None:
        """Signals the process itself, as a container's first process gets it."""
        if self.exit is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill_group(self) -> None:
        """Kills the process and what it started within its session's first group."""
        kill_group(self.identity)

    def release(self) -> None:
        """Stops watching without touching the process."""
        if self.exit is None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)


def kill_group(identity: ProcessId) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(identity.pid, signal.SIGKILL)


def spawn(argv: Sequence[str], environ: Mapping[str, str], directory: Path, log_file: Path) -> Process:
    """Starts a process in a session of its own with output appended to `log_file`. Raises `OSError`."""
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        child = subprocess.Popen(
            argv,
            env=dict(environ),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(log)
    pidfd = os.pidfd_open(child.pid)
    # A process that ended already is a zombie of ours: its pid cannot be reused, so 0 as start time harms nobody.
    return Process(ProcessId(child.pid, start_ticks(child.pid) or 0, boot_id()), child, pidfd)


def adopt(identity: ProcessId) -> Process | None:
    """Takes charge of a process started by an earlier node; None when it no longer runs."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except OSError:
        return None
    # Compared after opening: the descriptor then surely means the process that was compared.
    if not is_running(identity):
        os.close(pidfd)
        return None
    return Process(identity, None, pidfd)

"""How does a test get a Torana of its own?

A `Home` is `torana up` on a free port with a data directory in a temporary place: started, waited for, killed in parts
and stopped. Its processes are told by that directory, so several homes live on one machine.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench import processes
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

TORANA = Path(sys.executable).with_name("torana")
ROLES = ("apiserver", "node", "controller")


class Home:
    """One `torana up`. `options` are added to its command line."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.log = directory / "up.log"
        self.kubeconfig = self.data_dir / "kubeconfig"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._kubernetes: Kubernetes | None = None

    def start(self, *, deadline_s: float = 60) -> None:
        """Returns when API server, node and controller all say they are ready."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(self._command(), stdout=output, stderr=subprocess.STDOUT)
        eventually(self._check_ready, deadline_s=deadline_s)

    def run_again(self, *, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
        """Runs a second `torana up` on the same data directory to its end."""
        return subprocess.run(self._command(), capture_output=True, text=True, timeout=timeout_s)

    def ports(self) -> dict[str, int]:
        """Loopback ports of this home: `api`, `xds`, `controller_health`, `status`."""
        found: dict[str, int] = json.loads((self.data_dir / "ports.json").read_text())
        return found

    def readiness(self) -> tuple[int, str]:
        """Status and text of the supervisor's `/readyz`. Raises OSError while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports()["status"], timeout=5)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    @property
    def kubernetes(self) -> Kubernetes:
        """A client with the administrator's rights."""
        if self._kubernetes is None:
            self._kubernetes = Kubernetes(self.kubeconfig)
        return self._kubernetes

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        assert self._process, "the home was not started"
        return self._process

    def pid_of(self, role: str) -> int:
        """The process id of the API server, node or controller; 0 when it does not run."""
        found = self.pids().get(role, ())
        return found[0] if found else 0

    def pids(self) -> dict[str, tuple[int, ...]]:
        """All processes of this home by role, Envoys included."""
        return processes.find(str(self.data_dir))

    def kill(self, role: str) -> int:
        """SIGKILLs one of the three processes and returns the id it had."""
        pid = self.pid_of(role)
        assert pid, f"no {role} process of {self.data_dir} is running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs kubectl with nothing of the user's own settings."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(
            ["kubectl", *arguments], input=stdin, env=environment, capture_output=True, text=True, timeout=60
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def torana(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        return subprocess.run([str(TORANA), *arguments], env=environment, capture_output=True, text=True, timeout=60)

    def interrupt(self, *, timeout_s: float = 30) -> int:
        """Sends Ctrl-C and returns the exit code."""
        self.supervisor.send_signal(signal.SIGINT)
        return self.supervisor.wait(timeout_s)

    def end(self) -> None:
        """Whatever state the home is in, nothing of it runs afterwards."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self._process.kill()
            self._process.wait()
        for pid in self.leftovers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def leftovers(self) -> list[int]:
        """Processes that name our directory among their arguments, environment or working directory."""
        mark = os.fsencode(self.data_dir)
        return [pid for pid in processes.all_pids() if pid != os.getpid() and _mentions(pid, mark)]

    def log_tail(self, lines: int = 40) -> str:
        """The ends of all logs: what to read when a test failed."""
        files = [self.log, *sorted((self.data_dir / "logs").glob("*.log"))]
        return "\n".join(
            f"--- {file.name}\n" + "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
            for file in files
            if file.exists()
        )

    def _command(self) -> list[str]:
        return [str(TORANA), "up", "--data-dir", str(self.data_dir), "--port", "0", *self._options]

    def _check_ready(self) -> None:
        if self.supervisor.poll() is not None:
            raise RuntimeError(f"torana up ended with {self.supervisor.returncode}:\n{self.log_tail()}")
        status, said = self.readiness()
        assert status == 200, f"/readyz answers {status}: {said}\n{self.log_tail(10)}"


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_gone(pids: list[int], *, deadline_s: float = 20) -> list[int]:
    """The processes of `pids` that still run when all are gone or the deadline is reached."""
    end = time.monotonic() + deadline_s
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _mentions(pid: int, mark: bytes) -> bool:
    directory = Path(f"/proc/{pid}")
    try:
        if mark in (directory / "cmdline").read_bytes() or mark in (directory / "environ").read_bytes():
            return True
        return mark in os.fsencode(os.readlink(directory / "cwd"))
    except OSError:
        return False

"""Where does the system under measurement come from when nobody names one?

`torana up` in a data directory of its own, stopped and removed afterwards.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Own:
    """A running Torana: its data directory, which its processes name among their arguments, and where to reach it."""

    data_dir: Path
    kubeconfig: Path
    metrics: str


@contextlib.contextmanager
def bring_up(*, deadline_s: float = 60) -> Iterator[Own]:
    """Runs `torana up` until the block is left. Raises `TimeoutError` with the end of its output."""
    with tempfile.TemporaryDirectory(prefix="bench-torana-", ignore_cleanup_errors=True) as directory:
        data_dir = Path(directory) / "data"
        log = Path(directory) / "up.log"
        command = [str(Path(sys.executable).parent / "torana"), "up", "--data-dir", str(data_dir), "--port", "0"]
        with log.open("w") as output:
            running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            ports = _wait_ready(running, data_dir, log, deadline_s)
            yield Own(data_dir, data_dir / "kubeconfig", f"http://127.0.0.1:{ports['controller_health']}/metrics")
        finally:
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()


def _wait_ready(running: subprocess.Popen[bytes], data_dir: Path, log: Path, deadline_s: float) -> dict[str, int]:
    """The ports of the home, once all of it is ready."""
    end = time.monotonic() + deadline_s
    while True:
        with contextlib.suppress(OSError, ValueError):
            ports: dict[str, int] = json.loads((data_dir / "ports.json").read_text())
            with urllib.request.urlopen(f"http://127.0.0.1:{ports['status']}/readyz", timeout=5):
                return ports
        if running.poll() is not None or time.monotonic() > end:
            raise TimeoutError(f"torana up did not become ready:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)

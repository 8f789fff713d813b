"""An API server in its own process, and kubectl against it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


class ApiProcess:
    """`python -m torana.embedded.apiserver.main` on a free port."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.kubeconfig = self.data_dir / "kubeconfig"
        self._home = folder / "home"
        self._home.mkdir(parents=True)
        self._log = folder / "apiserver.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when the API answers."""
        self.kubeconfig.unlink(missing_ok=True)
        module = "torana.embedded.apiserver.main"
        program = [sys.executable, "-m", module, "--data-dir", str(self.data_dir), "--port", "0"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(program, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not self.kubeconfig.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the API server did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def kubectl(self, *arguments: str, stdin: str = "", fails: bool = False) -> str:
        """What kubectl prints, on both streams. Its exit status must be as expected."""
        environment = {**os.environ, "HOME": str(self._home), "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(
            ["kubectl", *arguments], input=stdin, capture_output=True, text=True, env=environment, timeout=60
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"kubectl {' '.join(arguments)}:\n{output}"
        return output

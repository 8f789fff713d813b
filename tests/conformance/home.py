"""A `torana up` for one run of somebody else's tests."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

READY_S = 120.0
STOP_S = 60.0


class NotReady(Exception):
    """`torana up` or the GatewayClass did not become ready."""


@contextlib.contextmanager
def running_up(data_dir: Path, channel: str, *options: str) -> Iterator[Path]:
    """Gives the kubeconfig of a `torana up` with these further options that is ready; stops it in the end."""
    log = data_dir.parent / "up.log"
    torana = (sys.executable, "-m", "torana.cli.main")
    argv = (*torana, "up", "--data-dir", str(data_dir), "--port", "0", "--channel", channel, *options)
    with log.open("wb") as out:
        up = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_S
        while "\nready" not in log.read_text():
            if up.poll() is not None or time.monotonic() > deadline:
                raise NotReady(f"`torana up` did not become ready:\n{log.read_text()}")
            time.sleep(0.1)
        yield data_dir / "kubeconfig"
    finally:
        up.send_signal(signal.SIGINT)
        try:
            up.wait(STOP_S)
        except subprocess.TimeoutExpired:
            up.kill()

"""How are a page's commands typed? Into one bash, so that variables and background jobs stay, as for a reader."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
import uuid
from pathlib import Path

from tests.docs.page import Step, is_shown

COMMAND_S = 60.0
SETTLE_S = 30.0
"""How long a reading command is repeated until it shows what the page says: Pods need their moment.
`ask` is what pages call a function of theirs that asks a server."""
READING = (
    "curl ", "ask ", "for ", "kubectl get ", "kubectl describe ", "kubectl logs ", "torana status", "torana doctor"
)  # fmt: skip


class Terminal:
    """A bash in a directory of its own. Used as `with`; leaving ends it with all of its jobs."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"], cwd=directory, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._bash.pid, 9)
        self._bash.wait()

    def follow(self, step: Step) -> None:
        """Types the command and compares what it shows. Raises AssertionError."""
        end = time.monotonic() + SETTLE_S
        while True:
            code, output = self.type(step.command)
            if is_shown(step.shown, output) if step.shown else code == 0:
                return
            if not step.command.startswith(READING) or time.monotonic() > end:
                wanted = "\n".join(step.shown) or "exit code 0"
                raise AssertionError(f"$ {step.command}\n{output}(exit code {code}); the page shows:\n{wanted}")
            time.sleep(0.1)

    def type(self, command: str) -> tuple[int, str]:
        """Exit code and output of a command."""
        assert self._bash.stdin is not None
        mark = f"--end-{uuid.uuid4().hex}"
        self._bash.stdin.write(f"{command}\nprintf '\\n%s %s\\n' {mark} $?\n".encode())
        self._bash.stdin.flush()
        output, _, rest = self._read_to(mark.encode() + b" ").partition(mark + " ")
        return int(rest.split()[0]), output.removesuffix("\n")

    def _read_to(self, mark: bytes) -> str:
        """Output up to the line of the mark."""
        assert self._bash.stdout is not None
        end, found = time.monotonic() + COMMAND_S, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._bash.stdout, selectors.EVENT_READ)
            while mark not in found or not found.endswith(b"\n"):
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"no end after {COMMAND_S:.0f} s: {found.decode(errors='replace')}")
                read = os.read(self._bash.stdout.fileno(), 65536)
                if not read:
                    raise AssertionError(f"bash ended: {found.decode(errors='replace')}")
                found += read
        return found.decode(errors="replace")

"""What can be done after the quickstart? Lines to type, with this program under the name it can be called by."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def next_steps(program: str) -> str:
    """The lines, what they do beside them."""
    lines = (
        (f"{program} up", "keep it running; then, in another terminal:"),
        ("export KUBECONFIG=~/.local/share/torana/kubeconfig", ""),
        ("kubectl apply -f my-gateway.yaml", "your own Gateways and routes"),
        (f"{program} status", "what is served, and what is wrong"),
    )
    return "".join(f"  {command:<42} {meaning}".rstrip() + "\n" for command, meaning in lines)


def called_as() -> str:
    """`torana` where PATH leads to this very program, else the path it was started by."""
    started = Path(sys.argv[0])
    found = shutil.which("torana")
    if not started.exists() or (found is not None and Path(found).samefile(started)):
        return "torana"
    return os.path.relpath(started)

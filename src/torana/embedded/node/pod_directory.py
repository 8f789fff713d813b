"""Where on disk does a Pod live? `DIR/node/pods/<uid>/` with its record, volumes, roots and logs.

An edge. The record is replaced as a whole, so a node killed at any moment leaves an old or a new one, never half.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from torana.embedded.node.record import PodRecord


def pods_directory(data_dir: Path) -> Path:
    return data_dir / "node" / "pods"


class PodDirectory:
    """The directory of one Pod."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def _record_path(self) -> Path:
        return self.path / "state.json"

    def log_path(self, container: str) -> Path:
        return self.path / "logs" / f"{container}.log"

    def save(self, record: PodRecord) -> None:
        if not self.path.exists():
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
        temporary = self.path / "state.json.new"
        # Only the owner may read it: it holds the containers' environment.
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(record))
        os.replace(temporary, self._record_path)

    def load(self) -> PodRecord | None:
        """None when there is no readable record."""
        try:
            return msgspec.json.decode(self._record_path.read_bytes(), type=PodRecord)
        except (OSError, msgspec.DecodeError):
            return None

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def all_pods(data_dir: Path) -> Iterator[tuple[PodDirectory, PodRecord | None]]:
    """Every Pod that a node left on this data directory."""
    root = pods_directory(data_dir)
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        directory = PodDirectory(path)
        yield directory, directory.load()

"""Is somebody else using this data directory? One supervisor at a time, by a lock that ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Locked(Exception):
    """Another supervisor holds the data directory."""


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Holds the lock for the time of the block. Raises `Locked` naming the other's pid."""
    # Opened without truncation: the file tells whose lock it is while somebody else holds it.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise Locked(
                f"{path.parent} is in use by another `torana up` (pid {pid}). "
                f"Stop that one (kill {pid}), or give this one its own --data-dir."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)

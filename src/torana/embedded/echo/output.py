"""Where does the echo server log? To standard output, a line at a time: tests of mirrored requests read it."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    sys.stderr.write(f"echo: {line}\n")
    sys.stderr.flush()

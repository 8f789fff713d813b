"""How do others learn of a running home? By files of JSON in its data directory, which are whole at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


def tell(file: Path, value: Any) -> None:
    """Replaces the file in one step: who reads it meanwhile gets what was there before."""
    draft = file.with_name(file.name + ".new")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    draft.replace(file)

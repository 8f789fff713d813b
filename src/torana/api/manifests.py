"""Writes the CustomResourceDefinitions of the Gateway API kinds to `deploy/crds/<channel>/` (an edge: it writes files).

python -m torana.api.manifests [DIRECTORY]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import yaml

from torana.api.crd import crd_manifest
from torana.api.field import Channel
from torana.api.registry import CUSTOM_KINDS

_HEAD = "# Written by `python -m torana.api.manifests` from src/torana/api. Change the kinds there, not this file.\n"


def manifests() -> dict[str, str]:
    """Path below the directory, and text, of every definition."""
    channels: tuple[Channel, ...] = get_args(Channel)
    return {
        f"{channel}/{kind.group}_{kind.plural}.yaml": _HEAD + _as_yaml(crd_manifest(kind, channel))
        for channel in channels
        for kind in CUSTOM_KINDS
        if channel == "experimental" or kind.channel == "standard"
    }


def write(directory: Path) -> None:
    """Afterwards the directory holds exactly the definitions of `manifests`, beside whatever else was there."""
    wanted = manifests()
    for path, text in wanted.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for stale in directory.glob("*/gateway.networking.*_*.yaml"):
        if stale.relative_to(directory).as_posix() not in wanted:
            stale.unlink()


def _as_yaml(manifest: dict[str, object]) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Repeats shared parts instead of writing anchors, which some YAML readers refuse."""

    def ignore_aliases(self, data: object) -> bool:
        return True


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "deploy/crds"))

"""What is to run? The choices of `torana up` as one value, and the files of a data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


class StackOptions(msgspec.Struct, frozen=True):
    """The choices of `torana up`."""

    data_dir: Path
    port: int = 6443
    """Port of the API server; 0 takes a free one, the same one again next time."""
    controller_names: tuple[str, ...] = ("torana.dev/gateway-controller",)
    images: tuple[str, ...] = ()
    image_file: Path | None = None
    channel: Literal["experimental", "standard"] = "experimental"
    log_level: str = "INFO"

    @property
    def kubeconfig(self) -> Path:
        return self.data_dir / "kubeconfig"

    @property
    def node_kubeconfig(self) -> Path:
        return self.data_dir / "kubeconfigs" / "node.yaml"

    @property
    def controller_kubeconfig(self) -> Path:
        return self.data_dir / "kubeconfigs" / "controller.yaml"

    @property
    def lock_file(self) -> Path:
        return self.data_dir / "lock"

    @property
    def ports_file(self) -> Path:
        return self.data_dir / "ports.json"

    @property
    def share_file(self) -> Path:
        return self.data_dir / "share"

    @property
    def status_file(self) -> Path:
        return self.data_dir / "status.json"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

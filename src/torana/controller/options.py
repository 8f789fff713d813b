"""What a controller is told when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from torana.gateway.classes import CONTROLLER_NAME
from torana.proxy.limits import SHARDS_ABOVE, TREES_ABOVE


class ControllerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses are IP addresses or host names; port 0 takes a free one."""

    kubeconfig: Path | None = None
    controller_names: tuple[str, ...] = (CONTROLLER_NAME,)
    xds_host: str = "0.0.0.0"
    """Address the xDS server listens on."""
    xds_port: int = 18000
    xds_name: str = ""
    """Address at which proxies find the xDS server; empty: `xds_host`."""
    health_host: str = "127.0.0.1"
    health_port: int = 8081
    home: Literal["embedded", "cluster"] = "cluster"
    """`embedded`: Pods are processes of this machine, and a proxy binds its Gateway's own loopback address."""
    namespace: str = "torana-system"
    """Where the controller keeps its own Secrets."""
    trees_above: int = TREES_ABOVE
    """Hosts with more routes than this become prefix trees."""
    shards_above: int = SHARDS_ABOVE
    """Route tables with more hosts than this are split into shards."""

"""What do all Pods of a node share? The node's identity, its clients and its stores, handed to each worker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from torana.api.core.service import Service
from torana.embedded.node.addresses import POD_NETWORK, next_address
from torana.embedded.node.images import ImageMapping
from torana.embedded.node.inputs import Read
from torana.embedded.node.log_files import LogKeeper
from torana.embedded.node.probes import Prober
from torana.kube.client import Client
from torana.kube.events import Recorder

NODE_ADDRESS = "127.0.0.1"
HOST_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


class AddressBook:
    """The Pods' own addresses in use, and the one handed out last, which outlives the node."""

    def __init__(self, path: Path, network: IPv4Network = POD_NETWORK) -> None:
        self._path = path
        self._network = network
        self._last = path.read_text().strip() if path.exists() else ""
        self._taken: set[str] = set()

    def keep(self, address: str) -> None:
        """An address that a Pod already has."""
        self._taken.add(address)

    def take(self) -> str:
        """Raises `PoolExhausted`."""
        self._last = next_address(self._network, self._taken, self._last)
        self._taken.add(self._last)
        self._path.write_text(self._last)
        return self._last

    def give_back(self, address: str) -> None:
        self._taken.discard(address)


@dataclass
class NodeSetting:
    """Everything a Pod's worker needs beside its Pod."""

    name: str
    data_dir: Path
    client: Client
    mappings: tuple[ImageMapping, ...]
    secret: Read
    config_map: Read
    services: Callable[[str], Iterable[Service]]
    """The Services of a namespace."""
    addresses: AddressBook
    logs: LogKeeper = field(default_factory=LogKeeper)
    prober: Prober = field(default_factory=Prober)
    recorder: Recorder | None = None
    api_host: str = ""
    api_port: str = ""
    starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Bounds how many Pods prepare and start at once."""

    @property
    def host_variables(self) -> dict[str, str]:
        return {name: os.environ[name] for name in HOST_VARIABLES if name in os.environ}

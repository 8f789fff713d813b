"""The ports a proxy opens, and the filter chains behind them."""

from __future__ import annotations

from typing import Literal

import msgspec

from torana.proxy.origin import Origin
from torana.proxy.route import Table


class Chain(msgspec.Struct, frozen=True, gc=False):
    """What happens to connections of one server name.

    `server_names` empty: any. `certificates` are names of Certificate secrets (TLS is terminated with them; empty:
    plain text). `table` routes HTTP.
    """

    name: str
    table: Table
    server_names: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    origin: Origin | None = None


class Bind(msgspec.Struct, frozen=True, gc=False):
    """An address and port that Envoy opens. Empty `address`: the address in the proxy node's metadata."""

    port: int
    protocol: Literal["HTTP", "HTTPS", "TLS", "TCP", "UDP"]
    chains: tuple[Chain, ...]
    address: str = ""
    origin: Origin | None = None

    @property
    def name(self) -> str:
        return f"{'udp' if self.protocol == 'UDP' else 'tcp'}-{self.port}"

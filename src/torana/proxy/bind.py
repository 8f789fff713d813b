"""The ports a proxy opens, and what happens to the connections that come in."""

from __future__ import annotations

from typing import Literal

import msgspec

from torana.proxy.origin import Origin
from torana.proxy.route import Table
from torana.proxy.tls import ClientValidation


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
    client_validation: ClientValidation | None = None
    """None: clients are not asked for certificates."""


class Share(msgspec.Struct, frozen=True, gc=False):
    """A share of connections or datagrams. `cluster` "" is an invalid backend: its share is refused."""

    cluster: str
    weight: int = 1


class StreamChain(msgspec.Struct, frozen=True, gc=False):
    """What happens to the bytes of one server name's connections (or of a port's datagrams): they go to a backend.

    As they are, or decrypted where there are `certificates`. Without shares every connection is refused.
    """

    name: str
    shares: tuple[Share, ...] = ()
    server_names: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    origin: Origin | None = None


class Bind(msgspec.Struct, frozen=True, gc=False):
    """An address and port that Envoy opens. Empty `address`: the address in the proxy node's metadata.

    HTTP and HTTPS have Chains, TCP and UDP one StreamChain; TLS is both together, told apart by server name.
    """

    port: int
    protocol: Literal["HTTP", "HTTPS", "TLS", "TCP", "UDP"]
    chains: tuple[Chain | StreamChain, ...]
    address: str = ""
    origin: Origin | None = None

    @property
    def name(self) -> str:
        return f"{'udp' if self.protocol == 'UDP' else 'tcp'}-{self.port}"

"""Stage 5: the ports that each Gateway's proxy opens, with chains for its listeners, and the certificates they need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.certificates import certificate
from torana.gateway.hosts import TableKey
from torana.gateway.listeners import GROUP, BindKey, ListenerVerdict, chain_name
from torana.gateway.stages.hosts import Hosts
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.streams import Streams
from torana.proxy.bind import Bind, Chain, StreamChain
from torana.proxy.origin import Origin
from torana.proxy.route import Table
from torana.proxy.secret import Certificate


class Binds:
    """Binds are keyed by BindKey, certificates by (gateway, Secret ref)."""

    def __init__(self, engine: Engine, listeners: Listeners, hosts: Hosts, streams: Streams) -> None:
        self.listeners, self.hosts, self.streams = listeners, hosts, streams
        by_gateway = {"gateway": lambda key, one: [key[0]]}
        self.certificates = engine.map(
            "certificates",
            listeners.listeners.index("certificate"),
            self._certificate,
            {**by_gateway, "name": lambda key, one: [(key[0], one.name)]},
        )
        self.binds = engine.map("binds", listeners.listeners.index("bind"), self._bind, by_gateway)

    def _certificate(self, key: tuple[Ref, Ref], _: None, look: Look) -> Certificate | None:
        pair = look.get(self.listeners.key_pairs, key[1])
        return None if pair is None or pair.problem else certificate(key[1], pair)

    def _bind(self, key: BindKey, _: None, look: Look) -> Bind:
        verdicts = [one for _, one in look.list(self.listeners.listeners.index("bind"), key)]
        verdicts.sort(key=lambda one: (one.shape.owner, one.position))  # a Gateway before its ListenerSets
        protocol: Any = verdicts[0].shape.protocol
        if protocol == "HTTP":  # its listeners share a route table
            verdicts = verdicts[:1]
        chains = (chain for verdict in verdicts for chain in self._chains(verdict, look))
        return Bind(key.port, protocol, tuple(chains), origin=_origin(verdicts[0]))

    def _chains(self, verdict: ListenerVerdict, look: Look) -> Iterable[Chain | StreamChain]:
        if verdict.shape.speaks_http:
            return (self._http_chain(verdict, look),)
        return self._stream_chains(verdict, look)

    def _http_chain(self, verdict: ListenerVerdict, look: Look) -> Chain:
        shape = verdict.shape
        table = look.get(self.hosts.tables, TableKey(shape.gateway, verdict.table)) or Table(verdict.table)
        return Chain(
            name=verdict.table,
            table=table,
            server_names=(shape.hostname,) if shape.hostname and shape.protocol != "HTTP" else (),
            certificates=tuple(ref.name for ref in verdict.certificates),
            origin=_origin(verdict),
            client_validation=verdict.client_validation,
        )

    def _stream_chains(self, verdict: ListenerVerdict, look: Look) -> Iterable[StreamChain]:
        """A chain per server name with a route.

        The listener's own hostname has one in any case: without a route it refuses, and keeps connections from wider
        listeners of the port.
        """
        shape = verdict.shape
        name = chain_name(shape)
        certificates = tuple(ref.name for ref in verdict.certificates)
        streams = {place.hostname: one for place, one in look.list(self.streams.streams.index("listener"), shape.key)}
        if shape.hostname not in streams:
            yield StreamChain(name, (), _server_names(shape.hostname), origin=_origin(verdict))
        for hostname, stream in streams.items():
            yield StreamChain(
                f"{name}-{hostname}" if hostname != shape.hostname else name,
                stream.shares,
                _server_names(hostname),
                certificates,
                Origin(ObjectRef(GROUP, stream.route.kind, *stream.route.ref)),
            )


def _server_names(hostname: str) -> tuple[str, ...]:
    return (hostname,) if hostname else ()


def _origin(verdict: ListenerVerdict) -> Origin:
    return Origin(verdict.shape.owner, f"spec.listeners[{verdict.position}]")

"""Stage 5: the ports that each Gateway's proxy opens, with a chain per listener, and the certificates they need."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway.certificates import certificate
from torana.gateway.hosts import TableKey
from torana.gateway.listeners import GROUP, ListenerVerdict
from torana.gateway.stages.hosts import Hosts
from torana.gateway.stages.listeners import Listeners
from torana.proxy.bind import Bind, Chain
from torana.proxy.origin import Origin
from torana.proxy.route import Table
from torana.proxy.secret import Certificate


class Binds:
    """Binds are keyed by (gateway, port), certificates by (gateway, Secret ref)."""

    def __init__(self, engine: Engine, listeners: Listeners, hosts: Hosts) -> None:
        self.listeners, self.hosts = listeners, hosts
        by_gateway = {"gateway": lambda key, one: [key[0]]}
        self.certificates = engine.map(
            "certificates", listeners.listeners.index("certificate"), self._certificate, by_gateway
        )
        self.binds = engine.map("binds", listeners.listeners.index("bind"), self._bind, by_gateway)

    def _certificate(self, key: tuple[Ref, Ref], _: None, look: Look) -> Certificate | None:
        pair = look.get(self.listeners.key_pairs, key[1])
        return None if pair is None or pair.problem else certificate(key[1], pair)

    def _bind(self, key: tuple[Ref, int], _: None, look: Look) -> Bind:
        gateway, port = key
        verdicts = [one for _, one in look.list(self.listeners.listeners.index("bind"), key)]
        verdicts.sort(key=lambda one: one.shape.position)
        protocol: Any = verdicts[0].shape.protocol
        origin = Origin(ObjectRef(GROUP, "Gateway", *gateway), f"spec.listeners[{verdicts[0].shape.position}]")
        if protocol == "HTTP":
            return Bind(port, "HTTP", (self._chain(gateway, verdicts[0], look),), origin=origin)
        return Bind(port, protocol, tuple(self._chain(gateway, one, look) for one in verdicts), origin=origin)

    def _chain(self, gateway: Ref, verdict: ListenerVerdict, look: Look) -> Chain:
        shape = verdict.shape
        table = look.get(self.hosts.tables, TableKey(gateway, verdict.table)) or Table(verdict.table)
        return Chain(
            name=verdict.table,
            table=table,
            server_names=(shape.hostname,) if shape.hostname and shape.protocol != "HTTP" else (),
            certificates=tuple(ref.name for ref in verdict.certificates),
            origin=Origin(ObjectRef(GROUP, "Gateway", *gateway), f"spec.listeners[{shape.position}]"),
        )

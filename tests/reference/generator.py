"""Which objects and requests are tried? Random ones, in every way that the model knows."""

from __future__ import annotations

from tests.reference.change_generator import ChangeGenerator
from tests.reference.objects import CONTROLLER
from tests.reference.request_generator import RequestGenerator
from tests.reference.vocabulary import GROUP, NAMESPACES, SERVICES, Document, document


class Generator(ChangeGenerator, RequestGenerator):
    """A set of objects, and requests for it."""

    def objects(self, backends: dict[str, tuple[str, int]]) -> list[Document]:
        """`backends` are where the Service ports' endpoints listen."""
        found = [
            document("GatewayClass", "", "torana", {"controllerName": CONTROLLER}),
            *(document("Namespace", "", name, labels={"team": name[:4]}) for name in NAMESPACES),
            self.gateway(),
            *(self.listener_set(*name) for name in self.sets),
            *self.secrets(),
        ]
        for service in SERVICES:
            if self.random.random() < 0.9:
                found += self.service(service, backends)
        found += [self.grant(number) for number in range(self.random.randint(0, 3))]
        names = [(self.one(NAMESPACES), name) for name in ("r", "r-1", "r.1", "q", "z")]
        for namespace, name in names[: self.random.randint(1, 5)]:
            found.append(self.http_route(namespace, name))
        for namespace, name in names[: self.random.choice((0, 0, 1, 2))]:
            found.append(self.grpc_route(namespace, name))
        for namespace, name in names[: self.random.choice((0, 2, 3, 4))]:
            found.append(self.tls_route(namespace, name))
        return found

    def service(self, service: str, backends: dict[str, tuple[str, int]]) -> list[Document]:
        namespace, _, name = service.partition("/")
        ports = [{"name": "one", "port": 80}, {"name": "two", "port": 81}]
        found = [document("Service", namespace, name, {"ports": ports})]
        for port in ports:
            address, number = backends[f"{service}:{port['port']}"]
            if self.random.random() < 0.95:
                one = document("EndpointSlice", namespace, f"{name}-{port['name']}")
                one["metadata"]["labels"] = {"kubernetes.io/service-name": name}
                one |= {
                    "addressType": "IPv4",
                    "ports": [{"name": port["name"], "port": number}],
                    "endpoints": [{"addresses": [address], "conditions": {"ready": self.random.random() < 0.95}}],
                }
                found.append(one)
        return found

    def grant(self, number: int) -> Document:
        to: Document = {"group": "", "kind": "Service"}
        kind = self.one(("HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "Gateway", "ListenerSet"))
        is_secret = kind in ("Gateway", "ListenerSet")
        if is_secret:
            to["kind"] = "Secret"
        if self.random.random() < 0.4:
            to["name"] = self.one(("c0", "c1") if is_secret else ("s0", "s1"))
        source = {"group": GROUP, "kind": kind, "namespace": self.one(NAMESPACES)}
        return document("ReferenceGrant", self.one(NAMESPACES), f"g{number}", {"from": [source], "to": [to]})

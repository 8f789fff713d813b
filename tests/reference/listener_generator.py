"""Which Gateways, ListenerSets and certificates are tried?"""

from __future__ import annotations

from tests.reference import identities
from tests.reference.chance import Chance
from tests.reference.vocabulary import HOSTNAMES, NAMESPACES, Document, document

from torana.api.kind import Ref


class ListenerGenerator(Chance):
    """Objects with listeners, and what these need."""

    def gateway(self) -> Document:
        spec: Document = {"gatewayClassName": "torana", "listeners": self.listeners("east", 5)}
        where = self.one(("All", "All", "All", "All", "All", "Same", "Selector", "None", ""))
        if where:
            spec["allowedListeners"] = {"namespaces": {"from": where}}
        if where == "Selector":
            spec["allowedListeners"]["namespaces"]["selector"] = {"matchLabels": {"team": "east"}}
        return document("Gateway", "east", "gw", spec)

    def listener_set(self, namespace: str, name: str) -> Document:
        parent = {"name": "gw", "namespace": "east"} if self.random.random() < 0.95 else {"name": "gone"}
        one = document("ListenerSet", namespace, name, {"parentRef": parent, "listeners": self.listeners(namespace, 3)})
        one["metadata"]["creationTimestamp"] = self.birthday()
        return one

    def listeners(self, namespace: str, most: int) -> list[Document]:
        found: list[Document] = []
        for number in range(self.random.randint(most // 2, most)):
            one: Document = {"name": f"l{number}", "port": self.one(self.ports)}
            one["protocol"] = self.protocols[one["port"]] if self.random.random() < 0.96 else "HTTP"
            if one["protocol"] == "HTTPS" and self.random.random() < 0.3:
                one["protocol"] = "TLS"
            hostname = self.one(HOSTNAMES) if self.random.random() < 0.7 else ""
            if hostname:
                one["hostname"] = hostname
            taken = {(each["port"], each.get("hostname", "")) for each in found}
            if (one["port"], hostname) in taken and self.random.random() < 0.9:
                continue
            one["allowedRoutes"] = self.allowed_routes()
            if self.random.random() < 0.03:
                one = {key: value for key, value in one.items() if key != "hostname"} | {"protocol": "TCP"}
            if one["protocol"] in ("HTTPS", "TLS"):
                one["tls"] = self.tls(namespace, one["protocol"])
            found.append(one)
        return found

    def allowed_routes(self) -> Document:
        where = self.one(("All", "All", "All", "All", "Same", "Selector"))
        found: Document = {"namespaces": {"from": where}}
        if where == "Selector":
            found["namespaces"]["selector"] = {"matchLabels": {"team": "east"}}
        if self.random.random() < 0.15:
            found["kinds"] = [{"kind": self.one(("HTTPRoute", "GRPCRoute", "TLSRoute"))}]
        return found

    def tls(self, namespace: str, protocol: str) -> Document:
        if protocol == "TLS" and self.random.random() < 0.5:
            return {"mode": "Passthrough"}
        refs = [self.certificate_ref(namespace) for _ in range(self.one((1, 1, 1, 2)))]
        return {"mode": "Terminate", "certificateRefs": refs}

    def certificate_ref(self, namespace: str) -> Document:
        found: Document = {"name": self.one(("c0", "c1")) if self.random.random() < 0.92 else self.one(("bad", "gone"))}
        if self.random.random() < 0.15:
            found["namespace"] = self.one(NAMESPACES)
        return found

    def secrets(self) -> list[Document]:
        """In each namespace two that listeners can use, and one without a key."""
        found = []
        for namespace in NAMESPACES:
            for name in ("c0", "c1", "bad"):
                data = identities.data(Ref(namespace, name))
                one = document("Secret", namespace, name)
                found.append(
                    one | {"type": "kubernetes.io/tls", "data": data | ({"tls.key": ""} if name == "bad" else {})}
                )
        return found

"""What does the model know? The objects that users applied, typed, by kind, and nothing computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from torana.api.core.endpoint_slice import SERVICE_NAME_LABEL
from torana.api.kind import Ref
from torana.api.registry import by_kind

CONTROLLER = "torana.dev/gateway-controller"
OLDEST = "2026-01-01T00:00:00Z"


class Objects:
    """Objects by kind and Ref."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._kinds: dict[str, dict[Ref, Any]] = {}
        for document in documents:
            one = typed(document)
            self._kinds.setdefault(document["kind"], {})[one.metadata.ref] = one

    def of(self, kind: str) -> dict[Ref, Any]:
        return self._kinds.get(kind, {})

    def gateways(self) -> list[Any]:
        """The Gateways of our classes."""
        classes = self.of("GatewayClass")
        found = [(one, classes.get(Ref("", one.spec.gateway_class_name))) for one in self.of("Gateway").values()]
        return [one for one, cls in found if cls is not None and cls.spec.controller_name == CONTROLLER]

    def namespace_labels(self, name: str) -> dict[str, str]:
        namespace = self.of("Namespace").get(Ref("", name))
        return dict(namespace.metadata.labels) if namespace is not None else {}

    def endpoints(self, service: Ref, port_name: str) -> list[tuple[str, int]]:
        """Addresses that take new traffic for this port of the Service."""
        found = []
        for ref, one in self.of("EndpointSlice").items():
            if ref.namespace != service.namespace or one.metadata.labels.get(SERVICE_NAME_LABEL) != service.name:
                continue
            ports = [port.port for port in one.ports if port.name == port_name and port.port is not None]
            ready = [each.addresses[0] for each in one.endpoints if each.conditions.ready is not False]
            found += [(address, port) for address in ready for port in ports]
        return found


def typed(document: Mapping[str, Any]) -> Any:
    """The Struct of a document, with what an API server would fill in."""
    kind = by_kind(document.get("apiVersion", "v1").rpartition("/")[0], document["kind"])
    metadata = {"generation": 1, "creationTimestamp": OLDEST, **document["metadata"]}
    if kind.namespaced:
        metadata.setdefault("namespace", "default")
    return msgspec.convert({**document, "metadata": metadata}, kind.struct)

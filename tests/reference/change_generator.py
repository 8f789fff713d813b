"""Which small changes of objects are tried?"""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference.listener_generator import ListenerGenerator
from tests.reference.route_generator import RouteGenerator
from tests.reference.vocabulary import NAMESPACES, Document

_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute")
_OTHERS = ("ListenerSet", "Gateway", "EndpointSlice")


class ChangeGenerator(ListenerGenerator, RouteGenerator):
    """Changes of one object at a time, as users make them."""

    def changed(self, objects: Sequence[Document]) -> list[Document]:
        """The objects after one of them was made, changed or deleted."""
        if self.random.random() < 0.25:
            routes = [(one["kind"], one["metadata"]) for one in objects if one["kind"] in _ROUTES]
            names = {(kind, metadata["namespace"], metadata["name"]) for kind, metadata in routes}
            kind, namespace, name = self.one(_ROUTES), self.one(NAMESPACES), f"n{self.random.randint(0, 9)}"
            if (kind, namespace, name) not in names:
                return [*objects, self._anew(kind, namespace, name)]
        places = [at for at, one in enumerate(objects) if one["kind"] in (*_ROUTES, *_OTHERS)]
        at = self.one(places)
        found = list(objects)
        if found[at]["kind"] == "Gateway":
            found[at] = self._with_other_listeners(found[at])
        elif self.random.random() < 0.3:
            del found[at]
        elif found[at]["kind"] == "EndpointSlice":
            (endpoint,) = found[at]["endpoints"]
            endpoints = [endpoint | {"conditions": {"ready": not endpoint["conditions"]["ready"]}}]
            found[at] = found[at] | {"endpoints": endpoints}
        else:
            metadata = found[at]["metadata"]
            found[at] = self._anew(found[at]["kind"], metadata["namespace"], metadata["name"])
        return found

    def _anew(self, kind: str, namespace: str, name: str) -> Document:
        make = {
            "HTTPRoute": self.http_route,
            "GRPCRoute": self.grpc_route,
            "TLSRoute": self.tls_route,
            "ListenerSet": self.listener_set,
        }[kind]
        return make(namespace, name)

    def _with_other_listeners(self, gateway: Document) -> Document:
        """One listener is left out, or has what a new one has."""
        listeners = list(gateway["spec"]["listeners"])
        at = self.random.randrange(len(listeners))
        if len(listeners) > 1 and self.random.random() < 0.3:
            del listeners[at]
        else:
            new = self.listeners("east", 1) or self.listeners("east", 2)
            listeners[at] = new[0] | {"name": listeners[at]["name"]} if new else listeners[at]
        return gateway | {"spec": gateway["spec"] | {"listeners": listeners}}

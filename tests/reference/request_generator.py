"""Which requests are tried?"""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference import hostnames
from tests.reference.chance import Chance
from tests.reference.request import Request
from tests.reference.vocabulary import HEADERS, METHOD_NAMES, NAMES, PATHS, SERVER_NAMES, SERVICE_NAMES, Document


class RequestGenerator(Chance):
    """Requests and gRPC calls, plain and over TLS."""

    def requests(self, count: int, objects: Sequence[Document]) -> list[Request]:
        """Most of them for a listener that there is, many for a path that a rule has."""
        has_calls = any(one["kind"] == "GRPCRoute" for one in objects)
        owners = [one for one in objects if one["kind"] in ("Gateway", "ListenerSet")]
        listeners = [listener for one in owners for listener in one["spec"]["listeners"]]
        routes = [one for one in objects if one["kind"] == "HTTPRoute"]
        paths = [
            match["path"]["value"]
            for one in routes
            for rule in one["spec"]["rules"]
            for match in rule.get("matches", [])
        ]
        found = []
        for _ in range(count):
            port, host = self.place(listeners)
            is_call = has_calls and self.random.random() < 0.3
            found.append(self.sent(self.call(port, host) if is_call else self.request(port, host, paths)))
        return found

    def place(self, listeners: Sequence[Document]) -> tuple[int, str]:
        """A port and a Host header."""
        if self.random.random() < 0.2:
            return int(self.one(self.ports)), str(self.one(NAMES))
        listener = self.one(listeners)
        fitting = [name for name in NAMES if hostnames.matches(listener.get("hostname", ""), hostnames.name_of(name))]
        return int(listener["port"]), str(self.one(fitting))

    def request(self, port: int, host: str, paths: Sequence[str]) -> Request:
        path = self.one(paths) if paths and self.random.random() < 0.5 else self.one(PATHS)
        path = path if path in PATHS else self.one(PATHS)
        query = self.one(("", "", "", "?q=1", "?q=2&q=1", "?r=1&q=2", "?Q=1", "?q=12&r", "?"))
        method = self.one(("GET", "GET", "GET", "POST", "HEAD", "PURGE", "OPTIONS"))
        return Request(port, host, path + query, method, self.header_values())

    def call(self, port: int, host: str) -> Request:
        path = f"/{self.one(SERVICE_NAMES)}/{self.one((*METHOD_NAMES, 'Other'))}"
        return Request(port, host, path, "POST", self.header_values(), is_grpc=True)

    def sent(self, request: Request) -> Request:
        """Over TLS where the port speaks it, mostly for the name that the request is for."""
        if (self.protocols[request.port] == "HTTPS") is (self.random.random() < 0.03):
            return request
        name = request.host.partition(":")[0]
        server_name = name if name in SERVER_NAMES and self.random.random() < 0.8 else self.one(SERVER_NAMES)
        return request._replace(is_tls=True, server_name=server_name)

    def header_values(self) -> tuple[tuple[str, str], ...]:
        found = [(self.cased(name), self.one(("1", "2", "12", "a,b"))) for name in self.some(HEADERS, 2)]
        return tuple(found) + tuple(found[:1] if self.random.random() < 0.1 else ())

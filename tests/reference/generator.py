"""Which objects and requests are tried? Random ones from a small vocabulary, so that they meet often."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.reference.echo import ANSWER_HEADERS
from tests.reference.objects import CONTROLLER
from tests.reference.request import Request

Document = dict[str, Any]

GROUP = "gateway.networking.k8s.io"
NAMESPACES = ("east", "east-1", "west")
SERVICES = tuple(f"{namespace}/{name}" for namespace in NAMESPACES for name in ("s0", "s1"))
BACKENDS = tuple(f"{service}:{port}" for service in SERVICES for port in (80, 81))
HEADERS = ("x-a", "x-b", "x-c")
HOSTNAMES = (
    "", "*.com", "*.example.com", "a.example.com", "*.a.example.com", "b.a.example.com", "example.com", "other.org",
)  # fmt: skip
NAMES = (
    "a.example.com", "A.Example.com", "a.example.com:8080", "b.a.example.com", "c.b.a.example.com", "x.example.com",
    "example.com", "other.org", "unknown.net", "x.com", "127.0.0.1", "[::1]:80",
)  # fmt: skip
PREFIXES = ("/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/a%20b", "/a/b/c", "/$&'(x)*+,;=:@~!")
PATHS = (*PREFIXES, "/a/b/", "/a/bc", "/axb", "/b", "/a/b/c/d", "/a.b/", "/ab/a")
EXPRESSIONS = ("/a.*", "/[ab]", "/a/b", ".*", "/(a|b)/?", "/a|/ab", "/A?", "/a/[^/]+")
VALUES = ("1", "2", "two words", "100%", "%REQ(x-a)%", "a,b", "%%", 'q"\\')
REPLACEMENTS = ("/", "", "/new", "/new/", "/n/m", "/$1", "/\\1", "/a%20b", "/%REQ(x-a)%")
SERVICE_NAMES = ("s", "s.One", "s.Two")
METHOD_NAMES = ("Get", "Put", "GetAll")


class Generator:
    """Everything follows from the seed."""

    def __init__(self, seed: int, ports: Sequence[int]) -> None:
        self.random = Random(seed)
        self.ports = ports

    # --- objects ---

    def objects(self, backends: dict[str, tuple[str, int]]) -> list[Document]:
        """`backends` are where the Service ports' endpoints listen."""
        found = [
            document("GatewayClass", "", "torana", {"controllerName": CONTROLLER}),
            *(document("Namespace", "", name, labels={"team": name[:4]}) for name in NAMESPACES),
            self.gateway(),
        ]
        for service in SERVICES:
            if self.random.random() < 0.9:
                found += self.service(service, backends)
        found += [self.grant(number) for number in range(self.random.randint(0, 2))]
        names = [(self.one(NAMESPACES), name) for name in ("r", "r-1", "r.1", "q", "z")]
        for namespace, name in names[: self.random.randint(1, 5)]:
            found.append(self.http_route(namespace, name))
        for namespace, name in names[: self.random.choice((0, 0, 1, 2))]:
            found.append(self.grpc_route(namespace, name))
        return found

    def gateway(self) -> Document:
        listeners: list[Document] = []
        for number in range(self.random.randint(1, 5)):
            one: Document = {"name": f"l{number}", "port": self.one(self.ports), "protocol": "HTTP"}
            hostname = self.one(HOSTNAMES)
            if hostname:
                one["hostname"] = hostname
            taken = {(each["port"], each.get("hostname", "")) for each in listeners}
            if (one["port"], hostname) in taken and self.random.random() < 0.9:
                continue
            one["allowedRoutes"] = self.allowed_routes()
            if self.random.random() < 0.05:
                one = {key: value for key, value in one.items() if key != "hostname"} | {"protocol": "TCP"}
            listeners.append(one)
        return document("Gateway", "east", "gw", {"gatewayClassName": "torana", "listeners": listeners})

    def allowed_routes(self) -> Document:
        where = self.one(("All", "All", "All", "Same", "Selector"))
        found: Document = {"namespaces": {"from": where}}
        if where == "Selector":
            found["namespaces"]["selector"] = {"matchLabels": {"team": "east"}}
        if self.random.random() < 0.15:
            found["kinds"] = [{"kind": self.one(("HTTPRoute", "GRPCRoute"))}]
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
        if self.random.random() < 0.4:
            to["name"] = self.one(("s0", "s1"))
        kind = self.one(("HTTPRoute", "HTTPRoute", "GRPCRoute"))
        source = {"group": GROUP, "kind": kind, "namespace": self.one(NAMESPACES)}
        return document("ReferenceGrant", self.one(NAMESPACES), f"g{number}", {"from": [source], "to": [to]})

    def http_route(self, namespace: str, name: str) -> Document:
        rules = [self.http_rule() for _ in range(self.random.randint(1, 4))]
        return self.route("HTTPRoute", namespace, name, rules)

    def grpc_route(self, namespace: str, name: str) -> Document:
        rules = [self.grpc_rule() for _ in range(self.random.randint(1, 3))]
        return self.route("GRPCRoute", namespace, name, rules)

    def route(self, kind: str, namespace: str, name: str, rules: list[Document]) -> Document:
        spec: Document = {"parentRefs": self.parents(), "rules": rules}
        hostnames = self.some(HOSTNAMES[1:], 3)
        if hostnames and self.random.random() < 0.7:
            spec["hostnames"] = hostnames
        one = document(kind, namespace, name, spec)
        one["metadata"]["creationTimestamp"] = f"2026-01-0{self.random.randint(1, 2)}T00:00:00Z"
        return one

    def parents(self) -> list[Document]:
        found: list[Document] = []
        for _ in range(self.one((1, 1, 1, 2))):
            one: Document = {"name": "gw", "namespace": "east"}
            if self.random.random() < 0.3:
                one["sectionName"] = f"l{self.random.randint(0, 4)}"
            if self.random.random() < 0.15:
                one["port"] = self.one(self.ports)
            if self.random.random() < 0.05:
                one |= self.one(
                    ({"name": "gone"}, {"kind": "Service"}, {"group": "example.com"}, {"namespace": "west"})
                )
            if one not in found:
                found.append(one)
        return found

    def http_rule(self) -> Document:
        rule: Document = {}
        matches = [self.http_match() for _ in range(self.one((0, 1, 1, 1, 2)))]
        if matches:
            rule["matches"] = matches
        is_prefix = len(matches) <= 1 and all(one["path"]["type"] == "PathPrefix" for one in matches)
        filters: list[Document] = []
        if self.random.random() < 0.3:
            filters += self.header_filters()
        kind = self.random.random()
        if kind < 0.15:
            rule["filters"] = [*filters, self.redirect(is_prefix)]
            return rule
        if kind < 0.35:
            filters.append(self.rewrite(is_prefix))
        if self.random.random() < 0.1:
            filters.append({"type": "RequestMirror", "requestMirror": {"backendRef": self.backend()}})
        if self.random.random() < 0.04:
            extension = {"group": "example.com", "kind": "Thing", "name": "thing"}
            filters.append({"type": "ExtensionRef", "extensionRef": extension})
        self.random.shuffle(filters)
        if filters:
            rule["filters"] = filters
        refs = [self.backend_ref() for _ in range(self.one((0, 1, 1, 1, 1, 2, 3)))]
        for ref in refs:
            if self.random.random() < 0.1:
                ref["filters"] = [*ref.get("filters", []), self.rewrite(is_prefix)]
        if refs:
            rule["backendRefs"] = refs
        return rule

    def http_match(self) -> Document:
        kind = self.one(("Exact", "PathPrefix", "PathPrefix", "PathPrefix", "RegularExpression"))
        value = self.one(EXPRESSIONS if kind == "RegularExpression" else PREFIXES if kind == "PathPrefix" else PATHS)
        found: Document = {"path": {"type": kind, "value": value}}
        if self.random.random() < 0.2:
            found["method"] = self.one(("GET", "POST", "HEAD"))
        headers = self.values(("x-a", "x-b", "X-A"), 0.25)
        query = self.values(("q", "r", "Q"), 0.2)
        return found | ({"headers": headers} if headers else {}) | ({"queryParams": query} if query else {})

    def values(self, names: Sequence[str], chance: float) -> list[Document]:
        """Tests of headers or query parameters."""
        if self.random.random() > chance:
            return []
        return [
            {"name": name, "type": "RegularExpression", "value": self.one(("[0-9]", "1|2", "1.*"))}
            if self.random.random() < 0.2
            else {"name": name, "value": self.one(("1", "2"))}
            for name in self.some(names, 2)
        ]

    def grpc_rule(self) -> Document:
        rule: Document = {}
        matches = [self.grpc_match() for _ in range(self.one((0, 1, 1, 2)))]
        if matches:
            rule["matches"] = matches
        if self.random.random() < 0.2:
            rule["filters"] = self.header_filters()
        rule["backendRefs"] = [self.backend_ref() for _ in range(self.one((0, 1, 1, 1, 2)))]
        return rule

    def grpc_match(self) -> Document:
        method: Document = {}
        if self.random.random() < 0.7:
            method["service"] = self.one(SERVICE_NAMES)
        if not method or self.random.random() < 0.5:
            method["method"] = self.one(METHOD_NAMES)
        found: Document = {"method": method} if self.random.random() < 0.9 else {}
        headers = self.values(("x-a", "x-b"), 0.3)
        return found | ({"headers": headers} if headers else {})

    def header_filters(self) -> list[Document]:
        found = []
        for kind in self.some(("Request", "Response"), 2) or ["Request"]:
            names = list(self.random.sample(HEADERS, k=3))
            edits: Document = {}
            for action in self.some(("set", "add"), 2):
                edits[action] = [{"name": self.cased(names.pop()), "value": self.one(VALUES)}]
            if not edits or self.random.random() < 0.3:
                edits["remove"] = [self.cased(names.pop())]
            found.append({"type": f"{kind}HeaderModifier", f"{kind.lower()}HeaderModifier": edits})
        return found

    def redirect(self, is_prefix: bool) -> Document:
        found: Document = {}
        for field, values in (
            ("scheme", ("http", "https")), ("hostname", ("to.example.org",)), ("port", (80, 443, 8443)),
            ("statusCode", (301, 302, 303, 307, 308)),
        ):  # fmt: skip
            if self.random.random() < 0.4:
                found[field] = self.one(values)
        if self.random.random() < 0.5:
            found["path"] = self.path_modifier(is_prefix)
        return {"type": "RequestRedirect", "requestRedirect": found}

    def rewrite(self, is_prefix: bool) -> Document:
        found: Document = {"hostname": "inner.example.org"} if self.random.random() < 0.4 else {}
        if not found or self.random.random() < 0.7:
            found["path"] = self.path_modifier(is_prefix)
        return {"type": "URLRewrite", "urlRewrite": found}

    def path_modifier(self, is_prefix: bool) -> Document:
        if is_prefix and self.random.random() < 0.7:
            return {"type": "ReplacePrefixMatch", "replacePrefixMatch": self.one(REPLACEMENTS)}
        return {"type": "ReplaceFullPath", "replaceFullPath": self.one(REPLACEMENTS) or "/"}

    def backend(self) -> Document:
        found: Document = {"name": self.one(("s0", "s1")), "port": self.one((80, 80, 81, 82))}
        if self.random.random() < 0.05:
            found |= self.one(({"kind": "Bucket"}, {"group": "example.com"}, {"name": "gone"}))
        if self.random.random() < 0.4:
            found["namespace"] = self.one(NAMESPACES)
        return found

    def backend_ref(self) -> Document:
        found = self.backend()
        if self.random.random() < 0.2:
            found["weight"] = self.one((0, 1, 9))
        if self.random.random() < 0.2:
            found["filters"] = self.header_filters()
        return found

    # --- requests ---

    def requests(self, count: int, objects: Sequence[Document]) -> list[Request]:
        has_calls = any(one["kind"] == "GRPCRoute" for one in objects)
        return [self.call() if has_calls and self.random.random() < 0.3 else self.request() for _ in range(count)]

    def request(self) -> Request:
        query = self.one(("", "", "", "?q=1", "?q=2&q=1", "?r=1&q=2", "?Q=1", "?q=12&r", "?"))
        method = self.one(("GET", "GET", "GET", "POST", "HEAD", "PURGE", "OPTIONS"))
        return Request(self.port(), self.host(), self.one(PATHS) + query, method, self.header_values())

    def call(self) -> Request:
        path = f"/{self.one(SERVICE_NAMES)}/{self.one((*METHOD_NAMES, 'Other'))}"
        return Request(self.port(), self.host(), path, "POST", self.header_values(), is_grpc=True)

    def port(self) -> int:
        return int(self.one(self.ports))

    def host(self) -> str:
        return str(self.one(NAMES))

    def header_values(self) -> tuple[tuple[str, str], ...]:
        found = [(self.cased(name), self.one(("1", "2", "12", "a,b"))) for name in self.some(HEADERS, 2)]
        return tuple(found) + tuple(found[:1] if self.random.random() < 0.1 else ())

    def one(self, options: Sequence[Any]) -> Any:
        return self.random.choice(options)

    def some(self, options: Sequence[Any], most: int) -> list[Any]:
        return self.random.sample(options, k=self.random.randint(0, most))

    def cased(self, name: str) -> str:
        return name.upper() if self.random.random() < 0.2 else name


def document(kind: str, namespace: str, name: str, spec: Document | None = None, **metadata: Any) -> Document:
    groups = {"EndpointSlice": "discovery.k8s.io/v1", "Service": "v1", "Namespace": "v1"}
    groups["ReferenceGrant"] = f"{GROUP}/v1beta1"
    where = {"namespace": namespace} if namespace else {}
    found: Document = {
        "apiVersion": groups.get(kind, f"{GROUP}/v1"),
        "kind": kind,
        "metadata": {"name": name, **where, **metadata},
    }
    return found | ({"spec": spec} if spec is not None else {})


def answered_headers() -> dict[str, str]:
    """What backends answer, of the headers that filters change."""
    found: dict[str, str] = {}
    for name, value in ANSWER_HEADERS:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found

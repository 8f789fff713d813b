"""Which routes are tried?"""

from __future__ import annotations

from collections.abc import Sequence

from tests.reference.chance import Chance
from tests.reference.vocabulary import (
    EXPRESSIONS,
    HEADERS,
    HOSTNAMES,
    LISTENER_SETS,
    METHOD_NAMES,
    NAMESPACES,
    PATHS,
    PREFIXES,
    REPLACEMENTS,
    SERVICE_NAMES,
    VALUES,
    Document,
    document,
)


class RouteGenerator(Chance):
    """Routes with all that may stand in their rules."""

    def http_route(self, namespace: str, name: str) -> Document:
        rules = [self.http_rule() for _ in range(self.random.randint(1, 4))]
        return self.route("HTTPRoute", namespace, name, rules)

    def grpc_route(self, namespace: str, name: str) -> Document:
        rules = [self.grpc_rule() for _ in range(self.random.randint(1, 3))]
        return self.route("GRPCRoute", namespace, name, rules)

    def tls_route(self, namespace: str, name: str) -> Document:
        refs = [self.backend() for _ in range(self.one((1, 1, 2)))]
        for ref in refs:
            if self.random.random() < 0.2:
                ref["weight"] = self.one((0, 1, 9))
        one = self.route("TLSRoute", namespace, name, [{"backendRefs": refs}])
        one["spec"]["hostnames"] = self.some(HOSTNAMES[1:], 5) or ["*.com"]
        return one

    def route(self, kind: str, namespace: str, name: str, rules: list[Document]) -> Document:
        spec: Document = {"parentRefs": self.parents(), "rules": rules}
        names = self.some(HOSTNAMES[1:], 3)
        if names and self.random.random() < 0.5:
            spec["hostnames"] = names
        one = document(kind, namespace, name, spec)
        one["metadata"]["creationTimestamp"] = self.birthday()
        return one

    def parents(self) -> list[Document]:
        found: list[Document] = []
        for _ in range(self.one((1, 1, 1, 2))):
            one: Document = {"name": "gw", "namespace": "east"}
            if self.random.random() < 0.45:
                known = self.sets if self.sets and self.random.random() < 0.95 else LISTENER_SETS
                namespace, name = self.one(known)
                one = {"kind": "ListenerSet", "name": name, "namespace": namespace}
            if self.random.random() < 0.2:
                one["sectionName"] = f"l{self.random.randint(0, 3)}"
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
        found: Document = {"name": self.one(("s0", "s1")), "port": self.one((80, 80, 80, 81, 81, 82))}
        if self.random.random() < 0.05:
            found |= self.one(({"kind": "Bucket"}, {"group": "example.com"}, {"name": "gone"}))
        if self.random.random() < 0.25:
            found["namespace"] = self.one(NAMESPACES)
        return found

    def backend_ref(self) -> Document:
        found = self.backend()
        if self.random.random() < 0.2:
            found["weight"] = self.one((0, 1, 9))
        if self.random.random() < 0.2:
            found["filters"] = self.header_filters()
        return found

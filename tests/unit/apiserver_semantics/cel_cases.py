"""Objects that break, or just do not break, each CEL rule of the Gateway API: one line per case.

A case is a message that must appear (the rule's own), and edits of its kind's base object: path → value, with `...` for
"remove". Cases with the message "" must be accepted: they sit right beside a case that is refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple

GROUP = "gateway.networking.k8s.io"
X_GROUP = "gateway.networking.x-k8s.io"
REMOVE: Any = ...


class Case(NamedTuple):
    """Edits of a base object, and the message of the rule they break ("": none)."""

    message: str
    edits: dict[str, Any]
    channel: str = ""
    """The only channel the case is for ("": both)."""
    old: dict[str, Any] | None = None
    """Edits that make the object this one replaces; None for a create."""


def object_of(kind: str, spec: dict[str, Any], group: str = GROUP) -> dict[str, Any]:
    return {"apiVersion": f"{group}/*", "kind": kind, "metadata": {"name": "a"}, "spec": spec}


BACKEND = {"name": "svc", "port": 80}
BASES: dict[str, dict[str, Any]] = {
    "HTTPRoute": object_of(
        "HTTPRoute",
        {
            "parentRefs": [{"name": "gw"}],
            "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/a"}}], "backendRefs": [BACKEND]}],
        },
    ),
    "GRPCRoute": object_of(
        "GRPCRoute", {"rules": [{"matches": [{"method": {"service": "s"}}], "backendRefs": [BACKEND]}]}
    ),
    "Gateway": object_of(
        "Gateway", {"gatewayClassName": "c", "listeners": [{"name": "l", "port": 80, "protocol": "HTTP"}]}
    ),
    "GatewayClass": object_of("GatewayClass", {"controllerName": "example.com/c"}),
    "ListenerSet": object_of(
        "ListenerSet", {"parentRef": {"name": "gw"}, "listeners": [{"name": "l", "port": 80, "protocol": "HTTP"}]}
    ),
    "TLSRoute": object_of("TLSRoute", {"hostnames": ["a.example.com"], "rules": [{"backendRefs": [BACKEND]}]}),
    "TCPRoute": object_of("TCPRoute", {"rules": [{"backendRefs": [BACKEND]}]}),
    "UDPRoute": object_of("UDPRoute", {"rules": [{"backendRefs": [BACKEND]}]}),
    "BackendTLSPolicy": object_of(
        "BackendTLSPolicy",
        {
            "targetRefs": [{"group": "", "kind": "Service", "name": "s"}],
            "validation": {"hostname": "a.example.com", "wellKnownCACertificates": "System"},
        },
    ),
    "XBackend": object_of(
        "XBackend",
        {"type": "ExternalHostname", "externalHostname": {"hostname": "a.example.com"}, "port": {"port": 80}},
        X_GROUP,
    ),
    "XBackendTrafficPolicy": object_of(
        "XBackendTrafficPolicy",
        {"targetRefs": [{"group": "", "kind": "Service", "name": "s"}], "retryConstraint": {}},
        X_GROUP,
    ),
    "XMesh": object_of("XMesh", {"controllerName": "example.com/c"}, X_GROUP),
}

# Parts of objects, with the paths where they stand.

RULE, FILTERS = "spec.rules[0]", "spec.rules[0].filters"
PATH = "spec.rules[0].matches[0].path"
LISTENERS, TLS = "spec.listeners", "spec.listeners[0].tls"

SET_HEADER = {"set": [{"name": "a", "value": "b"}]}
MIRROR = {"backendRef": BACKEND}
PAYLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "RequestHeaderModifier": ("requestHeaderModifier", SET_HEADER),
    "ResponseHeaderModifier": ("responseHeaderModifier", SET_HEADER),
    "RequestMirror": ("requestMirror", MIRROR),
    "ExtensionRef": ("extensionRef", {"group": "example.com", "kind": "Thing", "name": "t"}),
}
HTTP_PAYLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    **PAYLOADS,
    "RequestRedirect": ("requestRedirect", {"hostname": "b.example.com"}),
    "URLRewrite": ("urlRewrite", {"hostname": "b.example.com"}),
    "CORS": ("cors", {"allowOrigins": ["https://a.example.com"]}),
}
AUTH = {"protocol": "HTTP", "backendRef": BACKEND, "http": {}}


def filter_of(type_name: str, **changes: Any) -> dict[str, Any]:
    """A filter of a type, with its payload changed."""
    name, payload = HTTP_PAYLOADS[type_name]
    return {"type": type_name, name: {**payload, **changes}}


def filter_cases(payloads: dict[str, tuple[str, dict[str, Any]]]) -> list[Case]:
    """Type and payload of a filter belong together."""
    cases: list[Case] = []
    for type_name, (name, payload) in payloads.items():
        other = "ExtensionRef" if type_name == "RequestHeaderModifier" else "RequestHeaderModifier"
        other_name, other_payload = payloads[other]
        no_backend = {f"{RULE}.backendRefs": []}
        cases += [
            Case("", {FILTERS: [{"type": type_name, name: payload}], **no_backend}),
            Case(f"filter.{name} must be specified for {type_name} filter.type", {FILTERS: [{"type": type_name}]}),
            Case(
                f"filter.{name} must be nil if the filter.type is not {type_name}",
                {FILTERS: [{"type": other, other_name: other_payload, name: payload}], **no_backend},
            ),
        ]
        if type_name not in ("RequestMirror", "ExtensionRef"):
            twice = [{"type": type_name, name: payload}] * 2
            cases.append(Case(f"{type_name} filter cannot be repeated", {FILTERS: twice, **no_backend}))
        else:
            cases.append(Case("", {FILTERS: [{"type": type_name, name: payload}] * 2}))
    return cases


def redirect(**path: str) -> list[dict[str, Any]]:
    return [filter_of("RequestRedirect", path=path)]


def rewrite(**path: str) -> list[dict[str, Any]]:
    return [filter_of("URLRewrite", path=path)]


def path_modifier_cases() -> list[Case]:
    """Type and value of a path modifier belong together; a prefix needs a prefix match to replace."""
    cases: list[Case] = []
    for full, prefix in (("ReplaceFullPath", "ReplacePrefixMatch"), ("ReplacePrefixMatch", "ReplaceFullPath")):
        own, other = full[0].lower() + full[1:], prefix[0].lower() + prefix[1:]
        cases += [
            Case("", {FILTERS: rewrite(type=full, **{own: "/x"})}),
            Case(f"{own} must be specified when type is set to '{full}'", {FILTERS: rewrite(type=full)}),
            Case(
                f"type must be '{prefix}' when {other} is set",
                {FILTERS: rewrite(type=full, **{own: "/x", other: "/y"})},
            ),
        ]
    two_matches = {f"{RULE}.matches": [{"path": {"value": "/a"}}, {"path": {"value": "/b"}}]}
    exact = {f"{RULE}.matches": [{"path": {"type": "Exact", "value": "/a"}}]}
    for name, filters in (("RequestRedirect", redirect), ("URLRewrite", rewrite)):
        made = filters(type="ReplacePrefixMatch", replacePrefixMatch="/x")
        at_rule = {FILTERS: made, f"{RULE}.backendRefs": []}
        at_backend = {f"{RULE}.backendRefs[0].filters": made}
        message = f"sing {name} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified"
        cases += [
            Case("", at_rule),
            Case(f"When u{message}", {**at_rule, **two_matches}),
            Case(f"When u{message}", {**at_rule, **exact}),
            Case("", at_backend),
            Case(f"hen u{message}", {**at_backend, **two_matches}),
        ]
    return cases


def path_cases() -> list[Case]:
    """What the value of a path match may be."""
    when = "when type one of ['Exact', 'PathPrefix']"
    refused = {
        f"value must be an absolute path and start with '/' {when}": "a",
        f"must not contain '//' {when}": "/a//b",
        f"must not contain '/./' {when}": "/a/./b",
        f"must not contain '/../' {when}": "/a/../b",
        f"must not contain '%2f' {when}": "/a%2fb",
        f"must not contain '%2F' {when}": "/a%2Fb",
        f"must not contain '#' {when}": "/a#b",
        f"must not end with '/..' {when}": "/a/..",
        f"must not end with '/.' {when}": "/a/.",
        "must only contain valid characters": "/a b",
    }
    cases = [Case(message, {f"{PATH}.value": value}) for message, value in refused.items()]
    cases += [Case(message, {PATH: {"type": "Exact", "value": value}}) for message, value in refused.items()]
    cases += [Case("", {PATH: {"type": "RegularExpression", "value": value}}) for value in refused.values()]
    cases += [Case("", {f"{PATH}.value": value}) for value in ("/", "/a.b", "/...", "/%20", "/a..", "/~")]
    cases += [Case("must only contain valid characters", {f"{PATH}.value": value}) for value in ("/é", "/a\n", "/%2")]
    return cases


def parent_cases() -> list[Case]:
    """The same parent named more than once."""
    gw, other = {"name": "gw"}, {"name": "gw2"}
    one, two = {"name": "gw", "sectionName": "one"}, {"name": "gw", "sectionName": "two"}
    here, there = {"name": "gw", "namespace": "here"}, {"name": "gw", "namespace": "there"}
    at = "spec.parentRefs"
    specified = "must be specified when parentRefs includes 2 or more references to the same parent"
    unique = "must be unique when parentRefs includes 2 or more references to the same parent"
    return [
        Case("", {at: [gw, other]}),
        Case("", {at: [one, two]}),
        Case("", {at: [here, there]}),
        Case(f"sectionName {specified}", {at: [gw, one]}, "standard"),
        Case(f"sectionName {unique}", {at: [one, one]}, "standard"),
        Case(f"sectionName {unique}", {at: [gw, gw]}, "standard"),
        Case(f"sectionName {unique}", {at: [here, here]}, "standard"),
        Case(f"sectionName or port {specified}", {at: [gw, one]}, "experimental"),
        Case(f"sectionName or port {unique}", {at: [one, one]}, "experimental"),
        Case("", {at: [{**one, "port": 1}, {**one, "port": 2}]}, "experimental"),
        Case(f"sectionName or port {specified}", {at: [{**gw, "port": 1}, gw]}, "experimental"),
    ]


def mirror_cases() -> list[Case]:
    def mirrored(**changes: Any) -> dict[str, Any]:
        return {FILTERS: [filter_of("RequestMirror", **changes)]}

    return [
        Case("", mirrored(percent=10)),
        Case("Only one of percent or fraction may be specified", mirrored(percent=1, fraction={"numerator": 1})),
        Case("", mirrored(fraction={"numerator": 100})),
        Case("numerator must be less than or equal to denominator", mirrored(fraction={"numerator": 101})),
        Case("Must have port for Service reference", mirrored(backendRef={"name": "svc"})),
        Case("", mirrored(backendRef={"group": "example.com", "kind": "Thing", "name": "t"})),
    ]


def session_cases(at: str = f"{RULE}.sessionPersistence") -> list[Case]:
    forever = {"cookieConfig": {"lifetimeType": "Permanent"}}
    return [
        Case("", {at: {"sessionName": "a", "cookieConfig": {"lifetimeType": "Session"}}}, "experimental"),
        Case("AbsoluteTimeout must be specified when cookie lifetimeType is Permanent", {at: forever}, "experimental"),
        Case("", {at: {**forever, "absoluteTimeout": "1h"}}, "experimental"),
        Case("cookieConfig can only be set with type", {at: {"type": "Header", "cookieConfig": {}}}, "experimental"),
    ]


def name_cases() -> list[Case]:
    def named(first: str, second: str) -> dict[str, Any]:
        return {"spec.rules": [{"name": first, "backendRefs": [BACKEND]}, {"name": second, "backendRefs": [BACKEND]}]}

    return [
        Case("", named("a", "b"), "experimental"),
        Case("Rule name must be unique within the route", named("a", "a"), "experimental"),
    ]


def total_cases(match: dict[str, Any]) -> list[Case]:
    def many(*counts: int) -> dict[str, Any]:
        return {"spec.rules": [{"matches": [match] * count} for count in counts]}

    return [
        Case("", many(64, 64)),
        Case("the total number of matches across all rules in a route must be less than 128", many(64, 64, 1)),
        Case("", many(*[8] * 16)),
        Case("the total number of matches across all rules in a route must be less than 128", many(*[8] * 15, 9)),
    ]


def san_cases(at: str = "spec.validation.subjectAltNames", with_: dict[str, Any] | None = None) -> list[Case]:
    """Type and value of a subject alternative name belong together."""
    uri, host = {"type": "URI", "uri": "spiffe://a/b"}, {"type": "Hostname", "hostname": "a.b"}
    return [
        Case(message, {**(with_ or {}), at: [name]})
        for message, name in (
            ("", host),
            ("", uri),
            ("must contain Hostname, if Type is set to Hostname", {"type": "Hostname"}),
            ("must not contain Hostname, if Type is not set to Hostname", {**uri, "hostname": "a.b"}),
            ("must contain URI, if Type is set to URI", {"type": "URI"}),
            ("must not contain URI, if Type is not set to URI", {**host, "uri": "spiffe://a/b"}),
        )
    ]


def ca_cases(at: str = "spec.validation", with_: dict[str, Any] | None = None) -> list[Case]:
    """Exactly one source of authorities."""
    ca = {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]}
    validation = {"hostname": "a.example.com"}
    both = {**validation, **ca, "wellKnownCACertificates": "System"}
    more = with_ or {}
    return [
        Case("", {**more, at: {**validation, **ca}}),
        Case("must not contain both CACertificateRefs and WellKnownCACertificates", {**more, at: both}),
        Case("must specify either CACertificateRefs or WellKnownCACertificates", {**more, at: validation}),
    ]


def port_cases() -> list[Case]:
    at = f"{RULE}.backendRefs"
    return [
        Case("Must have port for Service reference", {at: [{"name": "svc"}]}),
        Case("", {at: [{"name": "svc", "group": "example.com", "kind": "Service"}]}),
    ]

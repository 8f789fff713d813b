"""Cases for the rules of everything that is not an HTTP or gRPC route's own (see `cel_cases.py`)."""

from __future__ import annotations

from typing import Any

from .cel_cases import (
    AUTH,
    BACKEND,
    FILTERS,
    HTTP_PAYLOADS,
    LISTENERS,
    PAYLOADS,
    RULE,
    TLS,
    Case,
    ca_cases,
    filter_cases,
    filter_of,
    mirror_cases,
    name_cases,
    parent_cases,
    path_cases,
    path_modifier_cases,
    port_cases,
    san_cases,
    session_cases,
    total_cases,
)

CERTIFICATE = {"certificateRefs": [{"name": "cert"}]}


def listener(name: str = "l", port: int = 80, protocol: str = "HTTP", **more: Any) -> dict[str, Any]:
    return {"name": name, "port": port, "protocol": protocol, **more}


def listener_cases() -> list[Case]:
    """Rules of listeners, the same for Gateways and ListenerSets."""
    no_tls = "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"
    no_hostname = "hostname must not be specified for protocols ['TCP', 'UDP']"
    unique = "Combination of port, protocol and hostname must be unique for each listener"
    certificate_needed = "certificateRefs or options must be specified when mode is Terminate"
    return [
        *[Case(no_tls, {LISTENERS: [listener(protocol=p, tls=CERTIFICATE)]}) for p in ("HTTP", "TCP", "UDP")],
        Case("", {LISTENERS: [listener(protocol="HTTPS", tls=CERTIFICATE)]}),
        Case("", {LISTENERS: [listener(protocol="example.com/x", tls=CERTIFICATE)]}),
        Case(
            "tls mode must be Terminate for protocol HTTPS",
            {LISTENERS: [listener(protocol="HTTPS", tls={"mode": "Passthrough"})]},
        ),
        Case("", {LISTENERS: [listener(protocol="TLS", tls={"mode": "Passthrough"})]}),
        Case("tls mode must be set for protocol TLS", {LISTENERS: [listener(protocol="TLS")]}),
        *[Case(no_hostname, {LISTENERS: [listener(protocol=p, hostname="a.b")]}) for p in ("TCP", "UDP")],
        Case("", {LISTENERS: [listener(hostname="*.a.b")]}),
        Case("Listener name must be unique within the Gateway", {LISTENERS: [listener(), listener(port=81)]}),
        Case(unique, {LISTENERS: [listener("a"), listener("b")]}),
        Case(unique, {LISTENERS: [listener("a", hostname="a.b"), listener("b", hostname="a.b")]}),
        Case("", {LISTENERS: [listener("a", hostname="a.b"), listener("b")]}),
        Case("", {LISTENERS: [listener("a"), listener("b", protocol="TCP")]}),
        Case(certificate_needed, {LISTENERS: [listener(protocol="HTTPS", tls={"mode": "Terminate"})]}),
        Case(certificate_needed, {LISTENERS: [listener(protocol="HTTPS", tls={"certificateRefs": []})]}),
        Case("", {f"{LISTENERS}[0].protocol": "HTTPS", TLS: {"options": {"example.com/a": "b"}}}),
    ]


def gateway_cases() -> list[Case]:
    addresses, status = "spec.addresses", "status.addresses"
    ip, host = {"type": "IPAddress", "value": "1.2.3.4"}, {"type": "Hostname", "value": "a.example.com"}
    labels, annotations = "spec.infrastructure.labels", "spec.infrastructure.annotations"
    long_prefix = f"{'a' * 253}/name"
    frontend = {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]}

    def per_port(*ports: int) -> dict[str, Any]:
        return {
            "spec.tls": {
                "frontend": {
                    "default": {},
                    "perPort": [{"port": port, "tls": {"validation": frontend}} for port in ports],
                }
            }
        }

    cases = [
        Case("", {addresses: [ip, {**ip, "value": "1.2.3.5"}, host]}),
        Case("IPAddress values must be unique", {addresses: [ip, ip]}),
        Case("Hostname values must be unique", {addresses: [host, host]}),
        Case("", {addresses: [{"type": "Hostname"}]}),
        Case("Hostname value must be empty or", {addresses: [{"type": "Hostname", "value": "a_b"}]}),
        Case("", {status: [host]}),
        Case("Hostname value must only contain valid characters", {status: [{"type": "Hostname", "value": "a_b"}]}),
        Case("", per_port(443, 444)),
        Case("Port for TLS configuration must be unique within the Gateway", per_port(443, 443)),
    ]
    for at, word in ((labels, "Label"), (annotations, "Annotation")):
        prefix = f"If specified, the {word.lower()} key's prefix must be a DNS subdomain not longer than 253"
        cases += [
            Case("", {at: {"example.com/a": "x", "b": "y"}}),
            Case(f"{word} keys must be in the form of an optional DNS subdomain prefix", {at: {"a b": "x"}}),
            Case(f"{word} keys must be in the form of an optional DNS subdomain prefix", {at: {"a" * 64: "x"}}),
            Case(prefix, {at: {long_prefix: "x"}}),
        ]
    return cases


def cors_cases() -> list[Case]:
    cases: list[Case] = []
    for name, word, values in (
        ("allowHeaders", "AllowHeaders cannot contain '*' alongside other methods", ["*", "x"]),
        ("allowMethods", "AllowMethods cannot contain '*' alongside other methods", ["*", "GET"]),
        ("allowOrigins", "AllowOrigins cannot contain '*' alongside other origins", ["*", "https://a.b"]),
    ):
        cases += [
            Case(word, {FILTERS: [filter_of("CORS", **{name: values})]}),
            Case("", {FILTERS: [filter_of("CORS", **{name: ["*"]})]}),
        ]
    return [*cases, Case("", {FILTERS: [filter_of("CORS", exposeHeaders=["*", "x"])]})]


def auth_cases() -> list[Case]:
    def asked(**auth: Any) -> dict[str, Any]:
        return {FILTERS: [{"type": "ExternalAuth", "externalAuth": auth}]}

    backend = {"backendRef": BACKEND}
    cases = [
        Case("", asked(**AUTH)),
        Case("", asked(protocol="GRPC", grpc={}, **backend)),
        Case("grpc must be specified when protocol is set to 'GRPC'", asked(protocol="GRPC", **backend)),
        Case("protocol must be 'GRPC' when grpc is set", asked(**AUTH, grpc={})),
        Case("http must be specified when protocol is set to 'HTTP'", asked(protocol="HTTP", **backend)),
        Case("protocol must be 'HTTP' when http is set", asked(protocol="GRPC", grpc={}, http={}, **backend)),
        Case("filter.externalAuth must be specified for ExternalAuth", {FILTERS: [{"type": "ExternalAuth"}]}),
        Case(
            "filter.externalAuth must be nil if the filter.type is not ExternalAuth",
            {FILTERS: [{**filter_of("CORS"), "externalAuth": AUTH}]},
        ),
    ]
    return [case._replace(channel="experimental") for case in cases]


def http_cases() -> list[Case]:
    timeouts = f"{RULE}.timeouts"
    no_backend = {f"{RULE}.backendRefs": []}
    return [
        *parent_cases(),
        *filter_cases(HTTP_PAYLOADS),
        *path_modifier_cases(),
        *path_cases(),
        *mirror_cases(),
        *session_cases(),
        *name_cases(),
        *total_cases({"path": {"value": "/a"}}),
        *port_cases(),
        *cors_cases(),
        *auth_cases(),
        Case("RequestRedirect filter must not be used together", {FILTERS: [filter_of("RequestRedirect")]}),
        Case(
            "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both",
            {FILTERS: [filter_of("RequestRedirect"), filter_of("URLRewrite")], **no_backend},
        ),
        Case("", {timeouts: {"request": "2s", "backendRequest": "2s"}}),
        Case("", {timeouts: {"request": "0s", "backendRequest": "2s"}}),
        Case(
            "backendRequest timeout cannot be longer than request timeout",
            {timeouts: {"request": "1s", "backendRequest": "1001ms"}},
        ),
        Case("type must be one of ['Exact', 'PathPrefix', 'RegularExpression']", {}, channel="unreachable"),
    ]


def grpc_cases() -> list[Case]:
    method = f"{RULE}.matches[0].method"
    return [
        *parent_cases(),
        *filter_cases(PAYLOADS),
        *mirror_cases(),
        *session_cases(),
        *name_cases(),
        *total_cases({"method": {"service": "s"}}),
        *port_cases(),
        Case("", {method: {"service": ".Foo.bar_1", "method": "Do"}}),
        Case("One or both of 'service' or 'method' must be specified", {method: {"type": "Exact"}}),
        Case("One or both of 'service' or 'method' must be specified", {method: {}}),
        Case("service must only contain valid characters", {method: {"service": "a-b"}}),
        Case("service must only contain valid characters", {method: {"service": "a..b"}}),
        Case("method must only contain valid characters", {method: {"method": "1a"}}),
        Case("method must only contain valid characters", {method: {"method": "a\n"}}),
        Case("", {method: {"type": "RegularExpression", "service": "a-b"}}),
    ]


def tls_route_cases() -> list[Case]:
    at = "spec.hostnames"
    wildcard = "Wildcards on hostnames must be the first label"
    return [
        *parent_cases(),
        *port_cases(),
        Case("", {at: ["a.b", "*.a.b"]}),
        Case("Hostnames cannot contain an IP", {at: ["1.2.3.4"]}),
        Case("Hostnames must be valid based on RFC-1123", {at: ["a_b"]}),
        Case(wildcard, {at: ["a.*.b"]}),
        Case(wildcard, {at: ["*.-a"]}),
        Case(wildcard, {at: ["*"]}),
    ]


def tls_policy_cases() -> list[Case]:
    targets = "spec.targetRefs"
    target = {"group": "", "kind": "Service", "name": "s"}
    return [
        Case("", {targets: [{**target, "sectionName": "a"}, {**target, "sectionName": "b"}]}),
        Case("sectionName must be specified when targetRefs", {targets: [target, {**target, "sectionName": "a"}]}),
        Case("sectionName must be unique when targetRefs includes", {targets: [{**target, "sectionName": "a"}] * 2}),
        *ca_cases(),
        *san_cases(),
    ]


def backend_cases() -> list[Case]:
    both = "externalHostname must be set when type is ExternalHostname and must be unset otherwise"
    client = "clientCertificateRef must be set if and only if mode is ClientAndServer"
    validation = {"validation": {"hostname": "a.example.com", "wellKnownCACertificates": "System"}}
    certificate = {"clientCertificateRef": {"name": "c"}}
    return [
        Case("", {}),
        Case(both, {"spec.externalHostname": ...}),
        Case(
            "must not be an IP address or end with .cluster.local",
            {"spec.externalHostname.hostname": "a.cluster.local"},
        ),
        Case("", {"spec.port.name": ""}),
        Case("Name must be a valid DNS label", {"spec.port.name": "A"}),
        Case(client, {"spec.tls": {"mode": "ClientAndServer", **validation}}),
        Case(client, {"spec.tls": {"mode": "ServerOnly", **validation, **certificate}}),
        Case("", {"spec.tls": {"mode": "ClientAndServer", **validation, **certificate}}),
        *ca_cases("spec.tls.validation", {"spec.tls": {"mode": "ServerOnly", **validation}}),
        *san_cases("spec.tls.validation.subjectAltNames", {"spec.tls": {"mode": "ServerOnly", **validation}}),
    ]


def traffic_cases() -> list[Case]:
    budget, rate = "spec.retryConstraint.budget.interval", "spec.retryConstraint.minRetryRate"
    bounds = "interval cannot be greater than one hour or less than one second"
    return [
        *session_cases("spec.sessionPersistence"),
        Case("", {budget: "1h"}),
        Case(bounds, {budget: "61m"}),
        Case(bounds, {budget: "999ms"}),
        Case("", {rate: {"count": 1, "interval": "1h"}}),
        Case("interval cannot be greater than one hour", {rate: {"count": 1, "interval": "0s"}}),
    ]


IMMUTABLE = [
    Case("", {"spec.controllerName": "example.com/other"}),
    Case("", {}, old={}),
    Case("Value is immutable", {"spec.controllerName": "example.com/other"}, old={}),
]

CASES: dict[str, list[Case]] = {
    "HTTPRoute": http_cases(),
    "GRPCRoute": grpc_cases(),
    "Gateway": [*listener_cases(), *gateway_cases()],
    "GatewayClass": IMMUTABLE,
    "ListenerSet": listener_cases(),
    "TLSRoute": tls_route_cases(),
    "TCPRoute": [*parent_cases(), *port_cases(), Case("", {})],
    "UDPRoute": [*parent_cases(), *port_cases(), Case("", {})],
    "BackendTLSPolicy": tls_policy_cases(),
    "XBackend": backend_cases(),
    "XBackendTrafficPolicy": traffic_cases(),
    "XMesh": IMMUTABLE,
}

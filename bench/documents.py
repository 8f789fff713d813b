"""What objects does a benchmark put into the API?

A namespace, Services without selector whose EndpointSlices name a local process, one Gateway and many HTTPRoutes of one
shape: a hostname of their own, one rule, one backend.
"""

from __future__ import annotations

from bench.api import Document

GROUP = "gateway.networking.k8s.io/v1"
NAMESPACE = "bench"
GATEWAY = "bench"
PORT = 8080
EXTRA_PORT = 8081
VERSION_HEADER = "x-bench-version"


def namespace(name: str = NAMESPACE) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def gateway_class(name: str) -> Document:
    """Torana's own class, which a fresh `torana up` does not have yet."""
    return {
        "apiVersion": GROUP,
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": "torana.dev/gateway-controller"},
    }


def gateway(class_name: str, listeners: dict[str, int] | None = None) -> Document:
    """A Gateway with one HTTP listener per entry of `listeners` (name → port)."""
    ports = listeners or {"http": PORT}
    return {
        "apiVersion": GROUP,
        "kind": "Gateway",
        "metadata": {"name": GATEWAY, "namespace": NAMESPACE},
        "spec": {
            "gatewayClassName": class_name,
            "listeners": [{"name": name, "protocol": "HTTP", "port": port} for name, port in ports.items()],
        },
    }


def service(name: str, address: str, port: int) -> tuple[Document, Document]:
    """A Service without selector on port 80, and the EndpointSlice that sends it to `address:port`."""
    metadata = {"name": name, "namespace": NAMESPACE}
    ports = [{"name": "http", "port": 80, "targetPort": port, "protocol": "TCP"}]
    endpoint = {"addresses": [address], "conditions": {"ready": True, "serving": True, "terminating": False}}
    return (
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**metadata, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [endpoint],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        },
    )


def route(name: str, *, version: str = "", service: str = "backend") -> Document:
    """A route for its own hostname. `version` is put on every answer as a response header."""
    rule: Document = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"name": service, "port": 80}],
    }
    if version:
        header = {"set": [{"name": VERSION_HEADER, "value": version}]}
        rule["filters"] = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": header}]
    return {
        "apiVersion": GROUP,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"parentRefs": [{"name": GATEWAY}], "hostnames": [hostname(name)], "rules": [rule]},
    }


def hostname(route_name: str) -> str:
    return f"{route_name}.bench.example"

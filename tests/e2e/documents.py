"""Which objects do the scenarios consist of?

Builders that return plain dictionaries as a user would write them in YAML, nothing left to defaults that matters here.
"""

from __future__ import annotations

import base64
from typing import Any

from bench.api import Document

GROUP = "gateway.networking.k8s.io"
ECHO_IMAGE = "registry.k8s.io/gateway-api/conformance/echo-basic:v1.5.1"


def namespace(name: str, **labels: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def gateway_class(name: str, controller_name: str = "torana.dev/gateway-controller") -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": controller_name},
    }


def gateway(namespace: str, name: str, *listeners: Document, class_name: str = "torana") -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Gateway",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"gatewayClassName": class_name, "listeners": list(listeners or (listener(),))},
    }


def listener_set(namespace: str, name: str, gateway: Document, *listeners: Document) -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ListenerSet",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"parentRef": gateway, "listeners": list(listeners)},
    }


def listener(
    name: str = "http",
    port: int = 80,
    *,
    hostname: str = "",
    from_: str = "",
    selector: Document | None = None,
    certificate: Document | None = None,
) -> Document:
    """An HTTP listener, or an HTTPS one when a `certificate` reference is given."""
    entry: Document = {"name": name, "port": port, "protocol": "HTTPS" if certificate else "HTTP"}
    if hostname:
        entry["hostname"] = hostname
    if certificate:
        entry["tls"] = {"mode": "Terminate", "certificateRefs": [certificate]}
    if from_:
        entry["allowedRoutes"] = {"namespaces": {"from": from_, **({"selector": selector} if selector else {})}}
    return entry


def route(namespace: str, name: str, parent: Document, *rules: Document, hostnames: tuple[str, ...] = ()) -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"parentRefs": [parent], "hostnames": list(hostnames), "rules": list(rules)},
    }


def tls_route(
    namespace: str, name: str, parent: Document, backend: Document, *, hostnames: tuple[str, ...]
) -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "TLSRoute",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"parentRefs": [parent], "hostnames": list(hostnames), "rules": [{"backendRefs": [backend]}]},
    }


def parent(name: str, namespace: str = "", *, kind: str = "", section: str = "", port: int = 0) -> Document:
    given: Document = {"kind": kind, "name": name, "namespace": namespace, "sectionName": section, "port": port}
    return {key: value for key, value in given.items() if value}


def rule(
    *backends: Document, matches: tuple[Document, ...] = (), filters: tuple[Document, ...] = (), **more: Any
) -> Document:
    entry: Document = {**more}
    if matches:
        entry["matches"] = list(matches)
    if filters:
        entry["filters"] = list(filters)
    if backends:
        entry["backendRefs"] = list(backends)
    return entry


def backend(name: str, port: int = 3000, *, weight: int | None = None, namespace: str = "") -> Document:
    entry: Document = {"name": name, "port": port}
    if weight is not None:
        entry["weight"] = weight
    if namespace:
        entry["namespace"] = namespace
    return entry


def path(value: str, type_: str = "PathPrefix") -> Document:
    return {"path": {"type": type_, "value": value}}


def grant(
    namespace: str, name: str, *, from_kind: str, from_namespace: str, to_kind: str, to_name: str = ""
) -> Document:
    to: Document = {"group": "", "kind": to_kind, **({"name": to_name} if to_name else {})}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ReferenceGrant",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"from": [{"group": GROUP, "kind": from_kind, "namespace": from_namespace}], "to": [to]},
    }


def echo(namespace: str, name: str, *, replicas: int = 1, port: int = 3000) -> tuple[Document, Document]:
    """A Deployment of the echo image and a Service in front of it."""
    environment = [
        {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.{field}"}}}
        for variable, field in (("POD_NAME", "name"), ("NAMESPACE", "namespace"))
    ]
    container = {"name": name, "image": ECHO_IMAGE, "env": environment}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": 3000}]},
    }
    return deployment, service


def manual_service(namespace: str, name: str, address: str, port: int) -> tuple[Document, Document]:
    """A Service without selector and the EndpointSlice that a user writes for it."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"ports": [{"name": "http", "port": 3000, "targetPort": port}]},
    }
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": name, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }
    return service, slice_


def tls_secret(namespace: str, name: str, certificate: str, key: str) -> Document:
    data = {"tls.crt": certificate, "tls.key": key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"namespace": namespace, "name": name},
        "data": {field: base64.b64encode(text.encode()).decode() for field, text in data.items()},
    }


def config_map(namespace: str, name: str, **data: str) -> Document:
    """Underscores in the keys stand for dots: `ca_crt`."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": namespace, "name": name},
        "data": {key.replace("_", "."): text for key, text in data.items()},
    }


def authorities(name: str, kind: str = "ConfigMap", namespace: str = "") -> Document:
    """A reference to authorities."""
    return {"group": "", "kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}


def backend_tls_policy(namespace: str, name: str, service: str, **validation: Any) -> Document:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "BackendTLSPolicy",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": service}], "validation": validation},
    }

"""Which Kubernetes objects make up one Gateway's proxy?

Input: the Gateway and what its configuration asks of the proxy. Output: the objects in the order in which they are
applied. They stand in the Gateway's namespace, belong to it (so that they go when it goes), and carry its
`spec.infrastructure` labels and annotations (GEP-1762, GEP-1867). The Secret with the proxy's client certificate is
only outlined here, because keys need randomness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from torana.api.gateway import Gateway
from torana.gateway.gateways import MOST_LISTENERS
from torana.infra.names import (
    GATEWAY_ANNOTATION,
    GATEWAY_CLASS_LABEL,
    GATEWAY_NAME_LABEL,
    RESERVED_PREFIXES,
    label_value,
    proxy_name,
)
from torana.infra.pod import BOOTSTRAP_FILE, PodInputs, bootstrap_of, pod_annotations, pod_spec

PlannedObject = dict[str, Any]


class Port(msgspec.Struct, frozen=True, order=True):
    """A port that the proxy opens."""

    number: int
    protocol: Literal["TCP", "UDP"] = "TCP"

    @property
    def name(self) -> str:
        return f"{self.protocol.lower()}-{self.number}"


class PlanInputs(PodInputs, frozen=True, kw_only=True):
    """What a Gateway's configuration asks of its proxy."""

    ports: tuple[Port, ...] = ()
    """Ports that are to be opened. Empty: those of the Gateway's listeners, so that a Gateway whose listeners are all
    broken for a while keeps its Service and with it its address."""
    replicas: int | None = None
    """`None`: not said, which is one Pod, or what an autoscaler makes of it."""
    service_type: str = "LoadBalancer"
    """Or `ClusterIP`: reached from inside of the cluster alone."""


def plan(gateway: Gateway, inputs: PlanInputs) -> tuple[PlannedObject, ...]:
    """ServiceAccount, ConfigMap, Service (none without ports) and Deployment of the Gateway's proxy."""
    bootstrap = bootstrap_of(str(gateway.metadata.ref), inputs)
    objects = (
        _object("v1", "ServiceAccount", gateway, automountServiceAccountToken=False),
        _object("v1", "ConfigMap", gateway, data={BOOTSTRAP_FILE: bootstrap}),
        _service(gateway, inputs),
        _deployment(gateway, inputs, pod_annotations(bootstrap, inputs)),
    )
    return tuple(each for each in objects if each is not None)


def certificate_outline(gateway: Gateway) -> PlannedObject:
    """The Secret of the proxy's client certificate, without its data."""
    return _object("v1", "Secret", gateway, type="kubernetes.io/tls")


def infrastructure_name(gateway: Gateway) -> str:
    """Name shared by all objects of the Gateway's proxy."""
    return proxy_name(gateway.metadata.name, gateway.spec.gateway_class_name)


def requested_addresses(gateway: Gateway) -> tuple[str, ...]:
    """The IP addresses the Gateway asks for by value, in its order."""
    return tuple(address.value for address in gateway.spec.addresses if address.type == "IPAddress" and address.value)


def _service(gateway: Gateway, inputs: PlanInputs) -> PlannedObject | None:
    ports = sorted(set(inputs.ports or _listener_ports(gateway)))
    if not ports:
        return None
    spec: dict[str, Any] = {
        "type": inputs.service_type,
        "selector": _selector(gateway),
        "ports": [
            {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.number}
            for port in ports
        ],
    }
    if inputs.home == "cluster":
        spec["ipFamilyPolicy"] = "PreferDualStack"
    if (addresses := requested_addresses(gateway)) and inputs.service_type == "LoadBalancer":
        # A Service asks for one address; whether the others could be used is seen from its status (`observe`).
        spec["loadBalancerIP"] = addresses[0]
    return _object("v1", "Service", gateway, spec=spec)


def _deployment(gateway: Gateway, inputs: PlanInputs, annotations: dict[str, str]) -> PlannedObject:
    metadata = _metadata(gateway)
    template = {
        "metadata": {
            "labels": metadata["labels"],
            "annotations": metadata["annotations"] | annotations,
        },
        "spec": pod_spec(infrastructure_name(gateway), inputs),
    }
    spec: dict[str, Any] = {
        "selector": {"matchLabels": _selector(gateway)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "revisionHistoryLimit": 2,
        "template": template,
    }
    if inputs.replicas is not None:
        spec["replicas"] = inputs.replicas
    return _object("apps/v1", "Deployment", gateway, spec=spec)


def _object(api_version: str, kind: str, gateway: Gateway, **content: Any) -> PlannedObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": _metadata(gateway), **content}


def _metadata(gateway: Gateway) -> dict[str, Any]:
    name = infrastructure_name(gateway)
    infrastructure = gateway.spec.infrastructure
    described = {
        "app.kubernetes.io/name": "torana",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/managed-by": "torana",
        "app.kubernetes.io/instance": name,
    }
    wanted_labels = _allowed(infrastructure.labels) if infrastructure else {}
    wanted_annotations = _allowed(infrastructure.annotations) if infrastructure else {}
    return {
        "name": name,
        "namespace": gateway.metadata.namespace,
        "labels": described | wanted_labels | _selector(gateway),
        "annotations": wanted_annotations
        | {GATEWAY_ANNOTATION: f"{gateway.metadata.namespace}/{gateway.metadata.name}"},
        "ownerReferences": [_owner(gateway)],
    }


def _selector(gateway: Gateway) -> dict[str, str]:
    """Labels that tell the Pods of this proxy from all others; the class is among them because a Gateway may change
    it."""
    return {
        GATEWAY_NAME_LABEL: label_value(gateway.metadata.name),
        GATEWAY_CLASS_LABEL: label_value(gateway.spec.gateway_class_name),
    }


def _owner(gateway: Gateway) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "name": gateway.metadata.name,
        "uid": gateway.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _allowed(wanted: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if not key.startswith(RESERVED_PREFIXES)}


def _listener_ports(gateway: Gateway) -> Iterable[Port]:
    for listener in gateway.spec.listeners[:MOST_LISTENERS]:
        yield Port(listener.port, "UDP" if listener.protocol == "UDP" else "TCP")

"""Short ways to write the objects that the controllers decide about."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.core.deployment import Deployment
from torana.api.core.endpoint_slice import EndpointSlice
from torana.api.core.pod import Pod
from torana.api.core.replica_set import ReplicaSet
from torana.api.core.service import Service

WEB = {"app": "web"}


def deployment(replicas: int = 3, image: str = "v1", **spec: Any) -> Deployment:
    template = {"metadata": {"labels": WEB}, "spec": {"containers": [{"name": "main", "image": image}]}}
    body = {
        "metadata": {"name": "web", "namespace": "default", "uid": "d1", "generation": 1},
        "spec": {"replicas": replicas, "selector": {"matchLabels": WEB}, "template": template, **spec},
    }
    return msgspec.convert(body, Deployment)


def replica_set(created: dict[str, Any], uid: str, pods: int = 0, available: int = 0, **spec: Any) -> ReplicaSet:
    """The ReplicaSet that a `Create` made, with Pods."""
    body = {
        **created,
        "metadata": {**created["metadata"], "uid": uid, "generation": 1},
        "spec": {**created["spec"], **spec},
        "status": {
            "replicas": pods,
            "readyReplicas": available,
            "availableReplicas": available,
            "observedGeneration": 1,
            "fullyLabeledReplicas": pods,
        },
    }
    return msgspec.convert(body, ReplicaSet)


def pod(
    name: str,
    owner: str = "",
    *,
    ready: bool = True,
    ip: str = "127.88.0.9",
    labels: dict[str, str] | None = None,
    phase: str = "Running",
    deleted: bool = False,
    ports: list[dict[str, Any]] | None = None,
    **metadata: Any,
) -> Pod:
    owners = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}]
    body = {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "labels": WEB if labels is None else labels,
            "ownerReferences": owners if owner else [],
            "creationTimestamp": "2026-01-01T00:00:00Z",
            **metadata,
        }
        | ({"deletionTimestamp": "2026-01-01T00:01:00Z"} if deleted else {}),
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "i", "ports": ports or []}]},
        "status": {
            "phase": phase,
            "podIP": ip,
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    }
    return msgspec.convert(body, Pod)


def service(name: str = "web", uid: str = "s1", ingress: str = "", **spec: Any) -> Service:
    body = {
        "metadata": {"name": name, "namespace": "default", "uid": uid, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"selector": WEB, **spec},
        "status": {"loadBalancer": {"ingress": [{"ip": ingress}]}} if ingress else {},
    }
    return msgspec.convert(body, Service)


def endpoint_slice(created: dict[str, Any]) -> EndpointSlice:
    return msgspec.convert(created, EndpointSlice)

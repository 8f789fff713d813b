"""What does one Pod of a proxy look like: container, arguments, mounts, probes, rights?

Output: the Pod template of the proxy's Deployment. Nothing in it depends on the listeners, so that a changed port
never restarts a proxy: Envoy opens and closes ports at run time.

Paths are relative to the working directory `/`. In a cluster that is the file system's root; a node that runs Pods as
processes starts each in a root directory of its own, so the same paths lead to the same mounts in both homes.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from torana.envoy.bootstrap import ARGUMENTS, READY_PATH, READY_PORT, BootstrapSettings, bootstrap, pod_overrides
from torana.infra.names import CONFIG_HASH_ANNOTATION

Home = Literal["embedded", "cluster"]
"""Where Pods run: as processes with loopback addresses of their own, or in a real cluster."""

PROXY_IMAGE = "docker.io/envoyproxy/envoy:distroless-v1.40.0"
CONTAINER = "envoy"
BOOTSTRAP_FILE = "bootstrap.json"
BOOTSTRAP_DIR = "etc/torana/bootstrap"
CERTIFICATE_DIR = "etc/torana/certificate"
RUN_DIR = "var/run/torana"
"""Writable; the administration socket lives here."""
ADMIN_SOCKET = f"{RUN_DIR}/admin.sock"
PROBE_SOCKET_ANNOTATION = "node.torana.dev/probe-socket"
"""Tells an embedded node to ask HTTP probes on this Unix socket, a path below the container's root, instead of the
Pod's address."""
GRACE_PERIOD_S = 30
ENDPOINT_LAG_S: dict[Home, int] = {"embedded": 0, "cluster": 5}
"""How long a stopping Pod goes on accepting connections, while the cluster's load balancers learn that it is leaving.
Embedded there is none: its successor is on the same address."""
DRAIN_S: dict[Home, int] = {"embedded": 3, "cluster": 10}
"""How long after that a stopping Pod has for the requests it has begun."""


class PodInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a proxy's Pods depend on, besides their Gateway."""

    home: Home
    xds_host: str
    """Where the proxies find the controller: an IP address or DNS name."""
    xds_port: int
    certificate_hash: str = ""
    """Changes with the proxy's client certificate, so that a renewed one is taken up by a rollout."""
    image: str = PROXY_IMAGE
    bind_address: str = ""
    """Address for listeners. Empty: the Pod's own when embedded, every IPv4 address in a cluster."""
    concurrency: int | None = None
    """Envoy's worker threads. `None`: what the home makes sensible."""
    log_level: str = "warning"


def bootstrap_of(cluster: str, inputs: PodInputs) -> str:
    """Envoy's bootstrap file, the same for all Pods of a proxy. `cluster` names the proxy to the controller."""
    return bootstrap(
        BootstrapSettings(
            xds_host=inputs.xds_host,
            xds_port=inputs.xds_port,
            ca_path=f"{CERTIFICATE_DIR}/ca.crt",
            certificate_path=f"{CERTIFICATE_DIR}/tls.crt",
            key_path=f"{CERTIFICATE_DIR}/tls.key",
            # A file, not an abstract socket: embedded Pods share one network, and there abstract names would clash.
            admin_path=ADMIN_SOCKET,
            node_cluster=cluster,
        )
    )


def pod_spec(name: str, inputs: PodInputs) -> dict[str, Any]:
    """The Pod's spec. `name` is that of the ServiceAccount, ConfigMap and Secret it uses."""
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_PERIOD_S,
        "securityContext": _pod_security(inputs.home),
        "containers": [_container(inputs)],
        "volumes": [
            {"name": "bootstrap", "configMap": {"name": name}},
            {"name": "certificate", "secret": {"secretName": name, "defaultMode": 0o440}},
            {"name": "run", "emptyDir": {}},
        ],
    }


def pod_annotations(bootstrap_text: str, inputs: PodInputs) -> dict[str, str]:
    """Annotations of the Pods alone. A changed bootstrap or certificate changes one, and so makes a rollout."""
    digest = hashlib.sha256(f"{bootstrap_text}\0{inputs.certificate_hash}".encode()).hexdigest()[:16]
    annotations = {CONFIG_HASH_ANNOTATION: digest}
    if inputs.home == "embedded":
        # During a rollout two Envoys share address and ports, so only a socket of its own tells which one answers.
        annotations[PROBE_SOCKET_ANNOTATION] = ADMIN_SOCKET
    return annotations


def _container(inputs: PodInputs) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": inputs.image,
        "workingDir": "/",
        "args": _arguments(inputs),
        "env": [
            {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
            for name, path in (
                ("POD_NAME", "metadata.name"),
                ("POD_NAMESPACE", "metadata.namespace"),
                ("POD_IP", "status.podIP"),
            )
        ],
        "ports": [{"name": "readiness", "containerPort": READY_PORT, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": READY_PATH, "port": "readiness"},
            "periodSeconds": 5,
            "timeoutSeconds": 2,
            "failureThreshold": 2,
        },
        # Envoy ends at once on SIGTERM, so its leaving, in which the controller guides it, has to come before.
        "lifecycle": {"preStop": {"sleep": {"seconds": ENDPOINT_LAG_S[inputs.home] + DRAIN_S[inputs.home]}}},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "bootstrap", "mountPath": f"/{BOOTSTRAP_DIR}", "readOnly": True},
            {"name": "certificate", "mountPath": f"/{CERTIFICATE_DIR}", "readOnly": True},
            {"name": "run", "mountPath": f"/{RUN_DIR}"},
        ],
    }
    return container


def _arguments(inputs: PodInputs) -> list[str]:
    address = inputs.bind_address or ("$(POD_IP)" if inputs.home == "embedded" else "0.0.0.0")
    # Merged over the bootstrap file; only what differs between the Pods of a proxy stands here.
    overrides = pod_overrides(address=address, ready_address="$(POD_IP)")
    arguments = [
        "--config-path", f"{BOOTSTRAP_DIR}/{BOOTSTRAP_FILE}",
        "--config-yaml", overrides,
        "--service-node", "$(POD_NAME)",
        "--log-level", inputs.log_level,
        *ARGUMENTS,
    ]  # fmt: skip
    return arguments + (["--concurrency", str(inputs.concurrency)] if inputs.concurrency else [])


def _pod_security(home: Home) -> dict[str, Any]:
    security: dict[str, Any] = {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if home == "cluster":
        # Among the sysctls a cluster calls safe: lets an ordinary user open ports below 1024, in this Pod's network
        # only.
        security["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    return security

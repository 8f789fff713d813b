"""What must a Pod's containers be given, and is all of it there yet?

Shared words of `environment.py` and `volumes.py`. `Sources` answers from the node's local copies of Secrets and
ConfigMaps; what does not exist yet makes a `Missing` value, which holds the container back until a change of the
object wakes its Pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from torana.api.core.pod import Pod
from torana.api.kind import Ref

Read = Callable[[Ref], Mapping[str, bytes] | None]
"""Content of a Secret or ConfigMap; None when there is none."""


class Missing(msgspec.Struct, frozen=True):
    """Why a container cannot start yet, for its waiting state."""

    reason: str
    message: str


class Sources(msgspec.Struct, frozen=True):
    """Where a Pod's configuration comes from."""

    secret: Read
    config_map: Read
    token: Callable[[str, int], bytes | None] = lambda audience, expiration_s: None
    """A current ServiceAccount token for an audience; None while it is being fetched."""


class PodFacts(msgspec.Struct, frozen=True):
    """A Pod and where it runs."""

    pod: Pod
    pod_ip: str
    node_name: str
    host_ip: str = "127.0.0.1"
    api_host: str = ""
    api_port: str = ""
    node_cpu: str = "1"
    node_memory: str = "1Gi"


def field_value(facts: PodFacts, path: str) -> str | None:
    """The value of a downward API `fieldRef`; None when this node does not know the path."""
    meta = facts.pod.metadata
    simple = {
        "metadata.name": meta.name,
        "metadata.namespace": meta.namespace,
        "metadata.uid": meta.uid,
        "metadata.labels": _map_text(meta.labels),
        "metadata.annotations": _map_text(meta.annotations),
        "spec.nodeName": facts.node_name,
        "spec.serviceAccountName": facts.pod.spec.service_account_name or "default",
        "status.podIP": facts.pod_ip,
        "status.podIPs": facts.pod_ip,
        "status.hostIP": facts.host_ip,
        "status.hostIPs": facts.host_ip,
    }
    if path in simple:
        return simple[path]
    for prefix, values in (("metadata.labels['", meta.labels), ("metadata.annotations['", meta.annotations)):
        if path.startswith(prefix) and path.endswith("']"):
            return values.get(path[len(prefix) : -2], "")
    return None


def _map_text(values: Mapping[str, str]) -> str:
    """Labels or annotations as a downward API file shows them: one `key="value"` per line, sorted."""
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
    return "\n".join(f'{key}="{value.translate(escapes)}"' for key, value in sorted(values.items()))

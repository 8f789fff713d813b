"""What does `kubectl get` show of built-in kinds? Columns computed as a Kubernetes API server computes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from torana.embedded.apiserver import pod_columns
from torana.embedded.apiserver.ages import age

Obj = dict[str, Any]
NONE = "<none>"


class Layout(NamedTuple):
    """Columns as (name, type, priority) and the function from an object to its cells."""

    columns: tuple[tuple[str, str, int], ...]
    cells: Callable[[Obj, datetime], list[Any]]


def _columns(text: str) -> tuple[tuple[str, str, int], ...]:
    """`Name Ready Up-to-date:integer Selector+`: types after a colon, a plus for wide output only, `_` for a space."""
    found = []
    for word in text.split():
        name, _, type_ = word.rstrip("+").partition(":")
        found.append((name.replace("_", " "), type_ or "string", int(word.endswith("+"))))
    return tuple(found)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _age(obj: Obj, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _pairs(labels: Obj | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def _selector(selector: Obj | None) -> str:
    parts = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for test in (selector or {}).get("matchExpressions") or []:
        values = ",".join(test.get("values") or [])
        key = test.get("key", "")
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }.get(test.get("operator", ""), key)
        )
    return ",".join(parts) or NONE


def _containers(obj: Obj) -> tuple[str, str]:
    spec = ((obj.get("spec") or {}).get("template") or {}).get("spec") or {}
    containers = spec.get("containers") or []
    return ",".join(c.get("name", "") for c in containers), ",".join(c.get("image", "") for c in containers)


def _deployment(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        _name(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _age(obj, now),
        *_containers(obj),
        _selector(spec.get("selector")),
    ]


def _replica_set(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        _name(obj),
        spec.get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        _age(obj, now),
        *_containers(obj),
        _selector(spec.get("selector")),
    ]


def _service(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    return [
        _name(obj),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or NONE,
        _external_address(obj),
        ",".join(_service_port(port) for port in spec.get("ports") or []) or NONE,
        _age(obj, now),
        _pairs(spec.get("selector")),
    ]


def _service_port(port: Obj) -> str:
    number = f"{port.get('port')}:{port['nodePort']}" if port.get("nodePort") else str(port.get("port"))
    return f"{number}/{port.get('protocol', 'TCP')}"


def _external_address(obj: Obj) -> str:
    spec = obj.get("spec") or {}
    type_, given = spec.get("type", "ClusterIP"), spec.get("externalIPs") or []
    if type_ == "ExternalName":
        return str(spec.get("externalName") or NONE)
    if type_ != "LoadBalancer":
        return ",".join(given) or NONE
    ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname") or "" for entry in ingress]
    return ",".join([*filter(None, addresses), *given]) or "<pending>"


def _node(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    info = status.get("nodeInfo") or {}
    addresses = {entry.get("type"): entry.get("address") for entry in status.get("addresses") or []}
    conditions = {c.get("type"): c.get("status") for c in status.get("conditions") or []}
    word = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    if spec.get("unschedulable"):
        word += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in obj["metadata"].get("labels") or {} if key.startswith(prefix)]
    return [
        _name(obj),
        word,
        ",".join(sorted(roles)) or NONE,
        _age(obj, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP") or NONE,
        addresses.get("ExternalIP") or NONE,
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _endpoint_slice(obj: Obj, now: datetime) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in obj.get("ports") or []]
    addresses = [address for endpoint in obj.get("endpoints") or [] for address in endpoint.get("addresses") or []]
    return [
        _name(obj),
        obj.get("addressType", ""),
        _some(ports) if ports else "<unset>",
        _some(addresses) if addresses else "<unset>",
        _age(obj, now),
    ]


def _some(words: list[str]) -> str:
    """The first three, and how many more."""
    return ",".join(words[:3]) + (f" + {len(words) - 3} more..." if len(words) > 3 else "")


def _event(obj: Obj, now: datetime) -> list[Any]:
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    series = obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or first
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    return [
        age(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        ", ".join(filter(None, (component, source.get("host")))),
        (obj.get("message") or obj.get("note") or "").strip(),
        age(first, now),
        series.get("count") or obj.get("count") or 1,
        _name(obj),
    ]


def _binding(obj: Obj, now: datetime) -> list[Any]:
    role, subjects = obj.get("roleRef") or {}, obj.get("subjects") or []

    def names(kind: str) -> str:
        return ", ".join(
            f"{s.get('namespace', '')}/{s.get('name')}" if kind == "ServiceAccount" else str(s.get("name"))
            for s in subjects
            if s.get("kind") == kind
        )

    return [
        _name(obj),
        f"{role.get('kind')}/{role.get('name')}",
        _age(obj, now),
        names("User"),
        names("Group"),
        names("ServiceAccount"),
    ]


def _created_at(obj: Obj, _now: datetime) -> list[Any]:
    return [_name(obj), obj["metadata"].get("creationTimestamp")]


_BINDING = Layout(_columns("Name Role Age Users+ Groups+ ServiceAccounts+"), _binding)
_CREATED = Layout(_columns("Name Created_At:date"), _created_at)
_EVENT = Layout(
    _columns("Last_Seen Type Reason Object Subobject+ Source+ Message First_Seen+ Count:integer+ Name+"), _event
)

LAYOUTS: dict[str, Layout] = {
    "pods": Layout(pod_columns.COLUMNS, pod_columns.cells),
    "deployments.apps": Layout(
        _columns("Name Ready Up-to-date:integer Available:integer Age Containers+ Images+ Selector+"), _deployment
    ),
    "replicasets.apps": Layout(
        _columns("Name Desired:integer Current:integer Ready:integer Age Containers+ Images+ Selector+"), _replica_set
    ),
    "services": Layout(_columns("Name Type Cluster-IP External-IP Port(s) Age Selector+"), _service),
    "nodes": Layout(
        _columns(
            "Name Status Roles Age Version Internal-IP+ External-IP+ OS-Image+ Kernel-Version+ Container-Runtime+"
        ),
        _node,
    ),
    "namespaces": Layout(
        _columns("Name Status Age"),
        lambda obj, now: [_name(obj), (obj.get("status") or {}).get("phase", ""), _age(obj, now)],
    ),
    "secrets": Layout(
        _columns("Name Type Data:integer Age"),
        lambda obj, now: [_name(obj), obj.get("type", ""), len(obj.get("data") or {}), _age(obj, now)],
    ),
    "configmaps": Layout(
        _columns("Name Data:integer Age"),
        lambda obj, now: [
            _name(obj),
            len(obj.get("data") or {}) + len(obj.get("binaryData") or {}),
            _age(obj, now),
        ],
    ),
    "serviceaccounts": Layout(
        _columns("Name Secrets:integer Age"),
        lambda obj, now: [_name(obj), len(obj.get("secrets") or []), _age(obj, now)],
    ),
    "endpointslices.discovery.k8s.io": Layout(_columns("Name AddressType Ports Endpoints Age"), _endpoint_slice),
    "leases.coordination.k8s.io": Layout(
        _columns("Name Holder Age"),
        lambda obj, now: [_name(obj), (obj.get("spec") or {}).get("holderIdentity", ""), _age(obj, now)],
    ),
    "events": _EVENT,
    "events.events.k8s.io": _EVENT,
    "customresourcedefinitions.apiextensions.k8s.io": _CREATED,
    "roles.rbac.authorization.k8s.io": _CREATED,
    "clusterroles.rbac.authorization.k8s.io": _CREATED,
    "rolebindings.rbac.authorization.k8s.io": _BINDING,
    "clusterrolebindings.rbac.authorization.k8s.io": _BINDING,
}

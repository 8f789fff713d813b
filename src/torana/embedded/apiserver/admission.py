"""What else does the API server decide about built-in kinds, beyond their schema?

Defaults that depend on other fields, and checks across fields. Custom kinds say all of this in their schema.
"""

from __future__ import annotations

import base64
from typing import Any

from torana.embedded.apiserver import definitions
from torana.embedded.apiserver.field_error import FORBIDDEN, INVALID, REQUIRED, FieldError
from torana.embedded.apiserver.resource import Resource
from torana.embedded.apiserver.selectors import label_selector_from

Obj = dict[str, Any]


def default_object(resource: Resource, obj: Obj, old: Obj | None) -> None:
    """Fill in defaults that depend on other fields."""
    if resource.is_custom:
        return
    fill = _DEFAULTS.get(resource.kind)
    if fill is not None:
        fill(obj, old)


def check_object(resource: Resource, obj: Obj, old: Obj | None) -> list[FieldError]:
    """Mistakes across fields of an object that its schema accepts."""
    if resource.is_custom:
        return []
    check = _CHECKS.get(resource.kind)
    return check(obj, old) if check is not None else []


def _default_service(obj: Obj, old: Obj | None) -> None:
    spec = obj.setdefault("spec", {})
    if not isinstance(spec, dict):
        return
    for port in spec.get("ports") or []:
        if isinstance(port, dict) and "targetPort" not in port and "port" in port:
            port["targetPort"] = port["port"]
    before = (old or {}).get("spec") or {}
    for field in ("clusterIP", "clusterIPs"):
        if not spec.get(field):
            if before.get(field) and before.get("type") != "ExternalName":
                spec[field] = before[field]
            else:
                spec.pop(field, None)
    if old is not None:
        _keep_node_ports(spec, before)


def _keep_node_ports(spec: Obj, before: Obj) -> None:
    known = {(port.get("protocol"), port.get("port")): port for port in before.get("ports") or []}
    for port in spec.get("ports") or []:
        earlier = known.get((port.get("protocol"), port.get("port")))
        if earlier and "nodePort" in earlier and "nodePort" not in port and spec.get("type") == before.get("type"):
            port["nodePort"] = earlier["nodePort"]


def _default_secret(obj: Obj, _old: Obj | None) -> None:
    plain = obj.pop("stringData", None)
    if isinstance(plain, dict):
        data = obj.setdefault("data", {})
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _default_namespace(obj: Obj, old: Obj | None) -> None:
    meta = obj["metadata"]
    meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = meta["name"]
    if old is None:
        obj["spec"] = {"finalizers": ["kubernetes"]}
        obj["status"] = {"phase": "Active"}
    else:
        obj["spec"] = old.get("spec") or {"finalizers": ["kubernetes"]}


def _default_pod(obj: Obj, old: Obj | None) -> None:
    if old is None:
        obj["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    spec = obj.get("spec")
    if isinstance(spec, dict):
        account = spec.get("serviceAccountName") or spec.get("serviceAccount")
        spec["serviceAccountName"] = account or "default"


def _default_binding(obj: Obj, _old: Obj | None) -> None:
    """Role references and subjects may leave out their API group."""
    role = obj.get("roleRef")
    if isinstance(role, dict) and not role.get("apiGroup"):
        role["apiGroup"] = "rbac.authorization.k8s.io"
    for subject in obj.get("subjects") or []:
        if isinstance(subject, dict) and not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = "rbac.authorization.k8s.io"


def _check_workload(obj: Obj, old: Obj | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    selector, template = spec.get("selector") or {}, spec.get("template") or {}
    errors = []
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(FieldError(REQUIRED, "spec.selector", "empty selector is invalid for deployment"))
    else:
        labels = (template.get("metadata") or {}).get("labels") or {}
        try:
            is_match = label_selector_from(selector).matches(labels)
        except ValueError as error:
            return [FieldError(INVALID, "spec.selector", str(error), selector)]
        if not is_match:
            detail = "`selector` does not match template `labels`"
            errors.append(FieldError(INVALID, "spec.template.metadata.labels", detail, labels))
    if old is not None and (old.get("spec") or {}).get("selector") != selector:
        errors.append(FieldError(INVALID, "spec.selector", "field is immutable", selector))
    return errors


def _check_service(obj: Obj, _old: Obj | None) -> list[FieldError]:
    spec = obj.get("spec") or {}
    ports = spec.get("ports") or []
    if spec.get("type") == "ExternalName":
        return [] if spec.get("externalName") else [FieldError(REQUIRED, "spec.externalName", "")]
    errors = []
    if not ports and spec.get("clusterIP") != "None":
        errors.append(FieldError(REQUIRED, "spec.ports", ""))
    names = [port.get("name") for port in ports]
    for index, name in enumerate(names):
        if len(ports) > 1 and not name:
            errors.append(FieldError(REQUIRED, f"spec.ports[{index}].name", ""))
        elif name and name in names[:index]:
            errors.append(FieldError("FieldValueDuplicate", f"spec.ports[{index}].name", "", name))
    return errors


def _check_immutable_data(obj: Obj, old: Obj | None) -> list[FieldError]:
    if old is None:
        return []
    if old.get("type") != obj.get("type"):
        return [FieldError(INVALID, "type", "field is immutable", obj.get("type"))]
    if old.get("immutable"):
        detail = "field is immutable when `immutable` is set"
        return [
            FieldError(FORBIDDEN, field, detail)
            for field in ("immutable", "data", "binaryData")
            if old.get(field) != obj.get(field)
        ]
    return []


def _check_binding(obj: Obj, old: Obj | None) -> list[FieldError]:
    if old is not None and old.get("roleRef") != obj.get("roleRef"):
        return [FieldError(INVALID, "roleRef", "cannot change roleRef", obj.get("roleRef"))]
    return []


_DEFAULTS = {
    "CustomResourceDefinition": lambda obj, _old: definitions.complete(obj),
    "Service": _default_service,
    "Secret": _default_secret,
    "Namespace": _default_namespace,
    "Pod": _default_pod,
    "RoleBinding": _default_binding,
    "ClusterRoleBinding": _default_binding,
}
_CHECKS = {
    "CustomResourceDefinition": lambda obj, _old: definitions.check(obj),
    "Deployment": _check_workload,
    "ReplicaSet": _check_workload,
    "Service": _check_service,
    "Secret": _check_immutable_data,
    "ConfigMap": _check_immutable_data,
    "RoleBinding": _check_binding,
    "ClusterRoleBinding": _check_binding,
}

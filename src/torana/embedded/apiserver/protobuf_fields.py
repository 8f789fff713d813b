"""Which field numbers do Kubernetes' protobuf messages use?

`protobuf_fields.txt` has one message per line: `core.Secret 1=metadata:meta.ObjectMeta 2=data:{bytes} …`. `[T]` is a
list, `{T}` a map from strings, `+T` a message whose fields belong to the outer one, `T?` a number or boolean whose
zero means "absent". `Time`, `Quantity` and other names without a package are decoded by hand in `protobuf.py`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple


class WireField(NamedTuple):
    """A field's JSON name, type, and shape: "one", "list", "map", "inline", or "sparse" (zero means absent)."""

    name: str
    type: str
    shape: str


_SHAPES = {"[": "list", "{": "map", "+": "inline"}


def _parse_field(text: str) -> tuple[int, WireField]:
    number, _, rest = text.partition("=")
    name, _, type_ = rest.partition(":")
    shape = "sparse" if type_.endswith("?") else _SHAPES.get(type_[0], "one")
    return int(number), WireField(name, type_.strip("[]{}+?"), shape)


def _load() -> dict[str, dict[int, WireField]]:
    text = files(__package__).joinpath("protobuf_fields.txt").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines():
        name, *fields = line.split(" ")
        found[name] = dict(_parse_field(field) for field in fields if field)
    return found


MESSAGES = _load()

_GROUPS = {
    "": ("core", "Namespace Secret ConfigMap ServiceAccount Service Pod Node Event Endpoints Binding"),
    "apps": ("apps", "Deployment ReplicaSet"),
    "autoscaling": ("autoscaling", "Scale"),
    "discovery.k8s.io": ("discovery", "EndpointSlice"),
    "coordination.k8s.io": ("coordination", "Lease"),
    "events.k8s.io": ("events", "Event"),
    "policy": ("policy", "Eviction"),
    "rbac.authorization.k8s.io": ("rbac", "Role ClusterRole RoleBinding ClusterRoleBinding"),
    "authorization.k8s.io": (
        "authz",
        "SubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview LocalSubjectAccessReview",
    ),
    "authentication.k8s.io": ("authn", "TokenReview TokenRequest SelfSubjectReview"),
    "*": ("meta", "DeleteOptions"),
}

KIND_MESSAGES = {
    (group, kind): f"{package}.{kind}" for group, (package, kinds) in _GROUPS.items() for kind in kinds.split()
}
"""(group, kind) to message. Group "*" stands for any group: DeleteOptions comes in the group of what is deleted."""

"""Which objects are there from the start? Namespaces, and the roles and bindings of RBAC."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

NAMESPACES = ("default", "kube-system", "kube-public", "torana-system")
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_GATEWAY_GROUPS = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"]
_ROUTES = [
    "httproutes",
    "grpcroutes",
    "tlsroutes",
    "tcproutes",
    "udproutes",
    "backendtlspolicies",
    "referencegrants",
    "listenersets",
    "xbackendtrafficpolicies",
    "xlistenersets",
    "xbackends",
]
_WORKLOADS = [
    ("", ["configmaps", "endpoints", "events", "pods", "pods/log", "secrets", "serviceaccounts", "services"]),
    ("apps", ["deployments", "deployments/scale", "replicasets", "replicasets/scale"]),
    ("discovery.k8s.io", ["endpointslices"]),
    ("events.k8s.io", ["events"]),
]


def rule(groups: list[str] | str, resources: list[str], verbs: list[str]) -> Obj:
    return {"apiGroups": [groups] if isinstance(groups, str) else groups, "resources": resources, "verbs": verbs}


def _role(name: str, rules: list[Obj], labels: dict[str, str] | None = None) -> Obj:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults", **(labels or {})}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels},
        "rules": rules,
    }


def _binding(name: str, role: str, group: str) -> Obj:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    }


def cluster_roles() -> list[Obj]:
    """The ClusterRoles of a fresh Kubernetes, as far as they mean something here, and those of the Gateway API."""
    everything = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    edit = [rule(group, resources, [*_READ, *_WRITE]) for group, resources in _WORKLOADS]
    view = [rule(group, [r for r in resources if r != "secrets"], _READ) for group, resources in _WORKLOADS]
    routes = rule(_GATEWAY_GROUPS, _ROUTES, [*_READ, *_WRITE])
    own_roles = rule("rbac.authorization.k8s.io", ["roles", "rolebindings"], [*_READ, *_WRITE])
    namespaces = rule("", ["namespaces"], _READ)
    see_routes = rule(_GATEWAY_GROUPS, [*_ROUTES, "gateways"], _READ)
    tokens = rule("", ["serviceaccounts/token"], ["create"])
    return [
        _role("cluster-admin", [rule("*", ["*"], ["*"]), everything]),
        _role("admin", [*edit, routes, own_roles, namespaces, see_routes, tokens]),
        _role("edit", [*edit, routes, namespaces, see_routes]),
        _role("view", [*view, namespaces, see_routes]),
        _role(
            "system:discovery",
            [
                _paths(
                    "/api",
                    "/api/*",
                    "/apis",
                    "/apis/*",
                    "/openapi",
                    "/openapi/*",
                    "/version",
                    "/healthz",
                    "/livez",
                    "/readyz",
                )
            ],
        ),
        _role(
            "system:basic-user",
            [
                rule("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
                rule("authentication.k8s.io", ["selfsubjectreviews"], ["create"]),
            ],
        ),
        _role(
            "system:auth-delegator",
            [
                rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
                rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
            ],
        ),
        _role("torana:node", _node_rules()),
        _role("torana:controller", _controller_rules()),
        *_gateway_roles(routes, see_routes, namespaces),
    ]


def _paths(*paths: str) -> Obj:
    return {"nonResourceURLs": list(paths), "verbs": ["get"]}


def _node_rules() -> list[Obj]:
    """What the node and the small controllers beside it need: they tend every built-in kind, and the garbage collector
    follows owners of any kind."""
    return [
        rule("*", ["*"], [*_READ, "delete", "patch", "update"]),
        rule(["", "apps", "discovery.k8s.io", "events.k8s.io", "coordination.k8s.io"], ["*"], ["create"]),
        rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
        _paths("/api", "/api/*", "/apis", "/apis/*"),
    ]


def _controller_rules() -> list[Obj]:
    """What the gateway controller needs: to read what routing depends on, to write statuses, to run proxies."""
    return [
        rule(_GATEWAY_GROUPS, ["*"], [*_READ, "patch", "update"]),
        rule("", ["services", "secrets", "configmaps", "namespaces", "nodes", "pods", "serviceaccounts"], _READ),
        rule("discovery.k8s.io", ["endpointslices"], _READ),
        rule("apiextensions.k8s.io", ["customresourcedefinitions"], _READ),
        rule("", ["services", "serviceaccounts", "configmaps", "secrets"], _WRITE),
        rule("apps", ["deployments"], [*_READ, *_WRITE]),
        rule("policy", ["poddisruptionbudgets"], [*_READ, *_WRITE]),
        rule("autoscaling", ["horizontalpodautoscalers"], [*_READ, *_WRITE]),
        rule("coordination.k8s.io", ["leases"], [*_READ, *_WRITE]),
        rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
        rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
        rule("torana.dev", ["*"], [*_READ, "patch", "update"]),
    ]


def _gateway_roles(routes: Obj, see_routes: Obj, namespaces: Obj) -> list[Obj]:
    """The three roles of the Gateway API: who provides, who operates, who develops."""
    group = "gateway.networking.k8s.io"
    see_classes = rule(group, ["gatewayclasses"], _READ)
    gateways = rule(_GATEWAY_GROUPS, ["gateways", "listenersets", "xlistenersets"], [*_READ, *_WRITE])
    backends = rule(["", "discovery.k8s.io"], ["services", "endpointslices", "configmaps", "secrets"], _READ)
    return [
        _role(
            "gateway-infrastructure-provider",
            [
                rule(group, ["gatewayclasses"], [*_READ, *_WRITE]),
                see_routes,
                namespaces,
                rule("apiextensions.k8s.io", ["customresourcedefinitions"], _READ),
            ],
        ),
        _role("gateway-cluster-operator", [see_classes, gateways, routes, see_routes, namespaces, backends]),
        _role("gateway-application-developer", [see_classes, routes, see_routes, namespaces, backends]),
    ]


def cluster_role_bindings() -> list[Obj]:
    """Who has which ClusterRole from the start."""
    return [
        _binding("cluster-admin", "cluster-admin", "system:masters"),
        _binding("system:discovery", "system:discovery", "system:authenticated"),
        _binding("system:basic-user", "system:basic-user", "system:authenticated"),
        _binding("torana:node", "torana:node", "system:nodes"),
        _binding("torana:controller", "torana:controller", "torana:controllers"),
    ]

"""May this user do this? Role-based access control over roles and bindings as plain objects.

Input is an `AccessRequest` and an `RbacPolicy` made of Role, ClusterRole, RoleBinding and ClusterRoleBinding objects;
output a `Decision`. RBAC only allows: what nothing allows is denied, and the reason of an allowed request names the
binding and the role. Members of `system:masters` may do everything, whatever the policy says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torana.embedded.apiserver.selectors import label_selector_from

MASTERS = "system:masters"
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What somebody wants to do. A request for a path outside the resources has only `path` and `verb`."""

    user: str
    verb: str
    groups: tuple[str, ...] = ()
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def is_resource_request(self) -> bool:
        return bool(self.resource)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and why."""

    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Grant:
    """Rules given to a subject: everywhere (namespace ""), or in one namespace."""

    namespace: str
    role_key: tuple[str, str, str]
    reason: str


@dataclass(slots=True)
class RbacPolicy:
    """Roles and bindings, indexed by subject. Made anew whenever one of them changes: it is cheap."""

    rules: dict[tuple[str, str, str], tuple[Rule, ...]] = field(default_factory=dict)
    by_user: dict[str, list[_Grant]] = field(default_factory=dict)
    by_group: dict[str, list[_Grant]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        roles: Iterable[Mapping[str, Any]] = (),
        cluster_roles: Iterable[Mapping[str, Any]] = (),
        role_bindings: Iterable[Mapping[str, Any]] = (),
        cluster_role_bindings: Iterable[Mapping[str, Any]] = (),
    ) -> RbacPolicy:
        """The policy that these objects say. An aggregating ClusterRole has the rules of those that it selects."""
        policy = cls()
        for role in roles:
            meta = role["metadata"]
            policy.rules["Role", meta.get("namespace", ""), meta["name"]] = tuple(role.get("rules") or ())
        cluster_roles = tuple(cluster_roles)
        for role in cluster_roles:
            policy.rules["ClusterRole", "", role["metadata"]["name"]] = tuple(role_rules(role, cluster_roles))
        for binding in role_bindings:
            policy._bind(binding, binding["metadata"].get("namespace", ""), "RoleBinding")
        for binding in cluster_role_bindings:
            policy._bind(binding, "", "ClusterRoleBinding")
        return policy

    def _bind(self, binding: Mapping[str, Any], namespace: str, kind: str) -> None:
        role = binding["roleRef"]
        role_namespace = namespace if role["kind"] == "Role" else ""
        where = f"{binding['metadata']['name']}/{namespace}" if namespace else binding["metadata"]["name"]
        for subject in binding.get("subjects") or ():
            to = subject_text(subject, namespace)
            reason = f'RBAC: allowed by {kind} "{where}" of {role["kind"]} "{role["name"]}" to {to}'
            grant = _Grant(namespace, (role["kind"], role_namespace, role["name"]), reason)
            if subject["kind"] == "Group":
                self.by_group.setdefault(subject["name"], []).append(grant)
            else:
                self.by_user.setdefault(subject_user(subject, namespace), []).append(grant)

    def grants(self, user: str, groups: Iterable[str]) -> Iterator[_Grant]:
        """What was given to the user or one of the groups."""
        yield from self.by_user.get(user, ())
        for group in groups:
            yield from self.by_group.get(group, ())

    def rules_for(self, user: str, groups: Iterable[str], namespace: str) -> list[Rule]:
        """All rules that hold for a user in a namespace (what a SelfSubjectRulesReview shows)."""
        return [
            rule
            for grant in self.grants(user, groups)
            if grant.namespace in ("", namespace)
            for rule in self.rules.get(grant.role_key, ())
        ]


def role_rules(role: Mapping[str, Any], cluster_roles: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Rules of a ClusterRole, with those of the roles its aggregation rule selects."""
    rules = list(role.get("rules") or ())
    for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ():
        chosen = label_selector_from(selector)
        for other in cluster_roles:
            if other is not role and chosen.matches(other["metadata"].get("labels")):
                rules.extend(other.get("rules") or ())
    return rules


def subject_user(subject: Mapping[str, Any], namespace: str) -> str:
    """User name of a binding's subject; a service account without a namespace belongs to the binding's."""
    if subject["kind"] == "ServiceAccount":
        return f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"
    return str(subject["name"])


def subject_text(subject: Mapping[str, Any], namespace: str) -> str:
    if subject["kind"] == "ServiceAccount":
        return f'ServiceAccount "{subject["name"]}/{subject.get("namespace") or namespace}"'
    return f'{subject["kind"]} "{subject["name"]}"'


def authorize(request: AccessRequest, policy: RbacPolicy) -> Decision:
    """Whether the policy allows the request. Namespaced grants count only inside their namespace."""
    if MASTERS in request.groups:
        return Decision(True, f"member of {MASTERS}")
    for grant in policy.grants(request.user, request.groups):
        if grant.namespace and (grant.namespace != request.namespace or not request.is_resource_request):
            continue
        if any(rule_allows(rule, request) for rule in policy.rules.get(grant.role_key, ())):
            return Decision(True, grant.reason)
    return Decision(False, "")


def denial(request: AccessRequest) -> str:
    """The message of a 403 answer, as kubectl users know it."""
    if not request.is_resource_request:
        return f'User "{request.user}" cannot {request.verb} path "{request.path}"'
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    where = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
    what = f'{request.verb} resource "{resource}" in API group "{request.api_group}"'
    return f'User "{request.user}" cannot {what} {where}'


def rule_allows(rule: Rule, request: AccessRequest) -> bool:
    """Whether one rule covers the request."""
    if not _has(rule.get("verbs"), request.verb):
        return False
    if not request.is_resource_request:
        return any(_path_matches(pattern, request.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _has(rule.get("apiGroups"), request.api_group)
        and any(_resource_matches(pattern, request) for pattern in rule.get("resources") or ())
        and (not names or request.name in names)
    )


def _has(allowed: Iterable[str] | None, wanted: str) -> bool:
    return bool(allowed) and ("*" in allowed or wanted in allowed)  # type: ignore[operator]


def _resource_matches(pattern: str, request: AccessRequest) -> bool:
    if pattern == "*":
        return True
    if not request.subresource:
        return pattern == request.resource
    return pattern in (f"{request.resource}/{request.subresource}", f"*/{request.subresource}")


def _path_matches(pattern: str, path: str) -> bool:
    if pattern == "*" or pattern == path:
        return True
    return pattern.endswith("*") and path.startswith(pattern[:-1])

"""Does RBAC allow what a binding gives, and nothing else?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from torana.embedded.apiserver.rbac import AccessRequest, RbacPolicy, authorize, denial


def role(name: str, *rules: dict[str, Any], namespace: str = "", **meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, **meta}, "rules": list(rules)}


def rule(verbs: str, resources: str, groups: str = "", **more: Any) -> dict[str, Any]:
    return {"verbs": verbs.split(), "resources": resources.split(), "apiGroups": groups.split() or [""], **more}


def binding(role_name: str, *subjects: dict[str, str], kind: str = "ClusterRole", namespace: str = "") -> Any:
    return {
        "metadata": {"name": f"bind-{role_name}", "namespace": namespace},
        "roleRef": {"kind": kind, "name": role_name},
        "subjects": list(subjects),
    }


ANN = {"kind": "User", "name": "ann"}
GET = AccessRequest(user="ann", verb="get", resource="pods", namespace="here")


def cluster_wide(*rules: dict[str, Any]) -> RbacPolicy:
    return RbacPolicy.of(cluster_roles=[role("r", *rules)], cluster_role_bindings=[binding("r", ANN)])


def test_nothing_is_allowed_without_a_binding() -> None:
    assert not authorize(GET, RbacPolicy()).allowed
    assert not authorize(GET, RbacPolicy.of(cluster_roles=[role("r", rule("*", "*", "*"))])).allowed


def test_masters_may_do_everything() -> None:
    assert authorize(replace(GET, groups=("system:masters",)), RbacPolicy()).allowed


@pytest.mark.parametrize(
    ("given", "change", "allowed"),
    [
        (rule("get", "pods"), {}, True),
        (rule("list", "pods"), {}, False),
        (rule("get", "services"), {}, False),
        (rule("get", "pods", "apps"), {}, False),
        (rule("*", "*", "*"), {"verb": "delete", "resource": "x", "api_group": "y"}, True),
        (rule("get", "pods"), {"subresource": "log"}, False),
        (rule("get", "pods/log"), {"subresource": "log"}, True),
        (rule("get", "pods/log"), {}, False),
        (rule("get", "*/log"), {"subresource": "log"}, True),
        (rule("get", "*"), {"subresource": "log"}, True),
        (rule("get", "pods/*"), {"subresource": "log"}, False),
        (rule("get", "pods", resourceNames=["a"]), {"name": "a"}, True),
        (rule("get", "pods", resourceNames=["a"]), {"name": "b"}, False),
        (rule("list", "pods", resourceNames=["a"]), {"verb": "list"}, False),
        (rule("get", "pods"), {"namespace": ""}, True),
    ],
)
def test_a_rule_covers(given: dict[str, Any], change: dict[str, Any], allowed: bool) -> None:
    assert authorize(replace(GET, **change), cluster_wide(given)).allowed is allowed


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/x", False),
        ("/healthz/*", "/healthz/x", True),
        ("*", "/anything", True),
        ("/api/*", "/apis", False),
    ],
)
def test_paths_outside_the_resources_have_rules_of_their_own(pattern: str, path: str, allowed: bool) -> None:
    policy = cluster_wide({"verbs": ["get"], "nonResourceURLs": [pattern]})
    assert authorize(AccessRequest(user="ann", verb="get", path=path), policy).allowed is allowed


def test_a_role_binding_gives_rights_in_its_namespace_only() -> None:
    policy = RbacPolicy.of(
        cluster_roles=[role("r", rule("get", "pods"), {"verbs": ["get"], "nonResourceURLs": ["*"]})],
        role_bindings=[binding("r", ANN, namespace="here")],
    )
    assert authorize(GET, policy).allowed
    assert not authorize(replace(GET, namespace="there"), policy).allowed
    assert not authorize(replace(GET, namespace=""), policy).allowed
    assert not authorize(AccessRequest(user="ann", verb="get", path="/x"), policy).allowed


def test_a_role_is_found_in_the_namespace_of_its_binding() -> None:
    policy = RbacPolicy.of(
        roles=[role("r", rule("get", "pods"), namespace="there")],
        role_bindings=[binding("r", ANN, kind="Role", namespace="here")],
    )
    assert not authorize(GET, policy).allowed


@pytest.mark.parametrize(
    ("subject", "user", "groups", "allowed"),
    [
        ({"kind": "Group", "name": "team"}, "bob", ("team",), True),
        ({"kind": "Group", "name": "team"}, "team", (), False),
        ({"kind": "ServiceAccount", "name": "sa"}, "system:serviceaccount:here:sa", (), True),
        ({"kind": "ServiceAccount", "name": "sa", "namespace": "x"}, "system:serviceaccount:x:sa", (), True),
        ({"kind": "ServiceAccount", "name": "sa"}, "sa", (), False),
    ],
)
def test_a_subject_is(subject: dict[str, str], user: str, groups: tuple[str, ...], allowed: bool) -> None:
    policy = RbacPolicy.of(
        cluster_roles=[role("r", rule("get", "pods"))], role_bindings=[binding("r", subject, namespace="here")]
    )
    assert authorize(replace(GET, user=user, groups=groups), policy).allowed is allowed


def test_an_aggregating_role_has_the_rules_of_those_it_selects() -> None:
    gathering = {**role("all"), "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]}}
    policy = RbacPolicy.of(
        cluster_roles=[gathering, role("r", rule("get", "pods"), labels={"to": "all"})],
        cluster_role_bindings=[binding("all", ANN)],
    )
    assert authorize(GET, policy).allowed
    assert policy.rules_for("ann", (), "here") == [rule("get", "pods")]


def test_the_reason_names_binding_and_role_and_a_denial_says_what_was_asked() -> None:
    assert authorize(GET, cluster_wide(rule("get", "pods"))).reason == (
        'RBAC: allowed by ClusterRoleBinding "bind-r" of ClusterRole "r" to User "ann"'
    )
    assert denial(GET) == 'User "ann" cannot get resource "pods" in API group "" in the namespace "here"'
    assert denial(replace(GET, namespace="", subresource="log")) == (
        'User "ann" cannot get resource "pods/log" in API group "" at the cluster scope'
    )
    assert denial(AccessRequest(user="ann", verb="get", path="/x")) == 'User "ann" cannot get path "/x"'

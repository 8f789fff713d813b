"""Do the manifests for a real cluster fit the program that they start?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from torana.api.gateway_class import GATEWAY_CLASS
from torana.cli.controller import CONTROLLER_NAME, command
from torana.controller.main import kinds, targets
from torana.gateway.graph import Graph
from torana.infra.apply import PLANNED_KINDS
from torana.infra.plan import PlanInputs
from torana.infra.stage import Infrastructure
from torana.infra.trust import CONTROLLER_NAMESPACE

MANIFESTS = Path(__file__).parents[3] / "deploy" / "manifests"
DOCUMENTS: list[dict[str, Any]] = [
    document
    for path in sorted(MANIFESTS.glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for document in yaml.safe_load_all(path.read_text())
]

_GRAPH = Graph([CONTROLLER_NAME])
FOLLOWED = list(
    kinds(_GRAPH, Infrastructure(_GRAPH.engine, _GRAPH, PlanInputs(home="cluster", xds_host="", xds_port=0)))
)
TOLD = [target.kind for target in targets(_GRAPH, frozenset()).values()]


def the(kind: str, name: str) -> dict[str, Any]:
    return next(each for each in DOCUMENTS if each["kind"] == kind and each["metadata"]["name"] == name)


def test_the_kustomization_lists_every_manifest() -> None:
    listed = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in MANIFESTS.glob("*.yaml") if path.name != "kustomization.yaml")


def test_the_controller_accepts_its_arguments() -> None:
    container = the("Deployment", "torana-controller")["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][0] == "controller"
    context = command.make_context("controller", list(container["args"][1:]))
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert context.params["xds_port"] == ports["xds"]
    assert context.params["health_port"] == ports["health"]
    assert context.params["home"] == "cluster"


def test_proxies_find_the_controller_under_its_services_name() -> None:
    service = the("Service", "torana")
    container = the("Deployment", "torana-controller")["spec"]["template"]["spec"]["containers"][0]
    context = command.make_context("controller", list(container["args"][1:]))
    assert context.params["xds_name"] == f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert service["spec"]["ports"][0]["port"] == context.params["xds_port"]


def test_the_service_finds_the_controllers_pods() -> None:
    labels = the("Deployment", "torana-controller")["spec"]["template"]["metadata"]["labels"]
    assert the("Service", "torana")["spec"]["selector"].items() <= labels.items()


def test_everything_stands_in_the_namespace_where_the_controller_keeps_its_secrets() -> None:
    assert the("Namespace", CONTROLLER_NAMESPACE)
    assert {each["metadata"].get("namespace", CONTROLLER_NAMESPACE) for each in DOCUMENTS} == {CONTROLLER_NAMESPACE}


def test_the_gateway_class_is_the_controllers() -> None:
    assert the("GatewayClass", "torana")["spec"]["controllerName"] == CONTROLLER_NAME


@pytest.mark.parametrize("kind", PLANNED_KINDS.values(), ids=lambda kind: kind.kind)
def test_the_controller_may_make_the_objects_of_a_proxy(kind: Any) -> None:
    assert {"get", "list", "create", "patch", "delete"} <= verbs("torana-controller", kind.group, kind.plural)


@pytest.mark.parametrize("kind", FOLLOWED, ids=lambda kind: kind.kind)
def test_the_controller_may_follow_every_kind_that_it_follows(kind: Any) -> None:
    assert {"get", "list", "watch"} <= verbs("torana-controller", kind.group, kind.plural)


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.kind)
def test_the_controller_may_write_every_status_that_it_writes(kind: Any) -> None:
    assert {"get", "patch"} <= verbs("torana-controller", kind.group, f"{kind.plural}/status")


def test_the_controller_may_keep_a_class_that_is_used() -> None:
    assert "patch" in verbs("torana-controller", GATEWAY_CLASS.group, GATEWAY_CLASS.plural)


def test_nobody_may_do_everything() -> None:
    rules = [rule for each in DOCUMENTS if each["kind"] == "ClusterRole" for rule in each["rules"]]
    assert not [rule for rule in rules if "*" in rule["verbs"] or "*" in rule["apiGroups"]]


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        ("gateway-api-infrastructure-provider", {"gatewayclasses"}),
        ("gateway-api-cluster-operator", {"gateways", "listenersets", "referencegrants", "backendtlspolicies"}),
        (
            "gateway-api-application-developer",
            {
                "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes", "backendtlspolicies",
                "referencegrants",
            },
        ),
    ],
)  # fmt: skip
def test_each_role_of_the_gateway_api_writes_its_own_kinds(role: str, writes: set[str]) -> None:
    kinds = {
        "gatewayclasses", "gateways", "listenersets", "referencegrants", "backendtlspolicies", "httproutes",
        "grpcroutes", "tlsroutes", "tcproutes", "udproutes",
    }  # fmt: skip
    assert {kind for kind in kinds if "create" in verbs(role, "gateway.networking.k8s.io", kind)} == writes


def verbs(role: str, group: str, plural: str) -> set[str]:
    return {
        verb
        for rule in the("ClusterRole", role)["rules"]
        if group in rule["apiGroups"] and (plural in rule["resources"] or "*" in rule["resources"])
        for verb in rule["verbs"]
    }

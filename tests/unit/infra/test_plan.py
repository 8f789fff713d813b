"""Which Kubernetes objects make up one Gateway's proxy?"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torana.infra.apply import PLANNED_KINDS
from torana.infra.plan import Port, certificate_outline, plan

from .gateways import a_gateway, some_inputs

INFRASTRUCTURE = {
    "labels": {"team": "shop", "app.kubernetes.io/name": "front", "gateway.networking.k8s.io/gateway-name": "stolen"},
    "annotations": {"note": "hello", "torana.dev/applied-hash": "forged"},
}
TYPES = ("LoadBalancer", "ClusterIP")


def by_kind(objects: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in objects}


def test_a_proxy_is_four_objects_in_the_order_of_their_need() -> None:
    objects = plan(a_gateway(), some_inputs())
    assert [each["kind"] for each in objects] == ["ServiceAccount", "ConfigMap", "Service", "Deployment"]


def test_every_object_stands_beside_its_gateway_and_goes_with_it() -> None:
    gateway = a_gateway()
    for each in (*plan(gateway, some_inputs()), certificate_outline(gateway)):
        assert each["metadata"]["name"] == "web-torana"
        assert each["metadata"]["namespace"] == "shop"
        assert each["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "name": "web",
                "uid": "uid-of-web",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]


def test_every_object_carries_the_labels_of_the_specification() -> None:
    gateway = a_gateway()
    for each in (*plan(gateway, some_inputs()), certificate_outline(gateway)):
        assert each["metadata"]["labels"] == {
            "app.kubernetes.io/name": "torana",
            "app.kubernetes.io/component": "proxy",
            "app.kubernetes.io/managed-by": "torana",
            "app.kubernetes.io/instance": "web-torana",
            "gateway.networking.k8s.io/gateway-name": "web",
            "gateway.networking.k8s.io/gateway-class-name": "torana",
        }


def test_infrastructure_labels_and_annotations_are_on_every_object_and_on_the_pods() -> None:
    gateway = a_gateway(infrastructure=INFRASTRUCTURE)
    objects = (*plan(gateway, some_inputs()), certificate_outline(gateway))
    pods = by_kind(objects)["Deployment"]["spec"]["template"]
    for each in (*objects, pods):
        assert each["metadata"]["labels"]["team"] == "shop"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "front"
        assert each["metadata"]["annotations"]["note"] == "hello"


def test_infrastructure_cannot_set_what_torana_gives_a_meaning() -> None:
    for each in plan(a_gateway(infrastructure=INFRASTRUCTURE), some_inputs()):
        assert each["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] == "web"
        assert "torana.dev/applied-hash" not in each["metadata"]["annotations"]


def test_the_service_opens_each_port_once_under_its_own_number() -> None:
    inputs = some_inputs(ports=(Port(443), Port(53, "UDP"), Port(443), Port(53)))
    service = by_kind(plan(a_gateway(), inputs))["Service"]
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["spec"]["ports"] == [
        {"name": "tcp-53", "protocol": "TCP", "port": 53, "targetPort": 53},
        {"name": "udp-53", "protocol": "UDP", "port": 53, "targetPort": 53},
        {"name": "tcp-443", "protocol": "TCP", "port": 443, "targetPort": 443},
    ]


def test_a_gateway_whose_listeners_are_all_broken_keeps_its_service() -> None:
    service = by_kind(plan(a_gateway(), some_inputs(ports=())))["Service"]
    assert [port["name"] for port in service["spec"]["ports"]] == ["tcp-80"]


def test_a_gateway_without_listeners_has_no_service() -> None:
    assert "Service" not in by_kind(plan(a_gateway(listeners=[]), some_inputs(ports=())))


def test_changing_ports_leaves_the_pods_alone() -> None:
    before = by_kind(plan(a_gateway(), some_inputs(ports=(Port(80),))))
    listeners = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    after = by_kind(plan(a_gateway(listeners=listeners), some_inputs(ports=(Port(53, "UDP"),))))
    assert before["Service"] != after["Service"]
    assert before["Deployment"] == after["Deployment"]


def test_a_renewed_certificate_rolls_the_pods() -> None:
    def template(certificate_hash: str) -> Any:
        objects = plan(a_gateway(), some_inputs(certificate_hash=certificate_hash))
        return by_kind(objects)["Deployment"]["spec"]["template"]

    assert template("c1") != template("c2")
    assert template("c1")["spec"] == template("c2")["spec"]


def test_the_service_finds_exactly_the_pods_of_its_deployment() -> None:
    objects = by_kind(plan(a_gateway(), some_inputs()))
    selector = objects["Service"]["spec"]["selector"]
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"] == selector
    assert selector.items() <= objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()


def test_the_first_ip_address_asked_for_goes_to_the_service() -> None:
    addresses = [
        {"type": "Hostname", "value": "web.example"},
        {"type": "IPAddress"},
        {"type": "IPAddress", "value": "127.77.0.9"},
        {"type": "IPAddress", "value": "127.77.0.10"},
    ]
    service = by_kind(plan(a_gateway(addresses=addresses), some_inputs()))["Service"]
    assert service["spec"]["loadBalancerIP"] == "127.77.0.9"


def test_an_embedded_proxy_binds_its_own_address_and_a_clusters_binds_all() -> None:
    def bound(home: str) -> str:
        deployment = by_kind(plan(a_gateway(), some_inputs(home=home)))["Deployment"]
        arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
        overrides = json.loads(arguments[arguments.index("--config-yaml") + 1])
        return str(overrides["node"]["metadata"]["address"])

    assert bound("embedded") == "$(POD_IP)"
    assert bound("cluster") == "0.0.0.0"


def test_an_embedded_pod_is_probed_on_a_socket_of_its_own() -> None:
    def annotations(home: str) -> Any:
        deployment = by_kind(plan(a_gateway(), some_inputs(home=home)))["Deployment"]
        return deployment["spec"]["template"]["metadata"]["annotations"]

    assert annotations("embedded")["node.torana.dev/probe-socket"] == "var/run/torana/admin.sock"
    assert "node.torana.dev/probe-socket" not in annotations("cluster")


def test_a_pod_has_the_time_to_leave_within_its_grace() -> None:
    for home, seconds in (("embedded", 3), ("cluster", 15)):
        pod = by_kind(plan(a_gateway(), some_inputs(home=home)))["Deployment"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": seconds}}}
        assert seconds < pod["terminationGracePeriodSeconds"]


def test_a_pod_runs_without_rights() -> None:
    pod = by_kind(plan(a_gateway(), some_inputs(home="cluster")))["Deployment"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_number_of_replicas_is_left_to_an_autoscaler_unless_asked_for() -> None:
    assert "replicas" not in by_kind(plan(a_gateway(), some_inputs()))["Deployment"]["spec"]
    assert by_kind(plan(a_gateway(), some_inputs(replicas=3)))["Deployment"]["spec"]["replicas"] == 3


def test_the_bootstrap_names_the_gateway_and_the_files_of_the_pod() -> None:
    objects = by_kind(plan(a_gateway(), some_inputs()))
    bootstrap = json.loads(objects["ConfigMap"]["data"]["bootstrap.json"])
    assert bootstrap["node"]["cluster"] == "shop/web"
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    mounts = [mount["mountPath"].lstrip("/") for mount in pod["containers"][0]["volumeMounts"]]
    text = objects["ConfigMap"]["data"]["bootstrap.json"]
    assert any(f'"{mounts[1]}/tls.crt"' in text for _ in mounts)
    assert pod["containers"][0]["workingDir"] == "/"


PORTS = st.lists(st.builds(Port, st.integers(1, 65535), st.sampled_from(["TCP", "UDP"])), max_size=6)


@given(ports=PORTS)
def test_a_plan_does_not_depend_on_the_order_of_ports(ports: list[Port]) -> None:
    forward, backward = (some_inputs(ports=tuple(each)) for each in (ports, ports[::-1]))
    assert plan(a_gateway(), forward) == plan(a_gateway(), backward)


AT_ITS_DEFAULT = {".spec.template.spec.terminationGracePeriodSeconds"}
"""Written although it is the default, so a typed object leaves it out again."""


@pytest.mark.parametrize("home", ["embedded", "cluster"])
def test_every_field_of_a_plan_is_one_of_its_kind(home: str) -> None:
    gateway = a_gateway(addresses=[{"value": "127.77.0.9"}])
    for each in (*plan(gateway, some_inputs(home=home, replicas=2)), certificate_outline(gateway)):
        understood = msgspec.to_builtins(msgspec.convert(each, PLANNED_KINDS[each["kind"]].struct))
        assert [path for path in missing(each, understood) if path not in AT_ITS_DEFAULT] == []


def missing(wanted: Any, understood: Any, path: str = "") -> list[str]:
    """Paths that are lost when the kind's Struct reads the object. Equal to a default is as good as there."""
    if isinstance(wanted, dict):
        return [
            lost
            for key, value in wanted.items()
            if value not in (False, "TCP", "RollingUpdate")
            for lost in (missing(value, understood[key], f"{path}.{key}") if key in understood else [f"{path}.{key}"])
        ]
    if isinstance(wanted, list):
        pairs = zip(wanted, understood, strict=True)
        return [lost for index, (one, two) in enumerate(pairs) for lost in missing(one, two, f"{path}[{index}]")]
    return [] if wanted == understood else [path]


def test_a_service_inside_of_the_cluster_asks_for_no_address_outside() -> None:
    gateway = a_gateway(addresses=[{"type": "IPAddress", "value": "127.77.0.9"}])
    outside, inside = (by_kind(plan(gateway, some_inputs(service_type=each)))["Service"] for each in TYPES)
    assert (outside["spec"]["type"], outside["spec"]["loadBalancerIP"]) == ("LoadBalancer", "127.77.0.9")
    assert inside["spec"]["type"] == "ClusterIP"
    assert "loadBalancerIP" not in inside["spec"]

"""How is a Gateway's proxy doing?"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.core.deployment import Deployment
from torana.api.core.pod import Pod
from torana.api.core.service import Service
from torana.infra.observe import ProxyState, observe

from .gateways import a_gateway


def a_service(*ingress: dict[str, Any], conditions: tuple[dict[str, Any], ...] = ()) -> Service:
    status = {"loadBalancer": {"ingress": ingress}, "conditions": conditions}
    return msgspec.convert(
        {"metadata": {"name": "web-torana"}, "spec": {"type": "LoadBalancer"}, "status": status}, Service
    )


def a_deployment(ready: int, *conditions: dict[str, str]) -> Deployment:
    document = {
        "metadata": {"name": "web-torana"},
        "spec": {"selector": {}, "template": {"metadata": {}, "spec": {"containers": []}}},
        "status": {"readyReplicas": ready, "conditions": conditions},
    }
    return msgspec.convert(document, Deployment)


def a_pod(name: str = "web-1", **status: Any) -> Pod:
    return msgspec.convert({"metadata": {"name": name}, "spec": {"containers": []}, "status": status}, Pod)


def a_container(state: dict[str, Any], last_state: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": "envoy", "ready": False, "restartCount": 0, "image": "envoy", "imageID": "", "state": state,
        "lastState": last_state or {},
    }  # fmt: skip


def test_a_proxy_of_which_nothing_exists_yet_has_no_problem() -> None:
    assert observe(a_gateway(), None, None) == ProxyState()


def test_the_addresses_are_those_of_the_service() -> None:
    state = observe(a_gateway(), a_service({"ip": "127.77.0.2"}, {"hostname": "lb.example"}), a_deployment(1))
    assert [(each.type, each.value) for each in state.addresses] == [
        ("IPAddress", "127.77.0.2"),
        ("Hostname", "lb.example"),
    ]
    assert state.ready_replicas == 1
    assert state.problem == ""


def test_a_service_inside_of_the_cluster_has_the_addresses_it_has_there() -> None:
    spec = {"type": "ClusterIP", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7", "fd00::7"]}
    service = msgspec.convert({"metadata": {"name": "web-torana"}, "spec": spec}, Service)
    assert [each.value for each in observe(a_gateway(), service, None).addresses] == ["10.0.0.7", "fd00::7"]


def test_an_address_that_was_asked_for_and_not_given_is_missing() -> None:
    gateway = a_gateway(addresses=[{"value": "127.77.0.9"}, {"value": "10.0.0.1"}])
    assert observe(gateway, None, None).missing_addresses == ()
    assert observe(gateway, a_service(), None).missing_addresses == ("127.77.0.9", "10.0.0.1")
    assert observe(gateway, a_service({"ip": "127.77.0.9"}), None).missing_addresses == ("10.0.0.1",)


def test_a_refused_address_is_missing_and_the_refusal_is_passed_on() -> None:
    gateway = a_gateway(addresses=[{"value": "10.0.0.1"}])
    refusal = {
        "type": "AddressAssigned",
        "status": "False",
        "reason": "Taken",
        "message": "10.0.0.1 is outside the pool",
        "lastTransitionTime": "2030-01-01T00:00:00Z",
    }
    state = observe(gateway, a_service(conditions=(refusal,)), None)
    assert state.missing_addresses == ("10.0.0.1",)
    assert state.problem == 'Service "web-torana": 10.0.0.1 is outside the pool'


def test_a_pod_that_waits_for_its_image_says_so() -> None:
    waiting = {"waiting": {"reason": "ImageNotMapped", "message": "no local command stands for image"}}
    state = observe(a_gateway(), None, a_deployment(0), [a_pod(containerStatuses=[a_container(waiting)])])
    assert state.problem == ('Pod "web-1", container "envoy": ImageNotMapped: no local command stands for image')


def test_a_pod_that_is_on_its_way_up_is_no_problem() -> None:
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    assert observe(a_gateway(), None, None, [a_pod(containerStatuses=[a_container(waiting)])]).problem == ""


def test_a_crashing_container_tells_its_exit_code() -> None:
    container = a_container(
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}, {"terminated": {"exitCode": 1}}
    )
    state = observe(a_gateway(), None, None, [a_pod(containerStatuses=[container])])
    assert state.problem == 'Pod "web-1", container "envoy": CrashLoopBackOff: back-off 10s (last exit code 1)'


def test_a_pod_without_a_node_says_why() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}
    assert observe(a_gateway(), None, None, [a_pod(conditions=[condition])]).problem == (
        'Pod "web-1" has no node: 0/3 nodes fit'
    )


def test_a_pod_explains_more_than_its_deployment() -> None:
    stuck = a_deployment(0, {"type": "Progressing", "status": "False", "message": "deadline exceeded"})
    pod = a_pod(containerStatuses=[a_container({"waiting": {"reason": "ErrImagePull"}})])
    assert observe(a_gateway(), None, stuck, []).problem == 'Deployment "web-torana": deadline exceeded'
    assert "ErrImagePull" in observe(a_gateway(), None, stuck, [pod]).problem


def test_a_pod_that_leaves_is_not_asked() -> None:
    leaving = msgspec.convert(
        {
            "metadata": {"name": "web-0", "deletionTimestamp": "2030-01-01T00:00:00Z"},
            "spec": {"containers": []},
            "status": {"containerStatuses": [a_container({"terminated": {"exitCode": 137}})]},
        },
        Pod,
    )
    assert observe(a_gateway(), None, None, [leaving]).problem == ""

"""Which EndpointSlices a Service has."""

from __future__ import annotations

from typing import Any

from torana.embedded.controllers.action import Action, Create, Delete, Patch
from torana.embedded.controllers.endpointslices import decide

from .objects import endpoint_slice, pod, service

PORT = {"name": "http", "port": 80, "targetPort": 3000, "appProtocol": "kubernetes.io/h2c"}


def created(actions: list[Action]) -> list[dict[str, Any]]:
    return [action.object for action in actions if isinstance(action, Create)]


def test_each_pod_is_an_endpoint_with_its_conditions_and_its_target() -> None:
    (body,) = created(decide(service(ports=[PORT]), [pod("a"), pod("b", ready=False)], []))
    assert body["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert body["ports"] == [{"name": "http", "protocol": "TCP", "port": 3000, "appProtocol": "kubernetes.io/h2c"}]
    first, second = body["endpoints"]
    assert first["conditions"] == {"ready": True, "serving": True, "terminating": False}
    assert first["targetRef"] == {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"}
    assert first["nodeName"] == "n1"
    assert second["conditions"]["ready"] is False


def test_a_pod_on_its_way_out_serves_but_is_not_ready() -> None:
    (body,) = created(decide(service(ports=[PORT]), [pod("a", deleted=True)], []))
    assert body["endpoints"][0]["conditions"] == {"ready": False, "serving": True, "terminating": True}


def test_publishing_pods_that_are_not_ready_makes_them_ready() -> None:
    wanted = service(ports=[PORT], publishNotReadyAddresses=True)
    (body,) = created(decide(wanted, [pod("a", ready=False)], []))
    assert body["endpoints"][0]["conditions"]["ready"] is True


def test_an_unnamed_port_has_an_empty_name() -> None:
    (body,) = created(decide(service(ports=[{"port": 80, "targetPort": 3000}]), [pod("a")], []))
    assert body["ports"][0]["name"] == ""


def test_a_port_without_target_means_its_own_number() -> None:
    (body,) = created(decide(service(ports=[{"port": 80}]), [pod("a")], []))
    assert body["ports"][0]["port"] == 80


def test_a_named_target_port_may_differ_from_pod_to_pod_and_then_makes_several_slices() -> None:
    pods = [
        pod("a", ports=[{"name": "web", "containerPort": 1}]),
        pod("b", ports=[{"name": "web", "containerPort": 2}]),
    ]
    bodies = created(decide(service(ports=[{"name": "http", "port": 80, "targetPort": "web"}]), pods, []))
    assert sorted(body["ports"][0]["port"] for body in bodies) == [1, 2]


def test_pods_without_address_or_that_ended_are_no_endpoints() -> None:
    (body,) = created(decide(service(ports=[PORT]), [pod("a", ip=""), pod("b", phase="Succeeded")], []))
    assert body["endpoints"] == []


def test_a_headless_service_is_labelled_so() -> None:
    (body,) = created(decide(service(ports=[PORT], clusterIP="None"), [pod("a")], []))
    assert "service.kubernetes.io/headless" in body["metadata"]["labels"]


def test_more_than_a_hundred_endpoints_go_into_several_slices() -> None:
    pods = [pod(f"p{number}", ip=f"127.88.1.{number}") for number in range(101)]
    bodies = created(decide(service(ports=[PORT]), pods, []))
    assert [len(body["endpoints"]) for body in bodies] == [100, 1]
    assert len({body["metadata"]["name"] for body in bodies}) == 2


def test_nothing_is_written_when_nothing_changed() -> None:
    (body,) = created(decide(service(ports=[PORT]), [pod("a")], []))
    assert decide(service(ports=[PORT]), [pod("a")], [endpoint_slice(body)]) == []


def test_a_change_patches_the_slice_that_is_there() -> None:
    (body,) = created(decide(service(ports=[PORT]), [pod("a", ready=False)], []))
    (patch,) = decide(service(ports=[PORT]), [pod("a")], [endpoint_slice(body)])
    assert isinstance(patch, Patch)
    assert patch.ref.name == body["metadata"]["name"]


def test_slices_of_others_are_never_touched() -> None:
    foreign = endpoint_slice(
        {
            "metadata": {"name": "mine", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.88.0.1"]}],
        }
    )
    assert decide(service(selector={}), [], [foreign]) == []
    assert not [each for each in decide(service(ports=[PORT]), [pod("a")], [foreign]) if isinstance(each, Delete)]

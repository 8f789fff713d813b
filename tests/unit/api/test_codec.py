"""Do objects survive the way from JSON to Structs and back?"""

from __future__ import annotations

import json

import msgspec
import pytest

from torana.api.codec import decode, encode, from_dict, to_dict, without_nulls
from torana.api.core.deployment import Deployment
from torana.api.core.endpoint_slice import EndpointSlice
from torana.api.core.event import as_core_v1, as_events_v1
from torana.api.core.pod import Pod
from torana.api.core.secret import Secret
from torana.api.gateway import Gateway
from torana.api.http_route import HTTPRoute
from torana.api.reference_grant import ReferenceGrant
from torana.api.tls_route import TLSRoute


def test_names_that_python_or_camel_case_cannot_say_are_kept() -> None:
    pod = decode(
        Pod,
        b'{"spec":{"containers":[{"name":"a"}],"hostPID":true},"status":{"podIP":"127.0.0.2","podIPs":[{"ip":"127.0.0.2"}]}}',
    )
    assert pod.status.pod_ip == "127.0.0.2"
    assert to_dict(pod)["status"]["podIPs"] == [{"ip": "127.0.0.2"}]
    assert to_dict(pod)["spec"]["hostPID"] is True
    grant = decode(ReferenceGrant, b'{"spec":{"from":[{"group":"","kind":"Service","namespace":"n"}],"to":[]}}')
    assert grant.spec.from_[0].namespace == "n"
    assert "from" in to_dict(grant)["spec"]


def test_an_empty_list_that_kubernetes_writes_as_null_is_empty() -> None:
    slice_ = decode(EndpointSlice, b'{"addressType":"IPv4","endpoints":null,"ports":null}')
    assert slice_.endpoints == ()
    assert from_dict(EndpointSlice, {"addressType": "IPv4", "endpoints": None}) == slice_


def test_a_template_made_by_kubectl_has_no_creation_time() -> None:
    text = """{"metadata":{"name":"a","creationTimestamp":null},"spec":{"selector":{"matchLabels":{"app":"a"}},
      "template":{"metadata":{"creationTimestamp":null,"labels":{"app":"a"}},
      "spec":{"containers":[{"name":"a","image":"i","resources":{"limits":{"cpu":0.5,"memory":"1Gi"}}}]}},"strategy":{}},"status":{}}"""
    deployment = decode(Deployment, text)
    assert deployment.spec.template.spec.containers[0].resources.limits == {"cpu": 0.5, "memory": "1Gi"}
    assert deployment.spec.replicas == 1


def test_a_field_that_does_not_fit_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$.spec.listeners\[0\].port`"):
        decode(Gateway, b'{"spec":{"gatewayClassName":"c","listeners":[{"name":"a","port":"x","protocol":"HTTP"}]}}')


def test_a_required_field_that_is_null_is_missing() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `spec`"):
        decode(Gateway, b'{"spec":null}')


def test_values_of_enums_that_are_not_known_yet_can_be_read() -> None:
    route = decode(HTTPRoute, b'{"spec":{"rules":[{"filters":[{"type":"FromTheFuture","new":{}}]}]}}')
    assert route.spec.rules[0].filters[0].type == "FromTheFuture"


def test_a_route_without_rules_has_one_that_takes_everything() -> None:
    route = decode(HTTPRoute, b'{"spec":{}}')
    match = route.spec.rules[0].matches[0]
    assert (match.path.type, match.path.value) == ("PathPrefix", "/")


def test_a_route_written_before_hostnames_were_required_can_be_read() -> None:
    route = decode(TLSRoute, b'{"spec":{"rules":[{"backendRefs":[{"name":"b","port":443}]}]}}')
    assert route.spec.hostnames == ()


def test_an_object_read_and_written_is_the_same() -> None:
    text = b'{"metadata":{"name":"a"},"spec":{"rules":[{"backendRefs":[{"name":"b","port":80,"weight":3}]}]}}'
    route = decode(HTTPRoute, text)
    assert json.loads(encode(route)) == json.loads(text) == to_dict(route)


def test_nulls_are_taken_out_of_maps_at_any_depth() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}]}) == {"b": [{"d": 1}]}


def test_a_secret_never_shows_its_values() -> None:
    secret = Secret(data={"tls.key": "c2VjcmV0"}, string_data={"password": "hunter2"})
    for shown in (repr(secret), str(secret), f"{secret}"):
        assert "c2VjcmV0" not in shown
        assert "hunter2" not in shown
        assert "password, tls.key" in shown


def test_one_event_has_two_faces() -> None:
    core = {"apiVersion": "v1", "kind": "Event", "involvedObject": {"name": "p"}, "message": "m", "count": 2}
    events = as_events_v1(core)
    assert events == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "regarding": {"name": "p"},
        "note": "m",
        "deprecatedCount": 2,
    }
    assert as_core_v1(events) == core

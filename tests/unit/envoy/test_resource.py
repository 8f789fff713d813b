"""Are the hand-framed bytes what protobuf would write?"""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy import wire
from torana.envoy.cluster import render_cluster, render_endpoints
from torana.envoy.delta import read_request, write_response
from torana.envoy.events import Acked, Asked, Nacked, Send
from torana.envoy.resource import ResourceType, from_message
from torana.proxy.cluster import Cluster, Endpoint, Endpoints


def test_a_framed_resource_reads_back_as_an_entry_of_a_response() -> None:
    resource = render_cluster(Cluster("a"))
    response = pb.DeltaDiscoveryResponse.FromString(resource.framed)
    assert [(one.name, one.version) for one in response.resources] == [("a", resource.version)]
    assert response.resources[0].resource.type_url == ResourceType.CDS.url
    assert response.resources[0].resource.value == resource.body


def test_a_response_is_joined_from_framed_parts() -> None:
    one, two = render_cluster(Cluster("one")), render_cluster(Cluster("two", "http2"))
    response = pb.DeltaDiscoveryResponse.FromString(
        write_response(Send(ResourceType.CDS, "17", (one, two), ("gone", "away")))
    )
    assert [entry.name for entry in response.resources] == ["one", "two"]
    assert (response.type_url, response.nonce) == (ResourceType.CDS.url, "17")
    assert list(response.removed_resources) == ["gone", "away"]


def test_an_empty_response_still_has_type_and_nonce() -> None:
    response = pb.DeltaDiscoveryResponse.FromString(write_response(Send(ResourceType.LDS, "1")))
    assert (response.type_url, response.nonce, len(response.resources)) == (ResourceType.LDS.url, "1", 0)


def test_lengths_of_more_than_seven_bits_are_written_as_varints() -> None:
    for length in (0, 1, 127, 128, 300, 20_000, 3_000_000):
        written = wire.field(1, b"x" * length)
        assert pb.Cluster.FromString(written).name == "x" * length


def test_equal_content_has_an_equal_version_and_other_content_another() -> None:
    endpoints = Endpoints("a", (Endpoint("10.0.0.1", 80),))
    assert render_endpoints(endpoints) == render_endpoints(endpoints)
    assert render_endpoints(endpoints).version != render_endpoints(Endpoints("a", ())).version


def test_a_resource_never_prints_its_body() -> None:
    secret = from_message(ResourceType.SDS, "s", pb.Secret(name="PRIVATE"))
    assert "PRIVATE" not in repr(secret)


def test_an_answer_with_a_question_is_read_as_both() -> None:
    request = pb.DeltaDiscoveryRequest(
        type_url=ResourceType.EDS.url,
        response_nonce="3",
        resource_names_subscribe=["a"],
        resource_names_unsubscribe=["b"],
    )
    assert read_request(request) == [Acked("3"), Asked(ResourceType.EDS, ("a",), ("b",))]


def test_a_refusal_is_read_with_its_message() -> None:
    request = pb.DeltaDiscoveryRequest(type_url=ResourceType.CDS.url, response_nonce="3")
    request.error_detail.message = "no"
    assert read_request(request) == [Nacked("3", "no")]


def test_a_first_question_tells_what_envoy_still_holds() -> None:
    request = pb.DeltaDiscoveryRequest(type_url=ResourceType.CDS.url, initial_resource_versions={"a": "1"})
    assert read_request(request) == [Asked(ResourceType.CDS, held={"a": "1"})]


def test_types_that_are_not_served_are_ignored() -> None:
    assert read_request(pb.DeltaDiscoveryRequest(type_url="type.googleapis.com/other")) == []

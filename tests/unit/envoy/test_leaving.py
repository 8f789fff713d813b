"""What is an Envoy offered that is about to end?"""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.events import Offered
from torana.envoy.leaving import Step, offer_at
from torana.envoy.listener import render_bind
from torana.envoy.resource import Resource, ResourceType
from torana.envoy.table import render_table
from torana.proxy.bind import Bind, Chain, Share, StreamChain
from torana.proxy.route import Table

LISTENER = render_bind(Bind(80, "HTTP", (Chain("default", Table("hosts")),)))
PASSED_ON = render_bind(Bind(9000, "TCP", (StreamChain("stream", (Share("db"),)),)))
ROUTES = render_table("hosts", [])
GONE = (ResourceType.CDS, "old")
OFFER = Offered(7, (LISTENER, PASSED_ON, ROUTES), (GONE,))


def managers(listener: Resource) -> list[pb.HttpConnectionManager]:
    message = pb.Listener.FromString(listener.body)
    found = []
    for chain in message.filter_chains:
        manager = pb.HttpConnectionManager()
        assert chain.filters[0].typed_config.Unpack(manager)
        found.append(manager)
    return found


def test_one_that_serves_gets_what_there_is() -> None:
    assert offer_at(Step.SERVING, OFFER) is OFFER


def test_one_that_lets_go_has_a_connection_for_each_request_and_all_else_as_before() -> None:
    listener, *others = offer_at(Step.LETTING_GO, OFFER).upserts
    (manager,), (before,) = managers(listener), managers(LISTENER)
    assert manager.common_http_protocol_options.max_requests_per_connection.value == 1
    manager.ClearField("common_http_protocol_options")
    assert manager == before
    assert (listener.name, listener.needs, listener.origins) == (LISTENER.name, LISTENER.needs, LISTENER.origins)
    assert listener.version != LISTENER.version
    assert others == [PASSED_ON, ROUTES]


def test_one_that_lets_go_keeps_its_sockets() -> None:
    listener = pb.Listener.FromString(offer_at(Step.LETTING_GO, OFFER).upserts[0].body)
    before = pb.Listener.FromString(LISTENER.body)
    for message in (listener, before):
        message.ClearField("filter_chains")
    assert listener == before


def test_one_that_is_closed_has_no_listeners_and_all_that_its_last_requests_need() -> None:
    offer = offer_at(Step.CLOSED, OFFER)
    assert offer.upserts == (ROUTES,)
    assert set(offer.removals) == {GONE, LISTENER.key, PASSED_ON.key}
    assert offer.revision == OFFER.revision

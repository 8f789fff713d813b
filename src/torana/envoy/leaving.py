"""What is an Envoy offered whose Pod is about to end, so that nobody who talks to it is cut off?

It leaves in steps. **Letting go**: it accepts connections as before, but each is told to end with its next answer; old
ones are, because their filter chain changed (Envoy then drains it), new ones after one request. So clients come back
on a new connection, which by and by leads them to others. **Closed**: its listeners are taken away. It accepts nothing
any more and completes what it has begun.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from torana.envoy import messages as pb
from torana.envoy.events import Offered
from torana.envoy.resource import Resource, ResourceType, from_message

_MANAGER = "envoy.filters.network.http_connection_manager"


class Step(Enum):
    """How far an Envoy is on its way out."""

    SERVING = "serving"
    LETTING_GO = "letting go"
    CLOSED = "closed"


def offer_at(step: Step, offer: Offered) -> Offered:
    """The offer as an Envoy at this step gets it. Only listeners differ."""
    if step is Step.SERVING:
        return offer
    if step is Step.LETTING_GO:
        return msgspec.structs.replace(offer, upserts=tuple(_letting_go(one) for one in offer.upserts))
    listeners = tuple(one.key for one in offer.upserts if one.type is ResourceType.LDS)
    others = tuple(one for one in offer.upserts if one.type is not ResourceType.LDS)
    return msgspec.structs.replace(offer, upserts=others, removals=(*offer.removals, *listeners))


def _letting_go(resource: Resource) -> Resource:
    """A listener with a connection for each request; anything else as it is."""
    if resource.type is not ResourceType.LDS:
        return resource
    listener = pb.Listener.FromString(resource.body)
    for chain in listener.filter_chains:
        for one in chain.filters:
            if one.name == _MANAGER:
                manager = pb.HttpConnectionManager()
                one.typed_config.Unpack(manager)
                manager.common_http_protocol_options.max_requests_per_connection.value = 1
                one.typed_config.CopyFrom(pb.packed(manager))
    return from_message(resource.type, resource.name, listener, needs=resource.needs, origins=resource.origins)

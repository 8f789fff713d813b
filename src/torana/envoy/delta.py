"""How events and commands of a `Session` are written in Envoy's delta protocol."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy import wire
from torana.envoy.events import Acked, Asked, Event, Nacked, Send
from torana.envoy.resource import ResourceType

_TYPES = {type.url: type for type in ResourceType}

# Field numbers of DeltaDiscoveryResponse; `resources` (2) is in the framing of each resource.
_TYPE_URL, _NONCE, _REMOVED = 4, 5, 6


def read_request(request: pb.DeltaDiscoveryRequest) -> list[Event]:
    """What this request says: the answer to a response, a question, or both. Nothing for types we do not serve."""
    type = _TYPES.get(request.type_url)
    if type is None:
        return []
    events: list[Event] = []
    if request.response_nonce:
        if request.HasField("error_detail"):
            events.append(Nacked(request.response_nonce, request.error_detail.message))
        else:
            events.append(Acked(request.response_nonce))
    names, dropped = tuple(request.resource_names_subscribe), tuple(request.resource_names_unsubscribe)
    # The first request of a type without names asks for everything; a later one without names is only an answer.
    if names or dropped or not request.response_nonce:
        events.append(Asked(type, names, dropped, dict(request.initial_resource_versions)))
    return events


def write_response(send: Send) -> bytes:
    """The serialized DeltaDiscoveryResponse, joined from what is already framed."""
    parts = [resource.framed for resource in send.resources]
    parts.append(wire.text(_TYPE_URL, send.type.url))
    parts.append(wire.text(_NONCE, send.nonce))
    parts.extend(wire.text(_REMOVED, name) for name in send.removed)
    return b"".join(parts)

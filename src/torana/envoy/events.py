"""What happens in the conversation with one Envoy, and what is to be done about it: the words of `Session`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from torana.envoy.resource import Key, Resource, ResourceType


class Offered(msgspec.Struct, frozen=True):
    """The Gateway should now be like this: these resources are new or changed, those are gone.

    The first offer of a conversation holds everything.
    """

    revision: int
    upserts: tuple[Resource, ...] = ()
    removals: tuple[Key, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """Envoy subscribes to names and drops others. `held` says what it still has from an earlier connection."""

    type: ResourceType
    names: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    held: Mapping[str, str] = {}


class Acked(msgspec.Struct, frozen=True):
    """Envoy took the response with this nonce."""

    nonce: str


class Nacked(msgspec.Struct, frozen=True):
    """Envoy refused something in the response with this nonce, and says why."""

    nonce: str
    message: str


Event = Offered | Asked | Acked | Nacked


class Send(msgspec.Struct, frozen=True):
    """Send one response."""

    type: ResourceType
    nonce: str
    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()


class Delivered(msgspec.Struct, frozen=True):
    """Everything up to this revision is in effect in this Envoy, apart from what was reported as rejected."""

    revision: int


class Rejected(msgspec.Struct, frozen=True):
    """Envoy refuses this version of a resource. It keeps `kept`, the last one it took, if there was one."""

    type: ResourceType
    name: str
    version: str
    message: str
    kept: Resource | None = None


Command = Send | Delivered | Rejected

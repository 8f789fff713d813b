"""What the xDS server tells the controller about the Envoys of its Gateways."""

from __future__ import annotations

import msgspec

from torana.api.kind import Ref
from torana.envoy.resource import ResourceType


class Connected(msgspec.Struct, frozen=True):
    """A node opened a stream. `address` is where it wants its listeners, if its metadata says so."""

    gateway: Ref
    node: str
    address: str = ""


class Delivered(msgspec.Struct, frozen=True):
    """Everything up to this revision is in effect in this node, apart from what was reported as rejected."""

    gateway: Ref
    node: str
    revision: int


class Rejected(msgspec.Struct, frozen=True):
    """This node refuses this version of a resource, and keeps the last one it took."""

    gateway: Ref
    node: str
    type: ResourceType
    name: str
    message: str
    version: str = ""


class Disconnected(msgspec.Struct, frozen=True):
    """The node's stream ended. It goes on with what it has."""

    gateway: Ref
    node: str


DeliveryEvent = Connected | Delivered | Rejected | Disconnected

"""What an xDS resource is here: a type, a name, a content version and bytes that are ready for the wire."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b

import msgspec

from torana.envoy import messages as pb
from torana.envoy import wire
from torana.proxy.origin import Origin

_PREFIX = "type.googleapis.com/envoy."


class ResourceType(Enum):
    """The resource types of Envoy that a proxy asks for. The value is the type URL."""

    CDS = _PREFIX + "config.cluster.v3.Cluster"
    EDS = _PREFIX + "config.endpoint.v3.ClusterLoadAssignment"
    LDS = _PREFIX + "config.listener.v3.Listener"
    RDS = _PREFIX + "config.route.v3.RouteConfiguration"
    SRDS = _PREFIX + "config.route.v3.ScopedRouteConfiguration"
    SDS = _PREFIX + "extensions.transport_sockets.tls.v3.Secret"

    # Members are singletons; the default goes through a Python-level hash of the name on every lookup.
    __hash__ = object.__hash__

    @property
    def url(self) -> str:
        return self.value

    @property
    def is_wildcard(self) -> bool:
        """Envoy asks for all resources of the type, not for names."""
        return self in (ResourceType.CDS, ResourceType.LDS, ResourceType.SRDS)


Key = tuple[ResourceType, str]
"""Identity of a resource: its type and name. An empty name stands for all resources of the type."""


class Resource(msgspec.Struct, frozen=True, gc=False):
    """A rendered resource. Equal content has an equal `version`, on every machine and in every process."""

    type: ResourceType
    name: str
    version: str
    body: bytes
    """The message itself, serialized."""
    framed: bytes
    """An entry of `DeltaDiscoveryResponse.resources`: tag, length and the Resource message."""
    needs: tuple[Key, ...] = ()
    """What Envoy asks for before this resource takes effect (a cluster needs its endpoints)."""
    origins: tuple[Origin, ...] = ()
    is_last: bool = False
    """It takes something from connections that drain, so it comes when new ones no longer need that."""

    @property
    def key(self) -> Key:
        return (self.type, self.name)

    def __repr__(self) -> str:  # A body may hold key material.
        return f"Resource({self.type.name}, {self.name!r}, {self.version})"


def from_bytes(
    type: ResourceType, name: str, body: bytes, *, needs: tuple[Key, ...] = (), origins: Sequence[Origin | None] = ()
) -> Resource:
    """The resource with this serialized message."""
    version = blake2b(body, digest_size=8).hexdigest()
    # Resource{version = 1, resource = 2, name = 3}, Any{type_url = 1, value = 2}, DeltaDiscoveryResponse.resources = 2
    any_value = wire.text(1, type.url) + wire.field(2, body)
    framed = wire.field(2, wire.text(1, version) + wire.field(2, any_value) + wire.text(3, name))
    known = tuple(dict.fromkeys(origin for origin in origins if origin is not None))
    return Resource(type, name, version, body, framed, needs, known)


def from_message(
    type: ResourceType,
    name: str,
    message: pb.Message,
    *,
    needs: tuple[Key, ...] = (),
    origins: Sequence[Origin | None] = (),
) -> Resource:
    """The resource with this message, serialized so that equal messages have equal versions."""
    return from_bytes(type, name, message.SerializeToString(deterministic=True), needs=needs, origins=origins)

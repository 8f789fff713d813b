"""How does an object look in another version, or in the other group that shows the same objects?

All versions of a kind have the same fields (conversion strategy None), so only `apiVersion` changes. Events are the one
exception: `events.k8s.io` shows the events of the core group under other field names.
"""

from __future__ import annotations

from typing import Any

import orjson

from torana.api.core.event import as_core_v1, as_events_v1
from torana.embedded.apiserver.resource import Resource, ServedVersion

Obj = dict[str, Any]


def to_served(obj: Obj, resource: Resource, served: ServedVersion) -> Obj:
    """A stored object as a version of a resource shows it. May change `obj`."""
    if resource.store_key != resource.key:
        obj = as_events_v1(obj)
    obj["apiVersion"] = resource.api_version(served.name)
    return obj


def to_storage(obj: Obj, resource: Resource) -> Obj:
    """The object as it is stored. May change `obj`."""
    if resource.store_key != resource.key:
        return as_core_v1(obj)
    obj["apiVersion"] = resource.storage_api_version
    return obj


def served_bytes(raw: bytes, resource: Resource, served: ServedVersion) -> bytes:
    """A stored object, encoded, as a version of a resource shows it."""
    if served.is_storage and resource.store_key == resource.key:
        return raw
    return orjson.dumps(to_served(orjson.loads(raw), resource, served))

"""ReferenceGrant: which objects of other namespaces may refer to objects of this one?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.references import GATEWAY_GROUP


class ReferenceGrantFrom(ApiStruct, kw_only=True):
    """Objects that may refer."""

    group: Annotated[str, limits.group("API group of the referrer; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the referrer, e.g. `HTTPRoute` or `Gateway`.")]
    namespace: Annotated[str, limits.namespace("Namespace of the referrer.")]


class ReferenceGrantTo(ApiStruct, kw_only=True):
    """Objects that may be referred to."""

    group: Annotated[str, limits.group("API group of the target; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the target, e.g. `Service` or `Secret`.")]
    name: Annotated[str, limits.object_name("Name of the target. When absent, every object of the kind.")] = ""


class ReferenceGrantSpec(ApiStruct, kw_only=True):
    """Who may refer to what. Each entry of `from` is allowed each entry of `to`."""

    from_: Annotated[
        tuple[ReferenceGrantFrom, ...],
        limits.atomic_list(
            "Kinds and namespaces that may refer. Each entry adds to the others.", max_items=16, min_items=1
        ),
    ]
    to: Annotated[
        tuple[ReferenceGrantTo, ...],
        limits.atomic_list("What they may refer to. Each entry adds to the others.", max_items=16, min_items=1),
    ]


class ReferenceGrant(Object, kw_only=True):
    """Permission, given by the namespace of the targets, to refer to them from other namespaces."""

    spec: Annotated[ReferenceGrantSpec, Field("Who may refer to what.")]


REFERENCE_GRANT = Kind(
    group=GATEWAY_GROUP,
    kind="ReferenceGrant",
    plural="referencegrants",
    struct=ReferenceGrant,
    versions=(Version("v1"), Version("v1beta1", storage=True)),
    short_names=("refgrant",),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    has_status=False,
    is_custom=True,
)

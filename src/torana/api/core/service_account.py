"""ServiceAccount: who a Pod is when it talks to the API."""

from __future__ import annotations

from typing import Annotated

from torana.api.core.object_reference import LocalObjectReference, ObjectReference
from torana.api.field import Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class ServiceAccount(Object, kw_only=True):
    """An identity for Pods of its namespace."""

    secrets: Annotated[
        tuple[ObjectReference, ...],
        Field("Secrets that Pods of this account may use.", list_type="map", map_keys=("name",), merge_key="name"),
    ] = ()
    image_pull_secrets: Annotated[
        tuple[LocalObjectReference, ...], Field("Secrets with which images are pulled.", list_type="atomic")
    ] = ()
    automount_service_account_token: Annotated[
        bool | None, Field("Whether Pods find a token in their file system.")
    ] = None


SERVICE_ACCOUNT = Kind(
    group="",
    kind="ServiceAccount",
    plural="serviceaccounts",
    struct=ServiceAccount,
    has_status=False,
    short_names=("sa",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
)

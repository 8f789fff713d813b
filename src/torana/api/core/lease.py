"""Lease: who holds a role at the moment, and for how long."""

from __future__ import annotations

from typing import Annotated

from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class LeaseSpec(ApiStruct, kw_only=True):
    """Who holds the lease. Times are given to the microsecond."""

    holder_identity: Annotated[str | None, Field("Who holds it.")] = None
    lease_duration_seconds: Annotated[
        int | None, Field("How long others wait after `renewTime` before they take it.", format="int32")
    ] = None
    acquire_time: Annotated[str | None, Field("When the holder got it.", format="date-time")] = None
    renew_time: Annotated[str | None, Field("When the holder last renewed it.", format="date-time")] = None
    lease_transitions: Annotated[int | None, Field("How often the holder has changed.", format="int32")] = None
    strategy: Annotated[str | None, Field("How the holder is chosen among candidates.")] = None
    preferred_holder: Annotated[str | None, Field("Who should hold it instead.")] = None


class Lease(Object, kw_only=True):
    """A role that one of several candidates holds at a time."""

    spec: Annotated[LeaseSpec, Field("Who holds the lease.")] = LeaseSpec()


LEASE = Kind(
    group="coordination.k8s.io",
    kind="Lease",
    plural="leases",
    struct=Lease,
    has_status=False,
    columns=(
        Column("Holder", "string", ".spec.holderIdentity"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)

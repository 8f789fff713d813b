"""XBackendTrafficPolicy: how much may be retried towards a backend, and do sessions stay at one endpoint?"""

from __future__ import annotations

from typing import Annotated

import msgspec

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.kind import Column, Kind, Version
from torana.api.meta import Object
from torana.api.policies import DIRECT_POLICY_LABEL, LocalPolicyTargetReference, PolicyStatus
from torana.api.session_persistence import SessionPersistence
from torana.api.x_backend import EXPERIMENTAL_GROUP

_BUDGET_INTERVAL = Rule(
    "!(duration(self) < duration('1s') || duration(self) > duration('1h'))",
    "interval cannot be greater than one hour or less than one second",
)
_RATE_INTERVAL = Rule(
    "!(duration(self) == duration('0s') || duration(self) > duration('1h'))",
    "interval cannot be greater than one hour",
)


class BudgetDetails(ApiStruct, kw_only=True):
    """Which share of the requests may be retries."""

    percent: Annotated[int, Field("Percentage of the requests of an interval.", default=20, minimum=0, maximum=100)] = (
        20
    )
    interval: Annotated[
        str,
        msgspec.structs.replace(
            limits.duration("Length of the interval, from one second to one hour.", default="10s"),
            rules=(_BUDGET_INTERVAL,),
        ),
    ] = "10s"


class RequestRate(ApiStruct, kw_only=True):
    """A number of requests in an interval."""

    count: Annotated[int | None, Field("How many requests.", minimum=1, maximum=1000000)] = None
    interval: Annotated[
        str,
        msgspec.structs.replace(limits.duration("Length of the interval, up to one hour."), rules=(_RATE_INTERVAL,)),
    ] = ""


class RetryConstraint(ApiStruct, kw_only=True):
    """How much may be retried. What goes beyond it is answered with 503."""

    budget: Annotated[
        BudgetDetails,
        Field("Which share of the requests may be retries.", default={"percent": 20, "interval": "10s"}),
    ] = BudgetDetails()
    min_retry_rate: Annotated[
        RequestRate,
        Field("Retries that are allowed whatever the budget.", default={"count": 10, "interval": "1s"}),
    ] = RequestRate(count=10, interval="1s")


class XBackendTrafficPolicySpec(ApiStruct, kw_only=True):
    """Which backends, and what holds for them."""

    target_refs: Annotated[
        tuple[LocalPolicyTargetReference, ...],
        Field(
            "Backends that the policy is for, as a whole.",
            list_type="map",
            map_keys=("group", "kind", "name"),
            min_items=1,
            max_items=16,
        ),
    ]
    retry_constraint: Annotated[RetryConstraint | None, Field("How much may be retried.")] = None
    session_persistence: Annotated[
        SessionPersistence | None,
        Field("Keeps the requests of a session at one endpoint. That of a route goes before this one."),
    ] = None


class XBackendTrafficPolicy(Object, kw_only=True):
    """Limits retries towards backends, and keeps sessions at one endpoint."""

    spec: Annotated[XBackendTrafficPolicySpec, Field("Which backends, and what holds for them.")]
    status: Annotated[PolicyStatus | None, Field("How the policy works out.")] = None


X_BACKEND_TRAFFIC_POLICY = Kind(
    group=EXPERIMENTAL_GROUP,
    kind="XBackendTrafficPolicy",
    plural="xbackendtrafficpolicies",
    struct=XBackendTrafficPolicy,
    versions=(Version("v1alpha1", storage=True),),
    short_names=("xbtrafficpolicy",),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
    channel="experimental",
    labels=(DIRECT_POLICY_LABEL,),
)

"""What an XBackendTrafficPolicy comes to: how much may be retried towards a backend, and whether sessions are kept.

In: a policy. Out: a verdict. Envoy counts retries that are under way, not those of an interval: when requests and
retries take equally long, a percentage of the one is a percentage of the other. What that leaves out is said in the
status. Specification: XBackendTrafficPolicy, GEP-3388, GEP-1619.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.api.x_backend import EXPERIMENTAL_GROUP
from torana.gateway import sessions
from torana.gateway.durations import milliseconds
from torana.gateway.finding import Finding, bad_numbers
from torana.proxy.cluster import RetryBudget

_BACKENDS = frozenset({("", "Service"), (EXPERIMENTAL_GROUP, "XBackend")})
_RETRIES = "spec.retryConstraint"


class TrafficVerdict(msgspec.Struct, frozen=True, gc=False):
    """A policy as judged by itself, without its rivals. With `finding` it rules nothing.

    `notes` say what is done in another way than asked.
    """

    created: str
    targets: tuple[ObjectRef, ...]
    budget: RetryBudget | None = None
    session: Any = None
    finding: Finding | None = None
    notes: str = ""


def policy_ref(ref: Ref) -> ObjectRef:
    """An XBackendTrafficPolicy among all objects."""
    return ObjectRef(EXPERIMENTAL_GROUP, "XBackendTrafficPolicy", *ref)


def judge(policy: Any, unreadable: Finding | None = None) -> TrafficVerdict:
    """The verdict on a policy; `unreadable` says that a part of it is."""
    spec = policy.spec
    created = policy.metadata.creation_timestamp
    targets = tuple(ObjectRef(one.group, one.kind, policy.metadata.namespace, one.name) for one in spec.target_refs)
    finding = unreadable or _kinds(targets) or _session(spec.session_persistence)
    finding = finding or next(iter(bad_numbers(spec, "spec", "Invalid")), None)
    budget = None
    if spec.retry_constraint is not None and finding is None:
        found = _budget(spec.retry_constraint)
        budget, finding = (None, found) if isinstance(found, Finding) else (found, None)
    if finding is not None:
        return TrafficVerdict(created, targets, finding=finding)
    return TrafficVerdict(created, targets, budget, spec.session_persistence, notes=_notes(budget))


def _kinds(targets: tuple[ObjectRef, ...]) -> Finding | None:
    for position, target in enumerate(targets):
        if (target.group, target.kind) not in _BACKENDS:
            return Finding(
                "Invalid", f"{target} is not a backend; use a Service or an XBackend", f"spec.targetRefs[{position}]"
            )
    return None


def _session(spec: Any) -> Finding | None:
    if spec is None:
        return None
    found = sessions.read(spec, "", "spec.sessionPersistence")
    return msgspec.structs.replace(found, reason="Invalid") if isinstance(found, Finding) else None


def _budget(constraint: Any) -> RetryBudget | Finding:
    rate = constraint.min_retry_rate
    interval = rate.interval or "1s"
    interval_ms = milliseconds(interval)
    if not interval_ms:
        return Finding("Invalid", f"{interval} is not a duration such as 1s", f"{_RETRIES}.minRetryRate.interval")
    if milliseconds(constraint.budget.interval) is None:
        message = f"{constraint.budget.interval} is not a duration such as 10s"
        return Finding("Invalid", message, f"{_RETRIES}.budget.interval")
    count = 10 if rate.count is None else rate.count
    return RetryBudget(constraint.budget.percent, max(1, -(-count * 1000 // interval_ms)))


def _notes(budget: RetryBudget | None) -> str:
    if budget is None:
        return ""
    return (
        f"the proxy counts what is under way: retries may be {budget.percent}% of the requests at a time, and"
        f" {budget.min_concurrent} in any case (for minRetryRate, with retries of up to a second);"
        " budget.interval has no effect, and a request that is not retried is answered as its backend did"
    )

"""What does an XBackendTrafficPolicy come to by itself?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.x_backend_traffic_policy import XBackendTrafficPolicy
from torana.gateway.policies.backend_traffic import TrafficVerdict, judge
from torana.proxy.cluster import RetryBudget

SERVICE = {"group": "", "kind": "Service", "name": "web"}


def judged(**spec: Any) -> TrafficVerdict:
    metadata = {"name": "p", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}
    document = {"metadata": metadata, "spec": {"targetRefs": [SERVICE], **spec}}
    return judge(msgspec.convert(document, XBackendTrafficPolicy))


@pytest.mark.parametrize(
    ("constraint", "budget"),
    [
        ({}, RetryBudget(20, 10)),
        ({"budget": {"percent": 0}}, RetryBudget(0, 10)),
        ({"minRetryRate": {"count": 1, "interval": "1h"}}, RetryBudget(20, 1)),
        ({"minRetryRate": {"count": 5, "interval": "100ms"}}, RetryBudget(20, 50)),
        ({"minRetryRate": {"count": 3, "interval": "2s"}}, RetryBudget(20, 2)),
        ({"minRetryRate": {}}, RetryBudget(20, 10)),
    ],
)
def test_a_rate_of_retries_becomes_so_many_at_a_time(constraint: dict[str, Any], budget: RetryBudget) -> None:
    assert judged(retryConstraint=constraint).budget == budget


def test_what_is_done_in_another_way_is_said() -> None:
    assert "budget.interval has no effect" in judged(retryConstraint={}).notes
    assert not judged(sessionPersistence={}).notes


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"targetRefs": [{"group": "", "kind": "Pod", "name": "x"}]}, "spec.targetRefs[0]"),
        ({"sessionPersistence": {"sessionName": "a b"}}, "spec.sessionPersistence.sessionName"),
        ({"retryConstraint": {"budget": {"interval": "long"}}}, "spec.retryConstraint.budget.interval"),
        ({"retryConstraint": {"minRetryRate": {"interval": "0s"}}}, "spec.retryConstraint.minRetryRate.interval"),
    ],
)
def test_a_policy_with_a_mistake_rules_nothing(spec: dict[str, Any], path: str) -> None:
    verdict = judged(**spec)
    assert verdict.finding is not None
    assert (verdict.finding.reason, verdict.finding.path) == ("Invalid", path)
    assert verdict.budget is None
    assert verdict.session is None

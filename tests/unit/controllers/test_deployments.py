"""Which ReplicaSets a Deployment asks for, step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from torana.api.core.deployment import Deployment
from torana.api.core.replica_set import REPLICA_SET, ReplicaSet
from torana.embedded.controllers.action import Action, Create, Delete, Patch
from torana.embedded.controllers.deployments import decide, is_adoptable, template_hash
from torana.embedded.controllers.rollout import limits_of

from .objects import deployment, replica_set

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def creates(actions: list[Action]) -> list[dict[str, Any]]:
    return [action.object for action in actions if isinstance(action, Create)]


def scales(actions: list[Action]) -> dict[str, int]:
    return {
        action.ref.name: action.body["spec"]["replicas"]
        for action in actions
        if isinstance(action, Patch) and action.kind is REPLICA_SET and "spec" in action.body
    }


def first_set(wanted: Deployment, uid: str = "r1", **state: int) -> ReplicaSet:
    (created,) = creates(decide(wanted, [], 0, NOW))
    return replica_set(created, uid, **state)


def status(actions: list[Action]) -> dict[str, Any]:
    (found,) = (action.body["status"] for action in actions if isinstance(action, Patch) and action.subresource)
    assert isinstance(found, dict)
    return found


def test_a_new_deployment_gets_a_replica_set_named_after_its_template() -> None:
    wanted = deployment(replicas=3)
    (created,) = creates(decide(wanted, [], 0, NOW))
    digest = template_hash(wanted)
    assert created["metadata"]["name"] == f"web-{digest}"
    assert created["spec"]["replicas"] == 3
    assert created["spec"]["selector"]["matchLabels"]["pod-template-hash"] == digest
    assert created["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": digest}
    assert created["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"


def test_the_same_template_always_has_the_same_name_and_another_a_different_one() -> None:
    assert template_hash(deployment()) == template_hash(deployment(replicas=7))
    assert template_hash(deployment()) != template_hash(deployment(image="v2"))


def test_a_rollout_moves_one_step_at_a_time_and_never_falls_below_its_limits() -> None:
    old_spec = deployment(replicas=3, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    new_spec = deployment(replicas=3, image="v2", strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
    old = first_set(old_spec, pods=3, available=3)
    sizes = {"old": 3, "new": 0}
    (created,) = creates(decide(new_spec, [old], 3, NOW))
    sizes["new"] = created["spec"]["replicas"]
    history = [dict(sizes)]
    for _ in range(12):
        new = replica_set(created, "r2", sizes["new"], sizes["new"], replicas=sizes["new"])
        old = replica_set(msgspec.to_builtins(old), "r1", sizes["old"], sizes["old"], replicas=sizes["old"])
        change = scales(decide(new_spec, [old, new], sum(sizes.values()), NOW))
        if not change:
            break
        sizes["new"] = change.get(new.metadata.name, sizes["new"])
        sizes["old"] = change.get(old.metadata.name, sizes["old"])
        assert 3 <= sum(sizes.values()) <= 4
        history.append(dict(sizes))
    assert sizes == {"old": 0, "new": 3}
    assert history[0] == {"old": 3, "new": 1}


def test_a_rollout_waits_until_the_new_pods_are_available() -> None:
    old = first_set(deployment(replicas=1), pods=1, available=1)
    changed = deployment(replicas=1, image="v2")
    (created,) = creates(decide(changed, [old], 1, NOW))
    new = replica_set(created, "r2", pods=1, available=0)
    assert scales(decide(changed, [old, new], 2, NOW)) == {}
    new = replica_set(created, "r2", pods=1, available=1)
    assert scales(decide(changed, [old, new], 2, NOW)) == {old.metadata.name: 0}


def test_broken_old_pods_go_first() -> None:
    old = first_set(deployment(replicas=4), pods=4, available=0)
    changed = deployment(replicas=4, image="v2")
    (created,) = creates(decide(changed, [old], 4, NOW))
    new = replica_set(created, "r2", pods=1, available=1)
    assert scales(decide(changed, [old, new], 5, NOW))[old.metadata.name] < 4


def test_recreate_makes_new_pods_only_when_the_last_old_one_is_gone() -> None:
    old = first_set(deployment(replicas=2), pods=2, available=2)
    changed = deployment(replicas=2, image="v2", strategy={"type": "Recreate"})
    assert scales(decide(changed, [old], 2, NOW)) == {old.metadata.name: 0}
    stopping = replica_set(msgspec.to_builtins(old), "r1", pods=0, replicas=0)
    assert creates(decide(changed, [stopping], 1, NOW)) == []
    assert len(creates(decide(changed, [stopping], 0, NOW))) == 1


def test_scaling_changes_the_present_replica_set() -> None:
    current = first_set(deployment(replicas=2), pods=2, available=2)
    assert scales(decide(deployment(replicas=5), [current], 2, NOW)) == {current.metadata.name: 5}


def test_going_back_to_an_old_template_makes_its_set_the_newest() -> None:
    first = first_set(deployment(), pods=0, available=0)
    changed = deployment(image="v2")
    (created,) = creates(decide(changed, [first], 0, NOW))
    second = replica_set(created, "r2", pods=3, available=3)
    assert second.metadata.annotations["deployment.kubernetes.io/revision"] == "2"
    back = decide(deployment(), [first, second], 3, NOW)
    revisions = [
        action.body["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        for action in back
        if isinstance(action, Patch) and action.ref == first.metadata.ref and "spec" not in action.body
    ]
    assert revisions == ["3"]


def test_a_paused_deployment_does_not_roll() -> None:
    old = first_set(deployment(), pods=3, available=3)
    actions = decide(deployment(image="v2", paused=True), [old], 3, NOW)
    assert creates(actions) == []
    assert scales(actions) == {}


def test_old_sets_beyond_the_history_limit_are_deleted() -> None:
    sets: list[ReplicaSet] = []
    for number in range(4):
        (created,) = creates(decide(deployment(image=f"v{number}"), sets, 0, NOW))
        sets.append(replica_set(created, f"r{number}", replicas=0 if number < 3 else 3))
    actions = decide(deployment(image="v3", revisionHistoryLimit=1), sets, 0, NOW)
    deleted = [action.ref for action in actions if isinstance(action, Delete)]
    assert deleted == [sets[0].metadata.ref, sets[1].metadata.ref]


def test_the_status_follows_the_sets_and_is_written_only_when_it_differs() -> None:
    wanted = deployment(replicas=2)
    current = first_set(wanted, pods=2, available=2)
    written = status(decide(wanted, [current], 2, NOW))
    assert (written["availableReplicas"], written["updatedReplicas"], written["observedGeneration"]) == (2, 2, 1)
    conditions = {each["type"]: (each["status"], each["reason"]) for each in written["conditions"]}
    assert conditions == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    settled = msgspec.convert({**msgspec.to_builtins(wanted), "status": written}, Deployment)
    later = decide(settled, [current], 2, NOW + timedelta(hours=1))
    assert not [action for action in later if isinstance(action, Patch) and action.subresource]


def test_a_rollout_that_does_not_move_runs_into_its_deadline() -> None:
    wanted = deployment(replicas=1, progressDeadlineSeconds=60)
    current = first_set(wanted, pods=1, available=0)
    written = status(decide(wanted, [current], 1, NOW))
    stuck = msgspec.convert({**msgspec.to_builtins(wanted), "status": written}, Deployment)
    late = status(decide(stuck, [current], 1, NOW + timedelta(seconds=61)))
    progressing = next(each for each in late["conditions"] if each["type"] == "Progressing")
    assert (progressing["status"], progressing["reason"]) == ("False", "ProgressDeadlineExceeded")


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "expected"),
    [("25%", "25%", 10, (3, 2)), ("25%", "25%", 1, (1, 0)), (0, 0, 4, (0, 1)), (2, "50%", 5, (2, 2))],
)
def test_percentages_round_up_for_surge_and_down_for_unavailability(
    surge: int | str, unavailable: int | str, replicas: int, expected: tuple[int, int]
) -> None:
    rolling = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    limits = limits_of(deployment(replicas=replicas, strategy=rolling))
    assert (limits.surge, limits.unavailable) == expected


def test_a_set_that_nobody_owns_any_more_is_adopted() -> None:
    wanted = deployment()
    (created,) = creates(decide(wanted, [], 0, NOW))
    created["metadata"]["ownerReferences"] = []
    orphan = replica_set(created, "r1", pods=3, available=3)
    assert is_adoptable(wanted, orphan)
    actions = decide(wanted, [orphan], 3, NOW)
    owned = [action.body["metadata"] for action in actions if isinstance(action, Patch) and action.kind is REPLICA_SET]
    assert owned[0]["ownerReferences"][0]["uid"] == "d1"
    assert creates(actions) == []

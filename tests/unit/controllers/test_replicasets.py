"""Which Pods a ReplicaSet makes, keeps, adopts and removes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from torana.api.core.pod import Pod
from torana.api.core.replica_set import ReplicaSet
from torana.embedded.controllers.action import Action, Create, Delete, LookAgain, Patch
from torana.embedded.controllers.replicasets import decide

from .objects import WEB, pod

NOW = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)


def the_set(replicas: int, **spec: Any) -> ReplicaSet:
    template = {"metadata": {"labels": WEB}, "spec": {"containers": [{"name": "main", "image": "i"}]}}
    body = {
        "metadata": {"name": "web-abc", "namespace": "default", "uid": "r1", "generation": 1},
        "spec": {"replicas": replicas, "selector": {"matchLabels": WEB}, "template": template, **spec},
    }
    return msgspec.convert(body, ReplicaSet)


def run(replicas: int, *pods: Pod, **spec: Any) -> list[Action]:
    return decide(the_set(replicas, **spec), pods, 1, NOW)


def deleted(actions: list[Action]) -> list[str]:
    return [action.ref.name for action in actions if isinstance(action, Delete)]


def test_missing_pods_are_made_with_short_names_and_an_owner() -> None:
    bodies = [action.object for action in run(3) if isinstance(action, Create)]
    names = [body["metadata"]["name"] for body in bodies]
    assert len(set(names)) == 3
    assert all(name.startswith("web-abc-") and len(name) == len("web-abc-") + 5 for name in names)
    assert bodies[0]["metadata"]["ownerReferences"][0]["uid"] == "r1"
    assert bodies[0]["metadata"]["labels"] == WEB


def test_pods_that_ended_or_are_on_their_way_out_do_not_count() -> None:
    actions = run(1, pod("a", "r1", phase="Failed"), pod("b", "r1", deleted=True))
    assert len([action for action in actions if isinstance(action, Create)]) == 1


def test_of_too_many_pods_those_that_are_not_ready_go_first() -> None:
    assert deleted(run(1, pod("a", "r1"), pod("b", "r1", ready=False))) == ["b"]


def test_among_equals_the_youngest_goes() -> None:
    young = pod("a", "r1", creationTimestamp="2026-01-01T00:05:00Z")
    assert deleted(run(1, pod("b", "r1"), young)) == ["a"]


def test_pods_of_other_owners_are_left_alone() -> None:
    assert deleted(run(0, pod("a", "other"))) == []


def test_an_orphan_that_is_selected_is_adopted_instead_of_making_a_pod() -> None:
    actions = run(1, pod("a"))
    assert not [action for action in actions if isinstance(action, Create)]
    (patch,) = [action for action in actions if isinstance(action, Patch) and not action.subresource]
    assert patch.body["metadata"]["ownerReferences"][0]["uid"] == "r1"


def test_a_pod_whose_labels_no_longer_fit_is_let_go_and_replaced() -> None:
    actions = run(1, pod("a", "r1", labels={"app": "other"}))
    (patch,) = [action for action in actions if isinstance(action, Patch) and not action.subresource]
    assert patch.body["metadata"]["ownerReferences"] == []
    assert [action for action in actions if isinstance(action, Create)]


def test_nothing_is_made_for_a_set_on_its_way_out() -> None:
    gone = msgspec.convert(
        {**msgspec.to_builtins(the_set(2)), "metadata": {"name": "web-abc", "uid": "r1", "deletionTimestamp": "x"}},
        ReplicaSet,
    )
    assert not [action for action in decide(gone, [], 1, NOW) if isinstance(action, Create)]


def test_a_pod_counts_as_available_when_it_was_ready_long_enough() -> None:
    actions = run(1, pod("a", "r1"), minReadySeconds=30)
    (patch,) = [action for action in actions if isinstance(action, Patch)]
    assert patch.body["status"]["readyReplicas"] == 1
    assert patch.body["status"]["availableReplicas"] == 0
    assert LookAgain(20.0) in actions

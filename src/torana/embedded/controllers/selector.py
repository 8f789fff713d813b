"""Does a label selector choose an object? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from torana.api.meta import LabelSelector


def chooses(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """An empty selector chooses everything; an unknown operator chooses nothing."""
    for key, value in selector.match_labels.items():
        if labels.get(key) != value:
            return False
    for requirement in selector.match_expressions:
        value_now = labels.get(requirement.key)
        match requirement.operator:
            case "In":
                holds = value_now in requirement.values
            case "NotIn":
                holds = value_now not in requirement.values
            case "Exists":
                holds = value_now is not None
            case "DoesNotExist":
                holds = value_now is None
            case _:
                holds = False
        if not holds:
            return False
    return True


def chooses_labels(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """The plain selector of a Service: all labels equal, and at least one asked for."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())

"""Whether a label selector takes a set of labels. Specification: apimachinery `LabelSelector`."""

from __future__ import annotations

from typing import Any


def selects(selector: Any, labels: dict[str, str]) -> bool:
    """All parts hold. No selector takes nothing, an empty one everything, an unknown operator nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(_holds(requirement, labels) for requirement in selector.match_expressions)


def _holds(requirement: Any, labels: dict[str, str]) -> bool:
    present = requirement.key in labels
    match requirement.operator:
        case "In":
            return present and labels[requirement.key] in requirement.values
        case "NotIn":
            return not present or labels[requirement.key] not in requirement.values
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
    return False

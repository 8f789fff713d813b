"""Which CEL rules tie the `type` of a filter to the one field that goes with it, and keep filters from repeating?"""

from __future__ import annotations

from torana.api.field import Channel, Rule


def goes_with(filter_type: str, field: str, channel: Channel = "standard") -> tuple[Rule, ...]:
    """Rules: `field` is there if, and only if, the filter's type is `filter_type`."""
    return (
        Rule(
            f"!(has(self.{field}) && self.type != '{filter_type}')",
            f"filter.{field} must be nil if the filter.type is not {filter_type}",
            channel,
        ),
        Rule(
            f"!(!has(self.{field}) && self.type == '{filter_type}')",
            f"filter.{field} must be specified for {filter_type} filter.type",
            channel,
        ),
    )


def at_most_one(filter_type: str) -> Rule:
    """Rule: a list of filters has no two of `filter_type`."""
    return Rule(f"self.filter(f, f.type == '{filter_type}').size() <= 1", f"{filter_type} filter cannot be repeated")

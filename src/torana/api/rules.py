"""Which CEL rules hold for the list of rules of any route?"""

from __future__ import annotations

from torana.api.field import Channel, Rule


def unique_rule_names(channel: Channel) -> Rule:
    return Rule(
        "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))",
        "Rule name must be unique within the route",
        channel,
    )


def match_total_rule(*, absent_matches: bool) -> Rule:
    """Rule: all rules together have at most 128 matches. `absent_matches`: a rule may come without `matches`."""
    count = "(has(self[I].matches) ? self[I].matches.size() : 0)" if absent_matches else "self[I].matches.size()"
    sizes = " + ".join(f"(self.size() > I ? {count} : 0)".replace("I", str(i)) for i in range(16))
    return Rule(
        f"{sizes} <= 128",
        "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route"
        " must be less than 128",
    )

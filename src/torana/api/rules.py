"""Which CEL rules do several kinds share: distinct references, unique names, the number of matches?"""

from __future__ import annotations

from torana.api.field import Channel, Rule

# `p1` and `p2` are two references of one list. An absent value and an empty one are the same.
SAME_OBJECT = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name"


def same(field: str, empty: str = "''") -> str:
    """Expression: both references have this field alike."""
    absent = f"((!has(p1.{field}) || p1.{field} == {empty}) && (!has(p2.{field}) || p2.{field} == {empty}))"
    return f"({absent} || (has(p1.{field}) && has(p2.{field}) && p1.{field} == p2.{field}))"


def distinct(same_target: str, *fields: tuple[str, str]) -> tuple[str, str]:
    """Two expressions: references to one target all give the same ones of `fields` (name, empty value), and differ."""
    alike = " && ".join(
        f"(!has(p1.{field}) || p1.{field} == {empty}) == (!has(p2.{field}) || p2.{field} == {empty})"
        for field, empty in fields
    )
    same_place = " && ".join(same(*field) for field in fields)
    return (
        f"self.all(p1, self.all(p2, {same_target} ? ({alike}) : true))",
        f"self.all(p1, self.exists_one(p2, {same_target} && {same_place}))",
    )


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

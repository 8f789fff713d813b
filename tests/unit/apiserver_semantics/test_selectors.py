"""Do selectors select what kubectl users expect, and say what is wrong with those that are none?"""

from __future__ import annotations

import pytest

from torana.embedded.apiserver.selectors import label_selector_from, parse_field_selector, parse_label_selector

LABELS = {"app": "web", "tier": "front", "example.com/n": "5", "empty": ""}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , tier=front", True),
        ("app=db", False),
        ("app!=db", True),
        ("absent!=x", True),
        ("app!=web", False),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("absent notin (db)", True),
        ("app", True),
        ("!app", False),
        ("! absent", True),
        ("absent", False),
        ("app,!absent,tier in (front)", True),
        ("example.com/n>4", True),
        ("example.com/n>5", False),
        ("example.com/n<6", True),
        ("app>1", False),
        ("empty=", True),
        ("app=", False),
        ("empty in ()", True),
        ("app in (,web)", True),
        ("in in (a)", False),
    ],
)
def test_a_label_selector_selects(text: str, selected: bool) -> None:
    assert parse_label_selector(text).matches(LABELS) is selected


@pytest.mark.parametrize(
    "text",
    [
        "=web",
        "app=web,",
        ",app",
        "app=a b",
        "app in",
        "app in (a",
        "app in a",
        "app notin (a b)",
        "a!b",
        "app>x",
        "-a=b",
        "a=b_",
        "!",
        "a=b=c",
        f"{'a' * 64}=b",
        "a/b/c=d",
        "A.com/x=1",
        "app=web tier=front",
    ],
)
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unable to parse label selector"):
        parse_label_selector(text)


def test_no_labels_match_only_what_asks_for_none() -> None:
    assert parse_label_selector("!app").matches(None)
    assert not parse_label_selector("app").matches(None)


def test_a_selector_object_is_the_conjunction_of_its_parts() -> None:
    selector = label_selector_from(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["front"]},
                {"key": "absent", "operator": "DoesNotExist"},
                {"key": "absent", "operator": "NotIn", "values": ["x"]},
                {"key": "app", "operator": "Exists"},
            ],
        }
    )
    assert selector.matches(LABELS)
    assert not selector.matches({"app": "web"})


def test_no_selector_object_selects_nothing_and_an_empty_one_everything() -> None:
    assert not label_selector_from(None).matches(LABELS)
    assert label_selector_from({}).matches(LABELS)
    assert label_selector_from({}).is_everything


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "a", "operator": "Is"},
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["x"]},
    ],
)
def test_a_senseless_expression_is_refused(expression: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="matchExpressions of key 'a'"):
        label_selector_from({"matchExpressions": [expression]})


OBJECT = {"metadata": {"name": "a", "namespace": "n"}, "spec": {"nodeName": "x"}, "status": {"ready": True, "n": 1}}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("metadata.name=a", True),
        ("metadata.name==a,metadata.namespace=n", True),
        ("metadata.name!=a", False),
        ("metadata.name=b", False),
        ("spec.nodeName=", False),
        ("spec.absent=", True),
        ("status.ready=true", True),
        ("status.n=1", True),
        ("spec.nodeName!=y", True),
    ],
)
def test_a_field_selector_selects(text: str, selected: bool) -> None:
    assert parse_field_selector(text).matches(OBJECT) is selected


def test_values_of_field_selectors_may_be_escaped() -> None:
    selector = parse_field_selector(r"metadata.name=a\,b\=c\\d")
    assert selector.exact("metadata.name") == r"a,b=c\d"
    assert selector.matches(lambda path: r"a,b=c\d")


def test_what_is_no_field_selector_is_refused() -> None:
    with pytest.raises(ValueError, match="expected path=value"):
        parse_field_selector("metadata.name")

"""Are bodies read as Kubernetes reads them, and doubled keys noticed?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torana.embedded.apiserver.strict import BodyError, parse_body, parse_json

YAML = "application/apply-patch+yaml"


def yaml(text: str) -> Any:
    return parse_body(text.encode(), YAML)[0]


@pytest.mark.parametrize(
    ("text", "duplicates"),
    [
        ('{"a":1,"b":{"a":1}}', []),
        ('{"a":1,"a":2}', ["a"]),
        ('{"a" :1,"a":2}', ["a"]),
        ('{"a"\n:1,"a":2,"a":3}', ["a"]),
        ('{"x":[{"b":1},{"b":1,"b":2}]}', ["x[1].b"]),
        ('{"a\\\\":1,"b":1,"b":2}', ["b"]),
        ('{"a":"\\":\\":","b":"c"}', []),
        ('{"\\u0061":1,"a":2}', ["a"]),
        ("[]", []),
    ],
)
def test_doubled_keys_of_json_are_found(text: str, duplicates: list[str]) -> None:
    assert parse_body(text.encode())[1] == duplicates


def test_the_last_value_of_a_doubled_key_counts() -> None:
    assert parse_body(b'{"a":1,"a":2}') == ({"a": 2}, ["a"])


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 2]), st.booleans())
def test_no_doubled_key_is_reported_where_there_is_none(value: Any, indent: int | None, ascii_only: bool) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert parse_json(raw) == (value, [])


@given(st.dictionaries(st.text(max_size=3), values, min_size=1, max_size=4))
def test_a_doubled_key_is_always_found(members: dict[str, Any]) -> None:
    pairs = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members.items()]
    first = next(iter(members))
    raw = "{" + ",".join([*pairs, f"{json.dumps(first)}:1"]) + "}"
    assert first in parse_json(raw.encode())[1]


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"a":NaN}', "\xff", '{"a":1}{}'])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(BodyError):
        parse_body(text.encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("true", True),
        ("'true'", "true"),
        ("~", None),
        ("null", None),
        ("", None),
        ("10", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("010", 8),
        ("-5", -5),
        ("1_000", 1000),
        ("08", 8.0),
        ("0o9", "0o9"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1.5e-2", -0.015),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("!!binary aGk=", "hi"),
        ("!!str 1", "1"),
    ],
)
def test_scalars_of_yaml_mean_what_they_mean_to_kubernetes(text: str, value: Any) -> None:
    result = yaml(f"a: {text}\n")["a"]
    assert result == value
    assert type(result) is type(value)


def test_keys_of_yaml_become_strings() -> None:
    assert yaml("1: a\ntrue: b\nnull: c\n1.5: d\n") == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_doubled_keys_of_yaml_are_found() -> None:
    assert parse_body(b"a: 1\nb:\n- c: 1\n  c: 2\na: 2\n", YAML) == ({"a": 2, "b": [{"c": 2}]}, ["b[0].c", "a"])


def test_anchors_and_merge_keys_work() -> None:
    assert yaml("x: &x {a: 1}\nu: *x\nz: {<<: *x, b: 2}\n") == {"x": {"a": 1}, "u": {"a": 1}, "z": {"a": 1, "b": 2}}


def test_aliases_cannot_unfold_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(BodyError, match="too many values"):
        yaml("\n".join(lines))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BodyError):
        yaml("[" * 5000 + "]" * 5000)
    with pytest.raises(BodyError):
        parse_body(b'{"a":' * 5000 + b"1" + b"}" * 5000)


def test_json_declared_as_yaml_is_read_as_json() -> None:
    assert parse_body(b'{"a":"\\u00e9","a":"y"}', YAML) == ({"a": "y"}, ["a"])


@pytest.mark.parametrize("text", ["a: [", "a: .nan", "a: b: c", "- !!python/object:os.system x", "\t- a"])
def test_what_is_not_yaml_is_refused(text: str) -> None:
    with pytest.raises(BodyError):
        yaml(text)

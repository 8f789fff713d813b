"""Do schemas prune, default and validate as an API server does, in the words that kubectl users know?"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from torana.embedded.apiserver.schema import compile_schema

STRING: dict[str, Any] = {"type": "string"}
BODY = "spec.x in body"


def spec_schema(**properties: Any) -> dict[str, Any]:
    """A schema of an object with these fields in its spec."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def messages(schema: dict[str, Any], spec: Any, old: Any = None) -> list[str]:
    """What validation says about a spec, and about replacing another."""
    compiled = compile_schema(schema)
    return [str(error) for error in compiled.validate({"spec": spec}, None if old is None else {"spec": old})]


# Pruning


def test_unknown_fields_are_dropped_and_named() -> None:
    item = {"type": "object", "properties": {"a": STRING}}
    schema = compile_schema(spec_schema(rules={"type": "array", "items": item}))
    identity = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}}
    obj = {**identity, "x": 1, "spec": {"rules": [{"a": "b", "bogus": 1}]}}
    assert schema.prune(obj) == ["spec.rules[0].bogus", "x"]
    assert obj == {**identity, "spec": {"rules": [{"a": "b"}]}}


def test_maps_and_preserved_objects_keep_their_keys() -> None:
    known = {"type": "object", "properties": {"a": STRING}}
    schema = compile_schema(
        spec_schema(
            any={"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": known}},
            labels={"type": "object", "additionalProperties": STRING},
            objects={"type": "object", "additionalProperties": known},
        )
    )
    obj = {"spec": {"any": {"x": 1, "known": {"a": "", "y": 1}}, "labels": {"k": "v"}, "objects": {"k": {"z": 1}}}}
    assert schema.prune(obj) == ["spec.any.known.y", "spec.objects.k.z"]
    assert obj["spec"] == {"any": {"x": 1, "known": {"a": ""}}, "labels": {"k": "v"}, "objects": {"k": {}}}


def test_an_embedded_resource_keeps_its_identity() -> None:
    schema = compile_schema(spec_schema(template={"type": "object", "x-kubernetes-embedded-resource": True}))
    obj = {"spec": {"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}}}
    assert schema.prune(obj) == ["spec.template.spec"]
    assert obj["spec"]["template"] == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}


# Defaults


def test_defaults_fill_in_what_is_absent_and_are_themselves_completed() -> None:
    inner = {"type": "object", "default": {}, "properties": {"kind": {**STRING, "default": "Service"}, "name": STRING}}
    schema = compile_schema(spec_schema(ref=inner, refs={"type": "array", "items": inner}))
    first: dict[str, Any] = {"spec": {"refs": [{"kind": "Other"}, {}]}}
    schema.default(first)
    assert first == {"spec": {"ref": {"kind": "Service"}, "refs": [{"kind": "Other"}, {"kind": "Service"}]}}


def test_a_default_is_never_shared_between_objects() -> None:
    schema = compile_schema(spec_schema(items={"type": "array", "items": STRING, "default": ["a"]}))
    one: dict[str, Any] = {"spec": {}}
    schema.default(one)
    one["spec"]["items"].append("b")
    other: dict[str, Any] = {"spec": {}}
    schema.default(other)
    assert other["spec"]["items"] == ["a"]


def test_null_is_dropped_or_defaulted_unless_it_is_allowed() -> None:
    schema = compile_schema(
        spec_schema(
            plain=STRING,
            defaulted={**STRING, "default": "x"},
            nullable={**STRING, "nullable": True, "default": "y"},
            map={"type": "object", "additionalProperties": STRING},
        )
    )
    obj: dict[str, Any] = {"spec": {"plain": None, "defaulted": None, "nullable": None, "map": {"k": None}}}
    schema.default(obj)
    assert obj == {"spec": {"defaulted": "x", "nullable": None, "map": {}}}
    assert schema.validate(obj) == []


# Messages


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({**STRING, "pattern": "^a+$"}, "b", "spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'"),
        ({**STRING, "enum": ["a", "b"]}, "c", 'spec.x: Unsupported value: "c": supported values: "a", "b"'),
        ({**STRING, "maxLength": 3}, "abcd", "spec.x: Too long: may not be more than 3 bytes"),
        ({**STRING, "minLength": 1}, "", 'spec.x: Invalid value: "": spec.x in body should be at least 1 chars long'),
        (STRING, 1, 'spec.x: Invalid value: "integer": spec.x in body must be of type string: "integer"'),
        ({"type": "integer"}, "1", 'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'),
        (
            {"type": "integer"},
            True,
            'spec.x: Invalid value: "boolean": spec.x in body must be of type integer: "boolean"',
        ),
        ({"type": "boolean"}, None, 'spec.x: Invalid value: "null": spec.x in body must be of type boolean: "null"'),
        ({"type": "number", "minimum": 1}, 0, f"spec.x: Invalid value: 0: {BODY} should be greater than or equal to 1"),
        ({"type": "number", "maximum": 9}, 10, f"spec.x: Invalid value: 10: {BODY} should be less than or equal to 9"),
        ({"type": "array", "maxItems": 1}, [1, 2], "spec.x: Too many: 2: must have at most 1 items"),
        (
            {"type": "array", "minItems": 1},
            [],
            "spec.x: Invalid value: []: spec.x in body should have at least 1 items",
        ),
        ({"type": "object", "maxProperties": 0}, {"a": 1}, "spec.x: Too many: 1: must have at most 0 items"),
        ({"type": "object", "required": ["a"]}, {}, "spec.x.a: Required value"),
        ({**STRING, "format": "ipv4"}, "1", 'spec.x: Invalid value: "1": spec.x in body must be of type ipv4: "1"'),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "b", "a"], 'spec.x[2]: Duplicate value: "a"'),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            [{"name": "a", "v": 1}, {"name": "a", "v": 2}],
            'spec.x[1]: Duplicate value: {"name":"a"}',
        ),
    ],
)
def test_mistakes_are_said_in_kubernetes_words(schema: dict[str, Any], value: Any, message: str) -> None:
    assert messages(spec_schema(x=schema), {"x": value})[0] == message


def test_a_write_of_the_status_is_held_to_the_status_alone_and_told_paths_within_it() -> None:
    number = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    schema = compile_schema({"type": "object", "properties": {"spec": number, "status": number}})
    assert schema.validate({"spec": {"n": 1}, "status": {"n": 3}}, status_only=True) == []
    assert [str(error) for error in schema.validate({"spec": {"n": 1}, "status": {"n": 2}}, status_only=True)] == [
        "status.n: Invalid value: 2: n in body should be greater than or equal to 3"
    ]


@pytest.mark.parametrize("value", [1, 1.0, 2**31 - 1])
def test_whole_numbers_are_integers(value: Any) -> None:
    assert messages(spec_schema(x={"type": "integer", "format": "int32"}), {"x": value}) == []


def test_an_integer_stays_in_its_format() -> None:
    assert "should be between" in messages(spec_schema(x={"type": "integer", "format": "int32"}), {"x": 2**31})[0]


def test_int_or_string_takes_both_and_nothing_else() -> None:
    schema = spec_schema(x={"x-kubernetes-int-or-string": True})
    assert messages(schema, {"x": 80}) == messages(schema, {"x": "80%"}) == []
    assert messages(schema, {"x": 1.5}) == [
        'spec.x: Invalid value: "number": spec.x in body must be of type integer,string: "number"'
    ]


def test_alternatives_need_one_that_fits() -> None:
    parts = [{"format": "ipv4"}, {"format": "ipv6"}]

    def said(value: str, **more: Any) -> str:
        return "".join(messages(spec_schema(x={**STRING, **more}), {"x": value})[-1:])

    assert said("::1", anyOf=parts) == said("::1", oneOf=parts) == ""
    assert '"spec.x" must validate at least one schema (anyOf)' in said("a", anyOf=parts)
    assert "Found none valid" in said("a", oneOf=parts)
    assert "Found 2 valid alternatives" in said("a", oneOf=[{"maxLength": 1}, {"maxLength": 2}])
    assert '"spec.x" must not validate the schema (not)' in said("a", **{"not": {"enum": ["a"]}})


def test_a_hostile_header_value_costs_no_time() -> None:
    pattern = r"^[!-~]+([\t ]?[!-~]+)*$"
    assert messages(spec_schema(x={**STRING, "pattern": pattern}), {"x": "a" * 4000 + "\n"})


def test_a_dollar_does_not_match_before_a_newline() -> None:
    assert messages(spec_schema(x={**STRING, "pattern": "^a$"}), {"x": "a\n"})


def test_a_pattern_that_is_no_expression_is_refused_when_compiled() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        compile_schema(spec_schema(x={**STRING, "pattern": "("}))


# Rules


def rule(text: str, **more: Any) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": text, "message": "broken", **more}]}


def test_a_broken_rule_says_its_message_and_hides_whole_objects() -> None:
    assert messages(spec_schema(x={**STRING, **rule("false")}), {"x": "b"}) == ['spec.x: Invalid value: "b": broken']
    whole = spec_schema(x={"type": "object", "properties": {"a": STRING}, **rule("false")})
    assert messages(whole, {"x": {"a": "b"}}) == ["spec.x: Invalid value: broken"]


def test_a_rule_that_cannot_be_evaluated_is_broken() -> None:
    schema = spec_schema(x={"type": "object", "x-kubernetes-preserve-unknown-fields": True, **rule("self.a == 1")})
    assert messages(schema, {"x": {}}) == ['spec.x: Invalid value: "object": no such key: a evaluating rule: broken']


def test_rules_wait_until_the_structure_is_right() -> None:
    schema = spec_schema(x={**STRING, "enum": ["a"], **rule("false")})
    assert [error.split(":")[0] for error in messages(schema, {"x": "b"})] == ["spec.x", "<nil>"]


def test_reason_field_path_and_message_expression_are_honoured() -> None:
    more = {"reason": "FieldValueForbidden", "fieldPath": ".a", "messageExpression": "'got ' + self.a"}
    schema = spec_schema(x={"type": "object", "properties": {"a": STRING}, **rule("self.a == ''", **more)})
    assert messages(schema, {"x": {"a": "b"}}) == ["spec.x.a: Forbidden: got b"]


def test_reserved_names_and_formats_appear_to_rules_as_kubernetes_shows_them() -> None:
    schema = spec_schema(
        x={
            "type": "object",
            "properties": {
                "namespace": STRING,
                "a-b": STRING,
                "at": {**STRING, "format": "date-time"},
                "for": {**STRING, "format": "duration"},
            },
            **rule(
                "self.__namespace__ == 'n' && self.a__dash__b == 'x' && self.at > timestamp('2020-01-01T00:00:00Z') "
                "&& self.__for__ == duration('90s')"
            ),
        }
    )
    assert messages(schema, {"x": {"namespace": "n", "a-b": "x", "at": "2021-01-01T00:00:00Z", "for": "1m30s"}}) == []


def test_a_root_rule_sees_only_the_names_of_the_metadata() -> None:
    schema = {"type": "object", "properties": {"metadata": {"type": "object"}}, **rule("!has(self.metadata.labels)")}
    assert compile_schema(schema).validate({"metadata": {"name": "a", "labels": {}}}) == []


def test_transition_rules_run_only_where_there_is_an_old_value() -> None:
    item = {"type": "object", "properties": {"name": STRING, "v": {"type": "integer", **rule("self >= oldSelf")}}}
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    schema = spec_schema(keyed={"type": "array", "items": item, **keyed}, plain={"type": "array", "items": item})
    old = {"keyed": [{"name": "a", "v": 5}, {"name": "b", "v": 1}], "plain": [{"name": "a", "v": 5}]}
    keyed_items = [{"name": "b", "v": 2}, {"name": "a", "v": 4}, {"name": "c", "v": 0}]
    new = {"keyed": keyed_items, "plain": [{"name": "a", "v": 1}]}
    assert messages(schema, new) == []
    assert messages(schema, new, old) == ["spec.keyed[1].v: Invalid value: 4: broken"]


def test_a_rule_with_optional_old_self_is_not_a_transition_rule() -> None:
    schema = spec_schema(x={**STRING, **rule("true || oldSelf == self", optionalOldSelf=True)})
    assert messages(schema, {"x": "a"}) == []


# Ratcheting


def test_an_update_may_leave_old_mistakes_as_they_are() -> None:
    schema = spec_schema(
        x={**STRING, "enum": ["a"]},
        y=STRING,
        z={"type": "object", "required": ["r"], "properties": {"o": STRING}},
        c={**STRING, **rule("self == 'good'")},
    )
    old = {"x": "wrong", "y": "1", "z": {"o": "1"}, "c": "bad"}
    assert messages(schema, {**old, "y": "2"}, old) == []
    assert messages(schema, {**old, "x": "other"}, old)[0].startswith("spec.x: Unsupported value")
    assert messages(schema, {**old, "z": {"o": "2"}}, old)[0] == "spec.z.r: Required value"
    assert messages(schema, {**old, "c": "worse"}, old) == ['spec.c: Invalid value: "worse": broken']


def test_items_of_plain_lists_are_not_recognised_as_old() -> None:
    schema = spec_schema(x={"type": "array", "items": {**STRING, "enum": ["a"]}})
    assert messages(schema, {"x": ["b"]}, {"x": ["b"]}) == []
    assert len(messages(schema, {"x": ["b", "a"]}, {"x": ["b"]})) == 1


def test_validation_changes_nothing() -> None:
    schema = spec_schema(x={"type": "object", "properties": {"namespace": STRING}, **rule("has(self.__namespace__)")})
    obj = {"spec": {"x": {"namespace": "n"}}}
    before = copy.deepcopy(obj)
    assert compile_schema(schema).validate(obj) == []
    assert obj == before

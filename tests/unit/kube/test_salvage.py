"""What is left of objects that do not fit their Struct, and what is told of the rest."""

from __future__ import annotations

import json
from typing import Any

from torana.api.backend_tls_policy import BackendTLSPolicy
from torana.api.gateway import Gateway
from torana.api.http_route import HTTPRoute, HTTPRouteMatch, HTTPRouteRule
from torana.kube.salvage import Salvage, salvage


def saved(struct: Any, spec: Any, **more: Any) -> Salvage:
    document = {"metadata": {"name": "x", "namespace": "n"}, "spec": spec, **more}
    found = salvage(json.dumps(document).encode(), struct)
    assert found is not None
    return found


def test_a_leaf_of_another_type_is_left_out_and_named() -> None:
    found = saved(HTTPRoute, {"rules": [{}, {"matches": [{"method": 5, "path": {"value": "/a"}}]}]})
    assert found.lost == ("spec.rules[1].matches[0].method: Expected `str`, got `int`",)
    assert found.value.spec.rules[1].matches[0].path.value == "/a"
    assert found.value.spec.rules[1].matches[0].method == ""


def test_targets_survive_a_validation_that_cannot_be_read() -> None:
    target = {"group": "", "kind": "Service", "name": "web"}
    found = saved(BackendTLSPolicy, {"targetRefs": [target], "validation": {"hostname": 5}})
    assert found.value.spec.target_refs[0].name == "web"
    assert found.lost == ("spec.validation.hostname: Expected `str`, got `int`",)


def test_an_item_whose_name_cannot_be_read_is_left_out() -> None:
    targets = [{"group": "", "kind": "Service", "name": 5}, {"group": "", "kind": "Service", "name": "web"}]
    found = saved(BackendTLSPolicy, {"targetRefs": targets, "validation": {"hostname": "a.b"}})
    assert [one.name for one in found.value.spec.target_refs] == ["web"]
    assert found.lost == ("spec.targetRefs[0].name: Expected `str`, got `int`",)


def test_what_could_be_any_condition_becomes_no_condition() -> None:
    found = saved(HTTPRoute, {"rules": ["what?", {"matches": [7]}, {"matches": 7}]})
    assert found.value.spec.rules == (HTTPRouteRule(), HTTPRouteRule(), HTTPRouteRule())
    assert found.value.spec.rules[1].matches == (HTTPRouteMatch(),)
    assert len(found.lost) == 3


def test_a_spec_that_is_missing_or_no_object_leaves_the_identity() -> None:
    for spec in (None, "all"):
        found = saved(Gateway, spec)
        assert found.value.metadata.name == "x"
        assert found.lost
        assert found.lost[0].startswith("spec")


def test_a_status_or_label_that_cannot_be_read_is_no_matter_of_the_spec() -> None:
    found = saved(HTTPRoute, {"rules": [{}]}, status={"parents": 5})
    assert found.lost == ("status.parents: expected a list",)


def test_nothing_is_left_of_what_is_no_object() -> None:
    found = salvage(b"[]", HTTPRoute)
    assert found is None or found.value.metadata.name == ""

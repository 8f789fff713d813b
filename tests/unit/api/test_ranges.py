"""Which numbers of an object does its kind not allow?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.http_route import HTTPRouteRule
from torana.api.listener import Listener
from torana.api.ranges import misfits

BACKEND = {"name": "web", "port": 80}


def paths(rule: dict[str, Any]) -> list[str]:
    return [one.path for one in misfits(msgspec.convert(rule, HTTPRouteRule), "spec.rules[0]")]


@pytest.mark.parametrize("weight", [0, 1_000_000])
def test_numbers_within_the_limits_fit(weight: int) -> None:
    assert paths({"backendRefs": [{**BACKEND, "weight": weight}], "retry": {"codes": [400, 599], "attempts": 1}}) == []


def test_a_number_is_named_by_its_place_in_lists_and_parts() -> None:
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "web", "port": 0}}}
    refs = [BACKEND, {**BACKEND, "weight": -1, "filters": [mirror]}]
    assert paths({"backendRefs": refs, "retry": {"codes": [500, 99]}}) == [
        "spec.rules[0].backendRefs[1].weight",
        "spec.rules[0].backendRefs[1].filters[0].requestMirror.backendRef.port",
        "spec.rules[0].retry.codes[1]",
    ]


def test_what_has_no_limit_of_its_own_has_that_of_its_size() -> None:
    assert paths({"retry": {"attempts": 2**31}}) == ["spec.rules[0].retry.attempts"]


def test_the_limit_is_told() -> None:
    (one,) = misfits(Listener(name="http", port=70000, protocol="HTTP"), "spec.listeners[0]")
    assert (one.path, one.message) == ("spec.listeners[0].port", "70000 is too large; 65535 is the most")

"""Every case of every golden page comes out as shown: as written, shuffled, and beside an unrelated namespace."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
import yaml
from tests.golden.page import Case, Outcome, cases, shown_part

from torana.api.kind import Ref

ALL = list(cases())
IDS = [f"{case.page.stem}: {case.title}" for case in ALL]

BYSTANDER: list[dict[str, Any]] = [
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "bystander", "namespace": "elsewhere"},
        "spec": {"parentRefs": [{"name": "nowhere"}], "rules": [{"backendRefs": [{"name": "nothing", "port": 1}]}]},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "unused", "namespace": "elsewhere"},
        "spec": {"ports": [{"port": 1}]},
    },
]


def check(case: Case, outcome: Outcome) -> None:
    for expected in case.status:
        ref = Ref("" if expected["kind"] == "GatewayClass" else expected.get("namespace", "default"), expected["name"])
        actual = outcome.status(expected["kind"], ref)
        assert shown_part(actual, expected["status"]) == expected["status"]
    if case.proxy is not None:
        assert outcome.proxy_text() == case.proxy


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_a_case_comes_out_as_its_page_shows(case: Case) -> None:
    outcome = Outcome(case.objects, case.rejected)
    if os.environ.get("GOLDEN_UPDATE"):
        write(case, outcome)
    else:
        check(case, outcome)


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_the_order_of_objects_does_not_matter(case: Case) -> None:
    for seed in range(5):
        shuffled = list(case.objects)
        random.Random(seed).shuffle(shuffled)
        check(case, Outcome(shuffled, case.rejected))


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_an_unrelated_namespace_changes_nothing(case: Case) -> None:
    check(case, Outcome([*case.objects, *BYSTANDER], case.rejected))


def write(case: Case, outcome: Outcome) -> None:
    """Replace the expected fences of one case by what came out."""
    text = case.page.read_text()
    start = text.index(f"# {case.title}\n")
    head, section = text[:start], text[start:]
    if case.proxy is not None:
        section = section.replace(f"```text proxy\n{case.proxy}```", f"```text proxy\n{outcome.proxy_text()}```", 1)
    for expected in case.status:
        ref = Ref("" if expected["kind"] == "GatewayClass" else expected.get("namespace", "default"), expected["name"])
        actual = shown_part(outcome.status(expected["kind"], ref), expected["status"])
        before = yaml.safe_dump(expected, sort_keys=False)
        section = section.replace(before, yaml.safe_dump({**expected, "status": actual}, sort_keys=False), 1)
    case.page.write_text(head + section)

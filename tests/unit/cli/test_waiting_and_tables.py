"""What an object lacks, and how a table without kubectl looks."""

from __future__ import annotations

from typing import Any

from torana.cli.kubectl import table_lines
from torana.cli.tour import manifest
from torana.cli.waiting import lacks_conditions


def holder(status: str = "True", observed: int = 1) -> dict[str, Any]:
    each = {"type": "Accepted", "status": status, "reason": "R", "message": "m", "observedGeneration": observed}
    return {"conditions": [each]}


def obj(status: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "status": status}


def test_an_object_lacks_nothing_when_its_conditions_hold() -> None:
    assert lacks_conditions("Accepted")(obj(holder())) == ""
    assert lacks_conditions("Accepted", of="parents")(obj({"parents": [holder()]})) == ""


def test_what_is_missing_is_said_in_the_words_of_the_status() -> None:
    assert lacks_conditions("Accepted")(obj(holder("False"))) == "Accepted is False: R: m"
    assert lacks_conditions("Accepted")(obj({})) == "not Accepted yet"
    assert lacks_conditions("Accepted", of="parents")(obj({"parents": []})) == "not Accepted yet"


def test_a_judgement_about_an_older_generation_does_not_count() -> None:
    assert "newest generation" in lacks_conditions("Accepted")(obj(holder(), generation=2))


def test_a_table_is_laid_out_as_kubectl_does() -> None:
    table = {
        "columnDefinitions": [{"name": "Name"}, {"name": "Class"}, {"name": "Wide", "priority": 1}],
        "rows": [{"cells": ["web", "torana", "x"]}, {"cells": ["long-name", None, "y"]}],
    }
    assert table_lines(table, "gateway/") == [
        "NAME                CLASS",
        "gateway/web         torana",
        "gateway/long-name   <none>",
    ]


def test_the_manifest_is_changed_in_the_gateways_port_only() -> None:
    lines = zip(manifest(80).splitlines(), manifest(8080).splitlines(), strict=True)
    assert [(before.strip(), after.strip()) for before, after in lines if before != after] == [
        (b"port: 80", b"port: 8080")
    ]

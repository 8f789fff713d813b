"""Are the pages of docs/reference complete? What the code can say and what they list is the same."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house import feature_page

from torana.gateway.features import SUPPORTED

ROOT = Path(__file__).parents[2]
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
REFERENCE = ROOT / "docs" / "reference"
JUDGING = ("gateway", "envoy", "infra")
REASON_AT = {"Finding": 0, "_bad": 0, "Judgement": 2, "ProxyState": 2}
"""Which argument of what is called is a reason."""
GOOD = {"Accepted", "ResolvedRefs", "Programmed", "NoConflicts", "SupportedVersion", "DefaultGateway"}
"""Reasons of conditions that are as wanted."""
ELSEWHERE = {
    "AddressNotAssigned",
    "FallbackLost",
    "InvalidCACertificateKind",
    "InvalidClientCertificateRef",
    "ListenerConflict",
    "ProtocolConflict",
}
"""Reasons that do not stand in such a call as they are."""


def test_the_page_of_findings_lists_every_reason_in_the_code() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (REFERENCE / "findings.md").read_text(), re.M)
    assert set(listed) == set(_reasons()) - GOOD | ELSEWHERE


def test_the_page_of_features_says_what_the_code_claims() -> None:
    page = REFERENCE / "features.md"
    if os.environ.get("GOLDEN_UPDATE"):
        page.write_text(feature_page.page())
    assert page.read_text() == feature_page.page(), "`make golden` writes the page anew"


def test_every_claim_is_a_feature_of_the_gateway_api() -> None:
    assert set(SUPPORTED) <= {feature.name for feature in feature_page.features()}


def test_the_architecture_names_every_stage() -> None:
    stages = (ROOT / "src" / "torana" / "gateway" / "stages").glob("[a-z]*.py")
    named = set(re.findall(r"\w+", re.search(r"^## The stages\n.*?^## ", ARCHITECTURE.read_text(), re.M | re.S)[0]))
    assert {stage.stem for stage in stages} - named == {"sources"}


def _reasons() -> Iterator[str]:
    files = (path for folder in JUDGING for path in (ROOT / "src" / "torana" / folder).rglob("*.py"))
    for node in (each for path in files for each in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = node.args[REASON_AT[name] :][:1] if name in REASON_AT else []
            yield from (arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str))

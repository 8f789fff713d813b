"""Does everything that users stumble over lead to a case of a golden page, or to a test?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.golden.page import cases
from tests.golden.test_conformance import anchor

HERE = Path(__file__).parent
ROWS = re.findall(r"^\| (?!what \|)([^-|].*) \| (.+) \|$", (HERE / "traps.md").read_text(), re.M)
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+)(?:#([^)]+))?\)")
LINKS = sorted({link for _, shown in ROWS for link in LINK.findall(shown)})
TITLES = {(f"pages/{case.page.name}", case.title) for case in cases()}


def test_everything_is_shown_by_something() -> None:
    assert len(ROWS) == 60
    assert [what for what, shown in ROWS if not LINK.fullmatch(shown.split(" · ")[0])] == []


@pytest.mark.parametrize(("text", "target", "place"), LINKS, ids=str)
def test_a_link_leads_to_the_case_or_the_test_that_it_names(text: str, target: str, place: str) -> None:
    if target.startswith("pages/"):
        assert (target, text) in TITLES
        assert place == anchor(text)
    else:
        assert f"def test_{text.replace(' ', '_')}(" in (HERE / target).read_text()

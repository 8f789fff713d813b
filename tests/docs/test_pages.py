"""Do the guide's pages keep the convention that lets them be tested? See `page.py`."""

from __future__ import annotations

import pytest
from tests.docs.page import FENCE, Page, is_shown, pages, read_console


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_fence_is_of_a_known_kind(page: Page) -> None:
    assert {info for info, _ in FENCE.findall(page.text)} <= {"yaml", "yml", "console", "sh", "text"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_file_of_a_page_is_used_on_it(page: Page) -> None:
    typed = "\n".join([*page.fences("console"), *page.fences("sh")])
    assert [name for name in page.files() if name not in typed] == []


def test_the_index_names_every_page() -> None:
    index = (pages()[0].path.parent / "README.md").read_text()
    assert [page.name for page in pages() if f"({page.path.name})" not in index and page.name != "README"] == []


def test_a_console_fence_is_read_as_commands_and_what_they_show() -> None:
    steps = read_console("$ one \\\n    --more\nshown\n$ two\n")
    assert [(step.command, step.shown) for step in steps] == [("one \\\n    --more", ("shown",)), ("two", ())]


def test_lines_are_shown_in_order_and_dots_stand_for_anything() -> None:
    output = "NAME   AGE\nweb    5s\nend\n"
    assert is_shown(("NAME AGE", "web ...", "end"), output)
    assert is_shown(("...s",), output)
    assert not is_shown(("end", "web"), output)

"""How is a page of the guide read as something to do?

The convention, which the pages keep and `test_pages.py` checks:

- a `yaml` fence (objects; `yml`: another file) begins with the comment `# NAME.yaml`: the file that it is saved as;
- a `console` fence is typed: lines that begin with `$ ` are commands (a backslash goes on in the next line), the lines
  below a command are lines of its output, in this order. `...` stands for whatever is there;
- an `sh` fence shows how `torana up` is started for the page; its options are those of the home under test;
- a `text` fence is only shown.

The line `Goes on from [First route](first-route.md).` says that the page uses the objects of that one.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.S | re.M)
FILE = re.compile(r"# ([\w.-]+\.yaml)\n")
GOES_ON = "Goes on from [First route](first-route.md)."
OPTIONS_OF_PAGES = ("--image", "--image-file", "--controller-name")


class Step(NamedTuple):
    """A command as printed, and the lines that its output shows."""

    command: str
    shown: tuple[str, ...]


class Page(NamedTuple):
    """One page: files that it has the reader save, and what the reader types."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def goes_on(self) -> bool:
        """Whether it uses the objects of the first page."""
        return GOES_ON in _squeeze(self.text)

    def fences(self, language: str) -> list[str]:
        return [content for info, content in FENCE.findall(self.text) if info == language]

    def files(self) -> dict[str, str]:
        """Name to content. Raises `ValueError` when a `yaml` fence does not say its file's name."""
        found = {}
        for content in [*self.fences("yaml"), *self.fences("yml")]:
            name = FILE.match(content)
            if name is None:
                raise ValueError(f"{self.path.name}: a yaml fence begins with {content.splitlines()[0]!r}, not # NAME")
            found[name[1]] = content
        return found

    def steps(self) -> list[Step]:
        return [step for content in self.fences("console") for step in read_console(content)]


def pages() -> list[Page]:
    """All pages of the guide, the first route first."""
    found = [Page(path, path.read_text()) for path in sorted(GUIDE.glob("*.md"))]
    return sorted(found, key=lambda page: page.name != "first-route")


def read_console(content: str) -> list[Step]:
    """The commands of a `console` fence."""
    steps: list[tuple[list[str], list[str]]] = []
    for line in content.splitlines():
        if line.startswith("$ "):
            steps.append(([line[2:]], []))
        elif steps and steps[-1][0][-1].endswith("\\") and not steps[-1][1]:
            steps[-1][0].append(line)
        elif line.strip():
            steps[-1][1].append(line)
    return [Step("\n".join(command), tuple(shown)) for command, shown in steps]


def options_of_up(all_pages: Iterable[Page]) -> list[str]:
    """Options that pages print after `torana up` and that one home can have together."""
    found: list[str] = []
    for page in all_pages:
        for content in page.fences("sh"):
            for line in content.replace("\\\n", " ").splitlines():
                words = shlex.split(line)
                if words[:2] == ["torana", "up"]:
                    pairs = itertools.pairwise(words[2:])
                    found += [word for pair in pairs if pair[0] in OPTIONS_OF_PAGES for word in pair]
    return found


def is_shown(shown: Iterable[str], output: str) -> bool:
    """Whether these are lines of the output, in this order; others may stand between. White space counts once."""
    lines = iter(_squeeze(line) for line in output.splitlines())
    return all(any(_pattern(wanted).fullmatch(line) for line in lines) for wanted in shown if wanted.strip() != "...")


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part.strip()) for part in _squeeze(line).split("...")))


def _squeeze(line: str) -> str:
    return " ".join(line.split())

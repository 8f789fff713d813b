"""What does a regular expression find in a text? The linear-time engine of CEL itself answers.

It returns what a capturing group holds, where Kubernetes returns the whole match: so groups are made not to capture.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

GROUP = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|\((?!\?)|\(\?P?<\w+>")


@lru_cache(maxsize=1)
def _programs() -> tuple[Any, Any]:
    env = cel.NewEnv(
        config=cel.NewEnvConfigFromYaml("name: search\nextensions:\n  - name: regex\n  - name: optional\n"),
        variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING},
    )
    return env.compile("regex.extract(text, pattern).orValue('')"), env.compile("regex.extractAll(text, pattern)")


def find(text: str, pattern: str) -> str:
    """The first match, or the empty string. Raises ValueError for a pattern that is no expression."""
    return str(_evaluate(_programs()[0], text, pattern))


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """All matches, at most `limit` of them unless it is negative. Raises ValueError."""
    found = [str(match) for match in _evaluate(_programs()[1], text, pattern)]
    return found if limit < 0 else found[:limit]


def _evaluate(program: Any, text: str, pattern: str) -> Any:
    result = program.eval(data={"text": text, "pattern": without_groups(pattern)})
    value = result.plain_value()
    if result.type() == cel.Type.ERROR:
        raise ValueError(str(value))
    return value


def without_groups(pattern: str) -> str:
    """The expression with groups that do not capture."""
    return GROUP.sub(lambda found: found.group(1) or "(?:", pattern)

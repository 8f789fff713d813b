"""Whether a regular expression of a route is one that the proxy can run: RE2, which takes time linear in its input."""

from __future__ import annotations

import re2  # type: ignore[import-untyped]


def problem_with(pattern: str) -> str:
    """Why RE2 refuses the expression, or ""."""
    try:
        re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        detail = error.args[0] if error.args else error
        text = detail.decode() if isinstance(detail, bytes) else str(detail)
        return f"{pattern!r} is not a regular expression of RE2: {text}"
    return ""


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


_OPTIONS = _options()

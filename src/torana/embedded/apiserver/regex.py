"""Does a text match a schema's pattern? Patterns are RE2 expressions, searched, in time linear in the text.

Python's `re` will not do: it backtracks exponentially on `^[!-~]+([\\t ]?[!-~]+)*$` (26 characters take seconds, in a
field that any author of a route controls), and its `$` matches before a trailing newline. The Rust engine behind
jsonschema-rs is linear and agrees with RE2 on every pattern of the Gateway API.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import jsonschema_rs


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """A function that says whether a text contains a match. Raises ValueError when the pattern is no expression."""
    try:
        validator = jsonschema_rs.validator_for(
            {"type": "string", "pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    return validator.is_valid

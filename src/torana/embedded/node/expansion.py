"""How do `$(NAME)` references in a container's command, args and env values expand?

The rules are those of Kubernetes: `$(NAME)` becomes the variable's value, `$$(NAME)` the text `$(NAME)`, and a
reference to an unknown variable stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^()]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$"
        return variables.get(name, match.group(0))

    return _REFERENCE.sub(replace, text) if "$" in text else text

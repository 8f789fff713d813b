"""Where does a container find its mounted volumes, when it is a process among others?

A process sees the host's files, and mounting `/etc/foo` for it alone would need privileges that an ordinary user
lacks. So each container has a root directory of its own, in which every mount path exists as a link to its volume,
and two things lead there: the process starts with that root as its working directory (a relative path `etc/foo/x`
means the same here and in a real container whose `workingDir` is `/`), and mount paths in its command, args and env
values are replaced by the real path. Text inside mounted files is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEFORE = r"(?<![\w./-])"
_AFTER = r"(?![\w.-])"


def mount_rewriter(root: str, mount_paths: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern that finds whole mount paths, the longest first; None when there are none."""
    paths = sorted({path.rstrip("/") for path in mount_paths} - {""}, key=len, reverse=True)
    if not paths or not root:
        return None
    return re.compile(_BEFORE + "(" + "|".join(re.escape(path) for path in paths) + ")" + _AFTER)


def rewrite(text: str, pattern: re.Pattern[str] | None, root: str) -> str:
    """`text` with every mount path replaced by its real directory below `root`."""
    return pattern.sub(lambda match: root + match.group(1), text) if pattern else text

"""Which route is meant, among routes of all kinds?"""

from __future__ import annotations

from typing import NamedTuple

from torana.api.kind import Ref


class RouteKey(NamedTuple):
    """Identity of a route: routes of two kinds may have one name."""

    kind: str
    ref: Ref

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

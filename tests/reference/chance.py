"""How does chance choose? Everything follows from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.reference.vocabulary import LISTENER_SETS


class Chance:
    """Also what all objects of one set have in common."""

    def __init__(self, seed: int, ports: Sequence[int]) -> None:
        self.random = Random(seed)
        self.ports = ports
        self.protocols = {port: self.one(("HTTP", "HTTPS")) for port in ports}
        """What most listeners of a port speak."""
        self.sets = self.some(LISTENER_SETS, 3)
        """Namespaces and names of the ListenerSets that exist."""

    def one(self, options: Sequence[Any]) -> Any:
        return self.random.choice(options)

    def some(self, options: Sequence[Any], most: int) -> list[Any]:
        return self.random.sample(options, k=self.random.randint(0, most))

    def cased(self, name: str) -> str:
        return name.upper() if self.random.random() < 0.2 else name

    def birthday(self) -> str:
        return f"2026-01-0{self.random.randint(1, 2)}T00:00:00Z"

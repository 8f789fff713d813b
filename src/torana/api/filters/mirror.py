"""RequestMirror: which backend gets a copy of the requests, and of how many?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api.field import ApiStruct, Field, Rule
from torana.api.references import BackendObjectReference


class Fraction(ApiStruct, kw_only=True):
    """A share, as numerator and denominator."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule("self.numerator <= self.denominator", "numerator must be less than or equal to denominator"),
    )

    numerator: Annotated[int, Field("How many.", format="int32", minimum=0)]
    denominator: Annotated[int, Field("Out of how many.", default=100, format="int32", minimum=1)] = 100


class HTTPRequestMirrorFilter(ApiStruct, kw_only=True):
    """Copies requests to another backend, whose responses are thrown away."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.percent) && has(self.fraction))",
            "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter",
        ),
    )

    backend_ref: Annotated[
        BackendObjectReference,
        Field("Backend that gets the copies. If it cannot be resolved, nothing is copied and the route says so."),
    ]
    percent: Annotated[
        int | None,
        Field(
            "Percentage of requests to copy. When neither this nor `fraction` is given, all are.",
            format="int32",
            minimum=0,
            maximum=100,
        ),
    ] = None
    fraction: Annotated[Fraction | None, Field("Share of requests to copy, finer than `percent`.")] = None

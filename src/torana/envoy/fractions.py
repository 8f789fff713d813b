"""How a share is written with the denominators Envoy has: a hundred, ten thousand, a million."""

from __future__ import annotations

from torana.envoy import messages as pb

_DENOMINATORS = (
    (100, pb.FractionalPercent.HUNDRED),
    (10_000, pb.FractionalPercent.TEN_THOUSAND),
    (1_000_000, pb.FractionalPercent.MILLION),
)


def fraction(numerator: int, denominator: int) -> pb.FractionalPercent:
    """The smallest exact form, else the nearest in millionths. More than one is one."""
    numerator = min(numerator, denominator)
    for size, name in _DENOMINATORS:
        if numerator * size % denominator == 0:
            return pb.FractionalPercent(numerator=numerator * size // denominator, denominator=name)
    nearest = (2 * numerator * 1_000_000 + denominator) // (2 * denominator)
    return pb.FractionalPercent(numerator=nearest, denominator=pb.FractionalPercent.MILLION)

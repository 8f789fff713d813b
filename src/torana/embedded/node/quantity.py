"""How much is a resource quantity such as `250m` or `1Gi`? Exact arithmetic, as in the downward API's
`resourceFieldRef`.
"""

from __future__ import annotations

from fractions import Fraction

_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}


def parse_quantity(text: str) -> Fraction:
    """Raises `ValueError` for what is no quantity."""
    number = text.rstrip("numkKMGTPEi") if not text[-1:].isdigit() else text
    suffix = text[len(number) :]
    if suffix not in _SUFFIXES:
        raise ValueError(f"quantity {text!r}: unknown suffix {suffix!r}")
    return Fraction(number) * _SUFFIXES[suffix]


def divide_up(text: str, divisor: str) -> int:
    """The quantity in units of `divisor`, rounded up."""
    return -int(-parse_quantity(text) // parse_quantity(divisor if divisor not in ("", "0") else "1"))

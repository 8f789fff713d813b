"""How is a certificate judged whose serial number is not positive?

Old authorities that everybody trusts have the number 0, and RFC 5280, 4.1.2.2 asks that such certificates be borne;
`cryptography` means to refuse them, though all else in them is right. So it is shown another number in that place.
Certificate ::= SEQUENCE { SEQUENCE { [0] version OPTIONAL, INTEGER serial number, ... }, ... }
"""

from __future__ import annotations

_SEQUENCE, _VERSION, _INTEGER = 0x30, 0xA0, 0x02


def with_positive_serial_number(der: bytes) -> bytes:
    """The certificate, with a positive number of the same length for one that is not. What is none stays as it is."""
    try:
        position = _content(der, _content(der, 0, _SEQUENCE)[0], _SEQUENCE)[0]
        if der[position] == _VERSION:
            position = _content(der, position, _VERSION)[1]
        start, end = _content(der, position, _INTEGER)
    except (IndexError, ValueError):
        return der
    if int.from_bytes(der[start:end], "big", signed=True) > 0:
        return der
    return der[:start] + b"\x01".ljust(end - start, b"\x00") + der[end:]


def _content(der: bytes, position: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at `position` begins and ends."""
    if der[position] != tag:
        raise ValueError(f"not tag {tag:#x}")
    first, start = der[position + 1], position + 2
    if first < 0x80:
        return start, start + first
    digits = first & 0x7F
    return start + digits, start + digits + int.from_bytes(der[start : start + digits], "big")

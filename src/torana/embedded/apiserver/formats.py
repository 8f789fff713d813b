"""Does a text have the format that a schema names? The formats a CustomResourceDefinition may use, by name."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)\Z",
    re.ASCII,
)
DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)\Z", re.ASCII)
WORD_DURATION = re.compile(
    r"\d+\s*(?:ns|us|ms|milli|sec|second|s|min|minute|m|hour|hr|h|day|d|week|wk|w)s?\Z", re.ASCII
)
HOSTNAME_LABEL = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
MAC = re.compile(
    r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4,6}[0-9A-Fa-f]{2}\Z|"
    r"(?:[0-9A-Fa-f]{4}\.){2,3}[0-9A-Fa-f]{4}\Z"
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


def is_date_time(text: str) -> bool:
    found = DATE_TIME.match(text)
    return found is not None and is_date(found.group(1))


def is_date(text: str) -> bool:
    if len(text) != 10:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_duration(text: str) -> bool:
    return bool(DURATION.match(text) or WORD_DURATION.match(text))


def is_byte(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def is_ipv4(text: str) -> bool:
    return _parses(ipaddress.IPv4Address, text)


def is_ipv6(text: str) -> bool:
    return "%" not in text and _parses(ipaddress.IPv6Address, text)


def is_cidr(text: str) -> bool:
    return "/" in text and _parses(ipaddress.ip_interface, text) and text.rsplit("/", 1)[1].isdigit()


def is_uri(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme) or text.startswith("/")
    except ValueError:
        return False


def is_hostname(text: str) -> bool:
    return 0 < len(text) <= 255 and all(HOSTNAME_LABEL.match(label) for label in text.removesuffix(".").split("."))


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


FORMATS: dict[str, Callable[[str], bool]] = {
    "date-time": is_date_time,
    "datetime": is_date_time,
    "date": is_date,
    "duration": is_duration,
    "byte": is_byte,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "cidr": is_cidr,
    "uri": is_uri,
    "email": lambda text: bool(EMAIL.match(text)),
    "hostname": is_hostname,
    "mac": lambda text: bool(MAC.match(text)),
    "uuid": lambda text: _parses(uuid.UUID, text),
}
"""Unknown formats are ignored, as Kubernetes does. Integer formats are ranges, see `INTEGER_RANGES`."""

INTEGER_RANGES: dict[str, tuple[int, int]] = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

DURATION_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)


def parse_duration_ns(text: str) -> int | None:
    """Nanoseconds of a Go duration (`1h30m`, `250ms`), or None when the text is none."""
    if not DURATION.match(text):
        return None
    total = sum(int(Decimal(amount) * DURATION_UNITS_NS[unit]) for amount, unit in DURATION_PART.findall(text))
    return -total if text.startswith("-") else total

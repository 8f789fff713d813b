"""Which limits do the recurring values of the Gateway API have: names, hostnames, ports, durations, headers?

Each function returns the `Field` of one such value, so that a limit is written once and every kind agrees on it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.field import Field, Rule

SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
DNS_SUBDOMAIN = rf"^{SUBDOMAIN}$"
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
HOSTNAME = rf"^(\*\.)?{SUBDOMAIN}$"
GROUP = rf"^$|^{SUBDOMAIN}$"
KIND = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
DOMAIN_PREFIXED_PATH = rf"{SUBDOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
CONTROLLER_NAME = rf"^{DOMAIN_PREFIXED_PATH}"
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$"
HEADER_VALUE = r"^[!-~]+([\t ]?[!-~]+)*$"
DURATION = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
PATH = r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$"
LABEL_KEY = rf"^({SUBDOMAIN}/)?([A-Za-z0-9][-A-Za-z0-9_.]{{0,61}})?[A-Za-z0-9]$"
LABEL_VALUE = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"


def group(doc: str, default: str | None = None) -> Field:
    return Field(doc, default=default, max_length=253, pattern=GROUP)


def kind(doc: str, default: str | None = None) -> Field:
    return Field(doc, default=default, min_length=1, max_length=63, pattern=KIND)


def object_name(doc: str) -> Field:
    return Field(doc, min_length=1, max_length=253)


def namespace(doc: str) -> Field:
    return Field(doc, min_length=1, max_length=63, pattern=DNS_LABEL)


def section_name(doc: str) -> Field:
    return Field(doc, min_length=1, max_length=253, pattern=DNS_SUBDOMAIN)


def port(doc: str) -> Field:
    return Field(doc, format="int32", minimum=1, maximum=65535)


def hostname(doc: str) -> Field:
    """A hostname whose first label may be `*`."""
    return Field(doc, min_length=1, max_length=253, pattern=HOSTNAME)


def precise_hostname(doc: str) -> Field:
    """A hostname without wildcard."""
    return Field(doc, min_length=1, max_length=253, pattern=DNS_SUBDOMAIN)


def controller_name(doc: str) -> Field:
    return Field(doc, min_length=1, max_length=253, pattern=CONTROLLER_NAME)


def fixed_controller_name(doc: str) -> Field:
    """A controller name that stays as it was when the object was made."""
    return msgspec.structs.replace(controller_name(doc), rules=(Rule("self == oldSelf", "Value is immutable"),))


def duration(doc: str, default: str | None = None) -> Field:
    """A duration such as `10s` or `1h30m` (GEP-2257)."""
    return Field(doc, default=default, pattern=DURATION)


def header_name(doc: str = "") -> Field:
    return Field(doc, min_length=1, max_length=256, pattern=HEADER_NAME)


def header_value(doc: str) -> Field:
    """The experimental channel restricts header values to printable characters."""
    return Field(doc, min_length=1, max_length=4096, experimental=Field(pattern=HEADER_VALUE))


def conditions(doc: str, **more: Any) -> Field:
    return msgspec.structs.replace(Field(doc, list_type="map", map_keys=("type",), max_items=8), **more)


def atomic_list(doc: str, max_items: int, **more: Any) -> Field:
    return msgspec.structs.replace(Field(doc, list_type="atomic", max_items=max_items), **more)

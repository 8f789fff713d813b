"""What is wrong with a text, seen as one of the formats that Kubernetes names in CEL (`format.dns1123Label()`)?"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from torana.embedded.apiserver.formats import is_byte, is_date, is_date_time, is_uri

LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
LABEL_1035 = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?\Z")
QUALIFIED_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")

LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character"
)
SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)
LABEL_1035_MESSAGE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character"
)
NAME_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character"
)


def _too_long(text: str, limit: int) -> list[str]:
    return [f"must be no more than {limit} bytes"] if len(text) > limit else []


def dns_label(text: str) -> list[str]:
    return _too_long(text, 63) + ([] if LABEL.match(text) else [LABEL_MESSAGE])


def dns_subdomain(text: str) -> list[str]:
    valid = all(LABEL.match(label) for label in text.split("."))
    return _too_long(text, 253) + ([] if valid else [SUBDOMAIN_MESSAGE])


def dns1035_label(text: str) -> list[str]:
    return _too_long(text, 63) + ([] if LABEL_1035.match(text) else [LABEL_1035_MESSAGE])


def qualified_name(text: str) -> list[str]:
    prefix, slash, name = text.rpartition("/")
    if slash and not prefix:
        return ["prefix part must be non-empty"]
    found = [f"prefix part {message}" for message in dns_subdomain(prefix)] if slash else []
    if not name:
        return [*found, "name part must be non-empty"]
    return found + _too_long(name, 63) + ([] if QUALIFIED_NAME.match(name) else [NAME_MESSAGE])


def label_value(text: str) -> list[str]:
    return _too_long(text, 63) + ([] if not text or QUALIFIED_NAME.match(text) else [NAME_MESSAGE])


def _uuid(text: str) -> list[str]:
    try:
        uuid.UUID(text)
    except ValueError:
        return ["does not match the UUID format"]
    return []


CHECKS: dict[str, Callable[[str], list[str]]] = {
    "dns1123Label": dns_label,
    "dns1123LabelPrefix": lambda text: dns_label(text.removesuffix("-")),
    "dns1123Subdomain": dns_subdomain,
    "dns1123SubdomainPrefix": lambda text: dns_subdomain(text.removesuffix("-")),
    "dns1035Label": dns1035_label,
    "dns1035LabelPrefix": lambda text: dns1035_label(text.removesuffix("-")),
    "qualifiedName": qualified_name,
    "labelValue": label_value,
    "uri": lambda text: [] if is_uri(text) else ["invalid URI"],
    "uuid": _uuid,
    "byte": lambda text: [] if is_byte(text) else ["invalid base64"],
    "date": lambda text: [] if is_date(text) else ["invalid date"],
    "datetime": lambda text: [] if is_date_time(text) else ["invalid datetime"],
}


def format_errors(name: str, text: str) -> list[str]:
    """What is wrong with the text; empty when nothing is. Raises ValueError for an unknown format."""
    check = CHECKS.get(name)
    if check is None:
        raise ValueError(f"unknown format {name!r}")
    return check(text)

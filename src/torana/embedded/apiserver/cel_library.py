"""Which functions does Kubernetes add to CEL? Addresses, URLs, regular expressions, lists, named formats.

`FUNCTIONS` are declarations for the engine. A function written in Python can return neither an opaque type nor an
optional. So an address is a map with a marker key (methods dispatch on maps), and `format.dns1123Label().validate(x)`
is rewritten into an optional made from a list of errors. Quantities and versions are in `cel_numbers`.
Specification: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cel-libraries
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cel_expr_python import cel

from torana.embedded.apiserver.cel_formats import format_errors
from torana.embedded.apiserver.cel_numbers import NUMBER_FUNCTIONS
from torana.embedded.apiserver.cel_search import find, find_all
from torana.embedded.apiserver.cel_signature import ANY, BOOL, INT, LIST, MAP, STRING, function, method

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
IP_KEY, CIDR_KEY, URL_KEY = "$ip", "$cidr", "$url"


def parse_ip(text: str) -> Address:
    """An address as Kubernetes accepts it: no zone, no IPv4-mapped IPv6. Raises ValueError."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id or address.ipv4_mapped):
        raise ValueError(f"{text!r}: zones and IPv4-mapped IPv6 addresses are not allowed")
    return address


def parse_cidr(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    """A network with its prefix length. Raises ValueError."""
    address, slash, length = text.partition("/")
    if not slash or not (length == "0" or re.fullmatch(r"[1-9]\d{0,2}", length, re.ASCII)):
        raise ValueError(f"{text!r} is no network address")
    parse_ip(address)
    return ipaddress.ip_interface(text)


def parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """A function that says whether `parse` accepts a text."""

    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return accepts


def parse_url(text: str) -> dict[str, Any]:
    """An absolute URL or an absolute path, with what its methods read. Raises ValueError."""
    parts = urlsplit(text)
    if (not parts.scheme and not text.startswith("/")) or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError(f"{text!r} is no absolute URL")
    host = parts.netloc.rpartition("@")[2]
    return {
        URL_KEY: text,
        "scheme": parts.scheme,
        "host": host,
        "hostname": (parts.hostname or "") if host else "",
        "port": str(parts.port) if parts.port is not None else "",
        "path": quote(parts.path, safe="/%:@!$&'()*+,;=~-._"),
        "query": parse_qs(parts.query, keep_blank_values=True),
    }


def _ip(value: dict[str, Any]) -> Address:
    return parse_ip(value[IP_KEY])


def _contains_ip(network: dict[str, Any], other: Any) -> bool:
    address = _ip(other) if isinstance(other, dict) else parse_ip(other)
    return address in parse_cidr(network[CIDR_KEY]).network


def _contains_cidr(network: dict[str, Any], other: Any) -> bool:
    outer = parse_cidr(network[CIDR_KEY]).network
    inner = parse_cidr(other[CIDR_KEY] if isinstance(other, dict) else other).network
    return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def _make_ip(text: str) -> dict[str, Any]:
    return {IP_KEY: str(parse_ip(text))}


def _make_cidr(text: str) -> dict[str, Any]:
    return {CIDR_KEY: str(parse_cidr(text))}


ADDRESS_FUNCTIONS = (
    function("isIP", BOOL, [STRING], parses(parse_ip)),
    function("isCIDR", BOOL, [STRING], parses(parse_cidr)),
    function("isURL", BOOL, [STRING], parses(parse_url)),
    function("ip.isCanonical", BOOL, [STRING], lambda text: str(parse_ip(text)) == text),
    function("cidr", MAP, [STRING], _make_cidr),
    function("url", MAP, [STRING], parse_url),
    cel.FunctionDecl(
        "ip",
        [
            cel.Overload("ip_string", MAP, [STRING], impl=_make_ip),
            cel.Overload(
                "cidr_ip", MAP, [MAP], is_member=True, impl=lambda value: _make_ip(str(parse_cidr(value[CIDR_KEY]).ip))
            ),
        ],
    ),
    method("family", INT, [MAP], lambda value: _ip(value).version),
    method("isUnspecified", BOOL, [MAP], lambda value: _ip(value).is_unspecified),
    method("isLoopback", BOOL, [MAP], lambda value: _ip(value).is_loopback),
    method("isLinkLocalUnicast", BOOL, [MAP], lambda value: _ip(value).is_link_local),
    method("isLinkLocalMulticast", BOOL, [MAP], lambda value: _is_link_local_multicast(_ip(value))),
    method("isGlobalUnicast", BOOL, [MAP], lambda value: _is_global_unicast(_ip(value))),
    method("prefixLength", INT, [MAP], lambda value: parse_cidr(value[CIDR_KEY]).network.prefixlen),
    method("masked", MAP, [MAP], lambda value: _make_cidr(str(parse_cidr(value[CIDR_KEY]).network))),
    method("containsIP", BOOL, [MAP, STRING], _contains_ip, [MAP, MAP]),
    method("containsCIDR", BOOL, [MAP, STRING], _contains_cidr, [MAP, MAP]),
    method("getScheme", STRING, [MAP], lambda value: value["scheme"]),
    method("getHost", STRING, [MAP], lambda value: value["host"]),
    method("getHostname", STRING, [MAP], lambda value: value["hostname"]),
    method("getPort", STRING, [MAP], lambda value: value["port"]),
    method("getEscapedPath", STRING, [MAP], lambda value: value["path"]),
    method("getQuery", MAP, [MAP], lambda value: value["query"]),
)


def _is_link_local_multicast(address: Address) -> bool:
    if address.version == 4:
        return address in ipaddress.ip_network("224.0.0.0/24")
    return address in ipaddress.ip_network("ff02::/16")


def _is_global_unicast(address: Address) -> bool:
    broadcast = address == ipaddress.IPv4Address("255.255.255.255")
    return not (
        broadcast or address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    )


TEXT_FUNCTIONS = (
    method("find", STRING, [STRING, STRING], find),
    cel.FunctionDecl(
        "findAll",
        [
            cel.Overload("find_all", LIST, [STRING, STRING], is_member=True, impl=find_all),
            cel.Overload("find_all_limit", LIST, [STRING, STRING, INT], is_member=True, impl=find_all),
        ],
    ),
    function("k8s_format_errors", LIST, [STRING, STRING], format_errors),
)

LIST_FUNCTIONS = (
    method("isSorted", BOOL, [LIST], lambda items: all(a <= b for a, b in pairwise(items))),
    method("sum", ANY, [LIST], sum),
    method("min", ANY, [LIST], min),
    method("max", ANY, [LIST], max),
)

FUNCTIONS: tuple[Any, ...] = (*ADDRESS_FUNCTIONS, *TEXT_FUNCTIONS, *LIST_FUNCTIONS, *NUMBER_FUNCTIONS)

LITERAL = r"""[rR]?(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
FORMAT_CALL = re.compile(
    rf"({LITERAL})|\bformat\.(?:named\(\s*[\"'](\w+)[\"']\s*\)\.value|(\w+))\(\)\s*\.validate\(|([()])"
)


def rewrite(expression: str) -> str:
    """The expression in terms of functions that the engine knows: `format.x().validate(e)` becomes an optional."""
    if "format." not in expression:
        return expression
    out: list[str] = []
    closers: list[str] = []
    position = 0
    for found in FORMAT_CALL.finditer(expression):
        out.append(expression[position : found.start()])
        position = found.end()
        literal, named, name, paren = found.groups()
        if name or named:
            out.append(f'optional.ofNonZeroValue(k8s_format_errors("{named or name}", ')
            closers.append("))")
        elif paren == "(":
            out.append("(")
            closers.append(")")
        else:
            out.append(literal or (closers.pop() if closers else ")"))
    return "".join(out) + expression[position:]

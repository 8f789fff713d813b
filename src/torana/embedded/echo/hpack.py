"""How are HTTP/2 headers read and written? HPACK (RFC 7541): a decoder with Huffman and dynamic table, a plain
encoder.
"""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[str, str]

_STATIC_TEXT = """
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
"""
_STATIC: tuple[Header, ...] = tuple(
    (name, value) for name, _, value in (line.partition(" ") for line in _STATIC_TEXT.strip().splitlines())
)

_CODE_LENGTHS = """
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13
6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7
8 7 8 13 19 13 14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22
23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24
21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19
21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27
27 27 27 28 27 27 27 27 27 26 30
"""
"""Bits per symbol of the Huffman code (appendix B). The code is canonical: lengths and order of symbols give it all."""

DEFAULT_TABLE_BYTES = 4096


class HpackError(Exception):
    """The peer broke the rules of header compression; the connection cannot go on."""


def _huffman_codes() -> dict[tuple[int, int], int]:
    lengths = [int(text) for text in _CODE_LENGTHS.split()]
    codes: dict[tuple[int, int], int] = {}
    code = previous = 0
    for symbol in sorted(range(len(lengths)), key=lambda each: (lengths[each], each)):
        code <<= lengths[symbol] - previous
        previous = lengths[symbol]
        codes[(previous, code)] = symbol
        code += 1
    return codes


_CODES = _huffman_codes()
_END = 256


def decode_huffman(data: bytes) -> bytes:
    out = bytearray()
    code = length = 0
    for byte in data:
        for shift in range(7, -1, -1):
            code = (code << 1) | ((byte >> shift) & 1)
            length += 1
            symbol = _CODES.get((length, code))
            if symbol is not None:
                if symbol == _END:
                    raise HpackError("the end symbol stands inside a string")
                out.append(symbol)
                code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise HpackError("a string is padded wrongly")
    return bytes(out)


class HpackDecoder:
    """Reads the header blocks of one connection, in order."""

    def __init__(self) -> None:
        self._dynamic: list[Header] = []
        self._bytes = 0
        self._limit = DEFAULT_TABLE_BYTES

    def decode(self, block: bytes) -> list[Header]:
        headers: list[Header] = []
        at = 0
        try:
            while at < len(block):
                first = block[at]
                if first & 0x80:
                    index, at = _integer(block, at, 7)
                    headers.append(self._entry(index))
                elif first & 0x40:
                    header, at = self._literal(block, at, 6)
                    self._remember(header)
                    headers.append(header)
                elif first & 0x20:
                    self._limit, at = _integer(block, at, 5)
                    if self._limit > DEFAULT_TABLE_BYTES:
                        raise HpackError("the table is made larger than was allowed")
                    self._evict()
                else:
                    header, at = self._literal(block, at, 4)
                    headers.append(header)
        except IndexError:
            raise HpackError("a header block is cut off") from None
        return headers

    def _literal(self, block: bytes, at: int, bits: int) -> tuple[Header, int]:
        index, at = _integer(block, at, bits)
        if index:
            name = self._entry(index)[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        return (name, value), at

    def _entry(self, index: int) -> Header:
        if index == 0:
            raise HpackError("index 0 stands for nothing")
        return _STATIC[index - 1] if index <= len(_STATIC) else self._dynamic[index - len(_STATIC) - 1]

    def _remember(self, header: Header) -> None:
        self._dynamic.insert(0, header)
        self._bytes += _size(header)
        self._evict()

    def _evict(self) -> None:
        while self._bytes > self._limit:
            self._bytes -= _size(self._dynamic.pop())


def _size(header: Header) -> int:
    return len(header[0]) + len(header[1]) + 32


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 35, 7):
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise HpackError("a number is too large")


def _string(block: bytes, at: int) -> tuple[str, int]:
    is_huffman = block[at] & 0x80
    length, at = _integer(block, at, 7)
    raw = block[at : at + length]
    if len(raw) < length:
        raise HpackError("a string is cut off")
    return (decode_huffman(raw) if is_huffman else raw).decode("latin-1"), at + length


def encode(headers: Iterable[Header]) -> bytes:
    """A header block of literals that touch no table."""
    out = bytearray()
    for name, value in headers:
        out.append(0)
        for text in (name.lower().encode("latin-1"), value.encode("latin-1", "replace")):
            out += _encode_length(len(text)) + text
    return bytes(out)


def _encode_length(length: int) -> bytes:
    if length < 127:
        return bytes([length])
    out, length = bytearray([127]), length - 127
    while length >= 128:
        out.append((length & 0x7F) | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)

"""What does /openapi/v2 answer? As little as kubectl still asks of it, in the one encoding it takes (protobuf).

kubectl reads OpenAPI v3, except for a `kind: List`: it then asks v2 whether patching a Namespace knows the parameter
`fieldValidation` (seen with kubectl 1.32), and refuses the apply without an answer. So the document holds that one
operation. Field numbers are those of the published openapiv2 message definitions.
"""

from __future__ import annotations

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""Clients ask for it with an `@` before the version, which Go cannot read in an answer."""

_KIND = 'group: ""\nkind: Namespace\nversion: v1\n'


def document() -> bytes:
    """An openapiv2 Document in protobuf."""
    info = _text(1, "Kubernetes") + _text(2, "v1")
    path = _text(1, "/api/v1/namespaces/{name}") + _message(2, _message(8, _patch()))
    return _text(1, "2.0") + _message(2, info) + _message(8, _message(2, path))


def _patch() -> bytes:
    """The operation: its parameters, one empty response, and the kind it is about."""
    names = ("dryRun", "fieldManager", "fieldValidation", "force")
    parameters = b"".join(_message(8, _message(1, _message(2, _message(3, _query(name))))) for name in names)
    kind = _text(1, "x-kubernetes-group-version-kind") + _message(2, _text(2, _KIND))
    return _text(5, "patchCoreV1Namespace") + parameters + _message(9, b"") + _message(13, kind)


def _query(name: str) -> bytes:
    return _text(2, "query") + _text(4, name) + _text(6, "string")


def _message(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, content: str) -> bytes:
    return _message(number, content.encode())


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*parts, value))

"""Which certificate authorities references lead to, and what is wrong with those that lead nowhere.

In: caCertificateRefs, to ConfigMaps or Secrets. Out: the authorities of all good references together, and findings.
What is not granted is told so before anything else, lest it leak whether the object exists. Specification:
BackendTLSPolicyValidation, FrontendTLSValidation.
"""

from __future__ import annotations

import base64
import re
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from cryptography import x509

from torana.api.kind import ObjectRef, Ref
from torana.gateway.finding import Finding
from torana.gateway.serial_number import with_positive_serial_number
from torana.proxy.tls import Authorities

KEY = "ca.crt"
KINDS = ("ConfigMap", "Secret")

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_BLOCK = re.compile(_BEGIN + b"(.*?)" + _END, re.DOTALL)
_LINE = 64


class Bundle(msgspec.Struct, frozen=True, gc=False):
    """A ConfigMap or Secret read as a list of authorities; with `problem` it is not usable."""

    pem: bytes = b""
    problem: str = ""


class Bundles(Protocol):
    """How this module sees the world: granted references, and objects read as authorities."""

    def is_granted(self, asker: ObjectRef, target: ObjectRef) -> bool: ...

    def bundle(self, kind: str, ref: Ref) -> Bundle | None: ...


def gather(
    refs: tuple[Any, ...], asker: ObjectRef, path: str, bundles: Bundles, bad_kind: str
) -> tuple[Authorities | None, tuple[Finding, ...]]:
    """The authorities of all good references (None when there is no good one), and a finding for each bad one.

    `bad_kind` is the reason for a reference to a kind that holds none.
    """
    found: list[bytes] = []
    findings: list[Finding] = []
    for position, ref in enumerate(refs):
        bundle = _bundle(ref, asker, f"{path}[{position}]", bundles, bad_kind)
        if isinstance(bundle, Finding):
            findings.append(bundle)
        else:
            found.append(bundle)
    return named(b"".join(found)) if found else None, tuple(findings)


def _bundle(ref: Any, asker: ObjectRef, path: str, bundles: Bundles, bad_kind: str) -> bytes | Finding:
    group, kind = ref.group or "", ref.kind
    if group or kind not in KINDS:
        name = f"{group}/{kind}" if group else kind
        return Finding(bad_kind, f"{name} cannot hold authorities; use a {' or a '.join(KINDS)}", path)
    target = ObjectRef("", kind, getattr(ref, "namespace", "") or asker.namespace, ref.name)
    if not bundles.is_granted(asker, target):
        return Finding(
            "RefNotPermitted", f"no ReferenceGrant in {target.namespace} lets this {asker.kind} use {target}", path
        )
    bundle = bundles.bundle(kind, Ref(target.namespace, target.name))
    if bundle is None:
        return Finding("InvalidCACertificateRef", f"{target} does not exist", path)
    if bundle.problem:
        return Finding("InvalidCACertificateRef", f"{target}: {bundle.problem}", path)
    return bundle.pem


def read_config_map(config_map: Any) -> Bundle:
    """The authorities that a ConfigMap holds."""
    if KEY in config_map.data:
        return read(config_map.data[KEY].encode())
    if KEY in config_map.binary_data:
        return _read_base64(config_map.binary_data[KEY])
    return Bundle(problem=f"data has no {KEY}")


def read_secret(secret: Any) -> Bundle:
    """The authorities that a Secret holds."""
    return _read_base64(secret.data[KEY]) if KEY in secret.data else Bundle(problem=f"data has no {KEY}")


def _read_base64(text: str) -> Bundle:
    try:
        return read(base64.b64decode(text, validate=True))
    except ValueError as error:  # no base64, or letters beyond ASCII
        return Bundle(problem=f"{KEY} is not base64: {error}")


def read(pem: bytes) -> Bundle:
    """PEM, read and written anew: the certificates alone, without what else stands between them."""
    blocks = [b"".join(block.split()) for block in _BLOCK.findall(pem)]
    try:
        for block in blocks:
            x509.load_der_x509_certificate(with_positive_serial_number(base64.b64decode(block, validate=True)))
    except ValueError:
        blocks = []
    if not blocks or len(blocks) != pem.count(_BEGIN):
        return Bundle(problem=f"{KEY} is not a list of PEM certificates")
    return Bundle(b"".join(map(_written, blocks)))


def _written(block: bytes) -> bytes:
    lines = [block[start : start + _LINE] for start in range(0, len(block), _LINE)]
    return b"\n".join((_BEGIN, *lines, _END, b""))


def named(pem: bytes) -> Authorities:
    """Authorities with a name that follows from their content, so that changed ones are others."""
    return Authorities(f"authorities/{blake2b(pem, digest_size=8).hexdigest()}", pem)

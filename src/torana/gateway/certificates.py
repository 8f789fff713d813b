"""Which certificates a listener may use, and what is wrong with those it may not.

In: certificateRefs. Out: usable references, or the finding. The order of checks matters: a reference that is not
granted is told so before anything else, lest it leak whether the Secret exists. Specification:
ListenerTLSConfig.certificateRefs.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple, Protocol

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from torana.api.kind import ObjectRef, Ref
from torana.gateway.finding import Finding
from torana.proxy.origin import Origin
from torana.proxy.secret import Certificate, Redacted


class CertificateRef(NamedTuple):
    """The Secret that holds a usable certificate."""

    secret: Ref

    @property
    def name(self) -> str:
        """Name of the proxy's Certificate."""
        return f"{self.secret.namespace}/{self.secret.name}"


class KeyPair(msgspec.Struct, frozen=True, gc=False):
    """A Secret read as certificate and key; with `problem` it is not usable."""

    chain_pem: bytes = b""
    key_pem: Redacted = Redacted()
    problem: str = ""


class Credentials(Protocol):
    """How this module sees the world: granted references and Secrets read as key pairs."""

    def is_granted(self, asker: ObjectRef, target: ObjectRef) -> bool: ...

    def key_pair(self, secret: Ref) -> KeyPair | None: ...


def resolve(
    refs: tuple[Any, ...], asker: ObjectRef, path: str, credentials: Credentials
) -> tuple[tuple[CertificateRef, ...], Finding | None]:
    """The usable certificates among `refs`, and the first finding."""
    if not refs:
        return (), Finding("InvalidCertificateRef", "at least one certificate is needed", path)
    good: list[CertificateRef] = []
    finding = None
    for position, ref in enumerate(refs):
        problem = problem_of(ref, asker, f"{path}[{position}]", credentials)
        if problem is None:
            good.append(CertificateRef(Ref(ref.namespace or asker.namespace, ref.name)))
        else:
            finding = finding or problem
    return tuple(good), finding


def problem_of(
    ref: Any, asker: ObjectRef, path: str, credentials: Credentials, reason: str = "InvalidCertificateRef"
) -> Finding | None:
    """Why a reference leads to no usable certificate. `reason` is that of all mistakes but a missing grant."""
    kind, group = ref.kind or "Secret", ref.group or ""
    if (group, kind) != ("", "Secret"):
        name = f"{group}/{kind}" if group else kind
        return Finding(reason, f"{name} cannot hold a certificate; use a Secret", path)
    target = ObjectRef("", "Secret", ref.namespace or asker.namespace, ref.name)
    if not credentials.is_granted(asker, target):
        return Finding(
            "RefNotPermitted", f"no ReferenceGrant in {target.namespace} lets this {asker.kind} use {target}", path
        )
    pair = credentials.key_pair(Ref(target.namespace, target.name))
    if pair is None:
        return Finding(reason, f"{target} does not exist", path)
    if pair.problem:
        return Finding(reason, f"{target}: {pair.problem}", path)
    return None


def read_key_pair(secret: Any) -> KeyPair:
    """A Secret's `tls.crt` and `tls.key`, checked: both parse as PEM and belong together."""
    try:
        chain = base64.b64decode(secret.data["tls.crt"], validate=True)
        key = base64.b64decode(secret.data["tls.key"], validate=True)
    except KeyError as missing:
        return KeyPair(problem=f"data has no {missing.args[0]}")
    except ValueError as error:  # no base64, or letters beyond ASCII
        return KeyPair(problem=f"data is not base64: {error}")
    problem = _mismatch(chain, key)
    return KeyPair(problem=problem) if problem else KeyPair(chain, Redacted(key))


def _mismatch(chain: bytes, key: bytes) -> str:
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        return "tls.crt is not a PEM certificate"
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        return "tls.key is not an unencrypted PEM private key"
    if _public_bytes(private) != certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ):
        return "tls.key does not belong to tls.crt"
    return _weakness(private)


def _weakness(private: PrivateKeyTypes) -> str:
    """Envoy takes no shorter RSA keys, and of elliptic curves only these (seen on 1.40)."""
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < _SHORTEST_RSA:
        return f"tls.key is an RSA key of {private.key_size} bits; {_SHORTEST_RSA} is the least"
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name not in _CURVES:
        return f"tls.key is of the curve {private.curve.name}; use P-256, P-384 or P-521"
    return ""


_SHORTEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


def _public_bytes(private: PrivateKeyTypes) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def certificate(secret: Ref, pair: KeyPair) -> Certificate:
    """The proxy's Certificate of a usable Secret."""
    origin = Origin(ObjectRef("", "Secret", secret.namespace, secret.name), "data")
    return Certificate(CertificateRef(secret).name, pair.chain_pem, pair.key_pem, origin)

"""Where do the certificates of the tests come from? Each is self-signed, fresh and valid for an hour."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificate(NamedTuple):
    """PEM texts."""

    certificate: str
    key: str


def self_signed(*hostnames: str, uris: tuple[str, ...] = (), must_staple: bool = False) -> Certificate:
    """A certificate for `hostnames` and `uris` that is its own authority. Envoy takes none that must be stapled."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own: OpenSSL tells authorities apart by subject, and a client may trust several of these.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{secrets.token_hex(4)} {hostnames[0]}"[:64])])
    dns: list[x509.GeneralName] = [x509.DNSName(each) for each in hostnames]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([*dns, *map(x509.UniformResourceIdentifier, uris)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    if must_staple:
        builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode())

"""Which certificates let a proxy and the controller trust each other, and when are they renewed?

One authority of the controller's own signs a server certificate for the xDS server and a client certificate per
Gateway; a client's identity is the URI in its certificate (`names.spiffe_id`). Nothing here does I/O; making keys
takes randomness, so this file is an edge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from torana.proxy.secret import Redacted

AUTHORITY_LIFETIME = timedelta(days=3650)
LEAF_LIFETIME = timedelta(days=90)
CLOCK_SKEW = timedelta(minutes=10)
"""Certificates are valid from a little before they are made, for machines whose clock is behind."""


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate and its private key, both PEM."""

    certificate_pem: bytes
    key_pem: Redacted

    @property
    def hash(self) -> str:
        """Changes with the certificate."""
        return hashlib.sha256(self.certificate_pem).hexdigest()[:16]


def issue_authority(now: datetime) -> KeyPair:
    """A new self-signed authority. `now` has a time zone, here and below."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("torana xDS authority")
    builder = (
        _builder(name, name, key.public_key(), now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(is_authority=True), critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue_server(authority: KeyPair, hosts: Sequence[str], now: datetime) -> KeyPair:
    """A server certificate for DNS names and IP addresses."""
    return _issue(authority, "torana xDS server", [_host(host) for host in hosts], ExtendedKeyUsageOID.SERVER_AUTH, now)


def issue_client(authority: KeyPair, identity: str, now: datetime) -> KeyPair:
    """A client certificate whose only name is the URI `identity`."""
    names = [x509.UniformResourceIdentifier(identity)]
    return _issue(authority, "torana proxy", names, ExtendedKeyUsageOID.CLIENT_AUTH, now)


def needs_renewal(certificate_pem: bytes, now: datetime) -> bool:
    """True in the last third of the certificate's life, and when it cannot be read."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
    except ValueError:
        return True
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now < begin or now > begin + (end - begin) * 2 / 3


def is_issued_by(certificate_pem: bytes, authority_pem: bytes, identity: str) -> bool:
    """The certificate was signed by the authority and names exactly the URI `identity`."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority_pem))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return names.get_values_for_type(x509.UniformResourceIdentifier) == [identity]


def _issue(
    authority: KeyPair, name: str, names: Sequence[x509.GeneralName], usage: x509.ObjectIdentifier, now: datetime
) -> KeyPair:
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    issuer_key = serialization.load_pem_private_key(bytes(authority.key_pem), password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise ValueError("the xDS authority's key is not an EC key; delete its Secret to have a new one made")
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + LEAF_LIFETIME, issuer.not_valid_after_utc)
    builder = (
        _builder(_named(name), issuer.subject, key.public_key(), now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return _pair(builder.sign(issuer_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(end)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority, key_cert_sign=is_authority, crl_sign=is_authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), Redacted(key_pem))

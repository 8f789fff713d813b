"""Which certificates does the embedded Kubernetes run on? (edge: files)

`ensure_pki(data_dir)` makes what is missing: one certificate authority, a serving certificate for the API server, and a
client certificate with a kubeconfig for the administrator, the node and the gateway controller. The private keys never
leave the data directory and only their owner can read them.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFETIME = datetime.timedelta(days=3650)
LEAF_LIFETIME = datetime.timedelta(days=825)
RENEW_BEFORE = datetime.timedelta(days=30)
CLOCK_SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Identity:
    """Who a certificate speaks for: its file name, common name, groups, and the names it may serve."""

    file: str
    common_name: str
    groups: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    client: bool = True
    server: bool = False


def identities() -> tuple[Identity, ...]:
    """Every certificate of an embedded Kubernetes on this machine."""
    host = socket.gethostname().lower()
    services = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    return (
        Identity("apiserver", "kube-apiserver", (), ("localhost", *services), ("127.0.0.1", "::1"), True, True),
        Identity("admin", "kubernetes-admin", ("system:masters",)),
        Identity("node", f"system:node:{host}", ("system:nodes",), ("localhost", host), ("127.0.0.1",), True, True),
        Identity("controller", "torana-controller", ("torana:controllers",)),
    )


def ensure_pki(data_dir: Path) -> None:
    """Create what is missing, expired or of another authority in `data_dir/pki`: authority, keys, certificates."""
    folder = data_dir / "pki"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.datetime.now(datetime.UTC)
    authority, key = _ensure_authority(folder, now)
    for identity in identities():
        if not _is_valid(folder / f"{identity.file}.crt", folder / f"{identity.file}.key", authority, identity, now):
            _issue(folder, identity, authority, key, now)
    if not (folder / "sa.key").exists():
        _write_private(folder / "sa.key", _pem_key(ec.generate_private_key(ec.SECP256R1())))


def ensure_kubeconfigs(data_dir: Path, server: str) -> None:
    """Write the three kubeconfigs for the API server at `server` (a URL)."""
    pki = data_dir / "pki"
    (data_dir / "kubeconfigs").mkdir(parents=True, exist_ok=True, mode=0o700)
    for path, identity in (
        (data_dir / "kubeconfig", "admin"),
        (data_dir / "kubeconfigs" / "node.yaml", "node"),
        (data_dir / "kubeconfigs" / "controller.yaml", "controller"),
    ):
        write_kubeconfig(path, server, pki / "ca.crt", pki / f"{identity}.crt", pki / f"{identity}.key")


def write_kubeconfig(path: Path, server: str, ca: Path, cert: Path, key: Path) -> None:
    """Write a kubeconfig with everything inline, readable by its owner only. `ca`, `cert` and `key` are PEM files."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "torana", "cluster": {"server": server, "certificate-authority-data": _base64_file(ca)}}],
        "users": [
            {
                "name": "torana",
                "user": {"client-certificate-data": _base64_file(cert), "client-key-data": _base64_file(key)},
            }
        ],
        "contexts": [{"name": "torana", "context": {"cluster": "torana", "user": "torana", "namespace": "default"}}],
        "current-context": "torana",
    }
    _write_private(path, yaml.safe_dump(config, sort_keys=False).encode())


def _base64_file(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write_private(path: Path, content: bytes) -> None:
    """Replace `path` in one step with a file of mode 0600."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _ensure_authority(folder: Path, now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    cert_path, key_path = folder / "ca.crt", folder / "ca.key"
    if cert_path.exists() and key_path.exists():
        authority = x509.load_pem_x509_certificate(cert_path.read_bytes())
        loaded = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if isinstance(loaded, ec.EllipticCurvePrivateKey) and authority.not_valid_after_utc > now + RENEW_BEFORE:
            return authority, loaded
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "torana-ca")])
    authority = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_private(key_path, _pem_key(key))
    cert_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    return authority, key


def _issue(
    folder: Path,
    identity: Identity,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
        + [x509.NameAttribute(NameOID.COMMON_NAME, identity.common_name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_purposes(identity)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    names = _alternative_names(identity)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(authority_key, hashes.SHA256())
    _write_private(folder / f"{identity.file}.key", _pem_key(key))
    (folder / f"{identity.file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _purposes(identity: Identity) -> list[x509.ObjectIdentifier]:
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH] if identity.client else []
    return [*purposes, ExtendedKeyUsageOID.SERVER_AUTH] if identity.server else purposes


def _alternative_names(identity: Identity) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in identity.dns_names]
    return names + [x509.IPAddress(ipaddress.ip_address(address)) for address in identity.addresses]


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_valid(
    cert_path: Path, key_path: Path, authority: x509.Certificate, identity: Identity, now: datetime.datetime
) -> bool:
    if not cert_path.exists() or not key_path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(cert_path.read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:
        return False
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    is_same_name = bool(names) and names[0].value == identity.common_name
    return is_same_name and certificate.not_valid_after_utc > now + RENEW_BEFORE

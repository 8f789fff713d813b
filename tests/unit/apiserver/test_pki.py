"""Certificates and kubeconfigs of an embedded Kubernetes."""

from __future__ import annotations

from pathlib import Path

import yaml
from cryptography import x509

from torana.embedded.pki import ensure_kubeconfigs, ensure_pki


def test_keys_are_private_and_certificates_stay(tmp_path: Path) -> None:
    ensure_pki(tmp_path)
    before = {file.name: file.read_bytes() for file in (tmp_path / "pki").iterdir()}
    ensure_pki(tmp_path)
    assert {file.name: file.read_bytes() for file in (tmp_path / "pki").iterdir()} == before
    for file in (tmp_path / "pki").glob("*.key"):
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_a_lost_authority_renews_everything(tmp_path: Path) -> None:
    ensure_pki(tmp_path)
    before = (tmp_path / "pki" / "node.crt").read_bytes()
    (tmp_path / "pki" / "ca.key").unlink()
    ensure_pki(tmp_path)
    assert (tmp_path / "pki" / "node.crt").read_bytes() != before


def test_the_serving_certificate_has_the_names_of_the_service(tmp_path: Path) -> None:
    ensure_pki(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "pki" / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "kubernetes", "kubernetes.default.svc"} <= set(names.get_values_for_type(x509.DNSName))
    assert "127.0.0.1" in {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def test_kubeconfigs_are_complete_and_private(tmp_path: Path) -> None:
    ensure_pki(tmp_path)
    ensure_kubeconfigs(tmp_path, "https://127.0.0.1:6443")
    for path in (tmp_path / "kubeconfig", *(tmp_path / "kubeconfigs").iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600
        config = yaml.safe_load(path.read_text())
        assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
        assert config["users"][0]["user"]["client-key-data"]

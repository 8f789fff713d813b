"""Which certificates let a proxy and the controller trust each other, and when are they renewed?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from torana.infra.certificates import (
    LEAF_LIFETIME,
    is_issued_by,
    issue_authority,
    issue_client,
    issue_server,
    needs_renewal,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WEB = "spiffe://torana/gateway/shop/web"


def test_a_client_certificate_names_its_gateway_and_nothing_else() -> None:
    pair = issue_client(issue_authority(NOW), WEB, NOW)
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(WEB)]


def test_a_client_certificate_cannot_serve_and_a_server_certificate_cannot_ask() -> None:
    authority = issue_authority(NOW)
    usages = [
        x509.load_pem_x509_certificate(pair.certificate_pem)
        .extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        .value
        for pair in (issue_client(authority, WEB, NOW), issue_server(authority, ["torana-xds"], NOW))
    ]
    assert list(usages[0]) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert list(usages[1]) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_server_certificate_may_name_addresses() -> None:
    pair = issue_server(issue_authority(NOW), ["torana-xds", "127.0.0.1"], NOW)
    names = (
        x509.load_pem_x509_certificate(pair.certificate_pem)
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value
    )
    assert names.get_values_for_type(x509.DNSName) == ["torana-xds"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_certificate_of_another_gateway_or_authority_is_not_taken() -> None:
    authority, stranger = issue_authority(NOW), issue_authority(NOW)
    pair = issue_client(authority, WEB, NOW)
    assert is_issued_by(pair.certificate_pem, authority.certificate_pem, WEB)
    assert not is_issued_by(pair.certificate_pem, authority.certificate_pem, WEB + "2")
    assert not is_issued_by(pair.certificate_pem, stranger.certificate_pem, WEB)
    assert not is_issued_by(b"rubbish", authority.certificate_pem, WEB)


def test_a_certificate_is_renewed_in_the_last_third_of_its_life() -> None:
    pair = issue_client(issue_authority(NOW), WEB, NOW)
    assert not needs_renewal(pair.certificate_pem, NOW)
    assert not needs_renewal(pair.certificate_pem, NOW + LEAF_LIFETIME * 0.66)
    assert needs_renewal(pair.certificate_pem, NOW + LEAF_LIFETIME * 0.67)


def test_a_certificate_from_the_future_or_without_sense_is_renewed() -> None:
    pair = issue_client(issue_authority(NOW), WEB, NOW)
    assert needs_renewal(pair.certificate_pem, NOW - timedelta(days=1))
    assert needs_renewal(b"rubbish", NOW)


def test_a_certificate_does_not_outlive_its_authority() -> None:
    authority = issue_authority(NOW - timedelta(days=3640))
    pair = issue_client(authority, WEB, NOW)
    ends = [x509.load_pem_x509_certificate(each.certificate_pem).not_valid_after_utc for each in (pair, authority)]
    assert ends[0] == ends[1]


def test_a_private_key_is_never_printed() -> None:
    assert "PRIVATE KEY" not in repr(issue_authority(NOW))

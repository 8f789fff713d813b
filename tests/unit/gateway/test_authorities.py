"""Which texts are lists of authorities?"""

from __future__ import annotations

import base64
import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from torana.gateway.authorities import read
from torana.gateway.serial_number import with_positive_serial_number

BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def certificate(serial: int) -> bytes:
    """DER. The builder takes positive numbers only; the signature does not count here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2036, 1, 1, tzinfo=UTC)
    )
    return builder.serial_number(serial).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def pem(der: bytes) -> bytes:
    return BEGIN + b"\n" + base64.encodebytes(der) + END + b"\n"


ONE, TWO = certificate(0x11), certificate(0x7123_4567)
NULL = ONE.replace(b"\x02\x01\x11", b"\x02\x01\x00", 1)
NEGATIVE = TWO.replace(b"\x02\x04\x71", b"\x02\x04\xf1", 1)


@pytest.mark.parametrize("der", [NULL, NEGATIVE], ids=["null", "negative"])
def test_a_serial_number_that_is_not_positive_is_borne_and_kept_without_a_warning(der: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(pem(ONE) + pem(der))
    assert not found.problem
    blocks = found.pem.decode().split("-----")
    assert [base64.b64decode(blocks[2]), base64.b64decode(blocks[6])] == [ONE, der]


@pytest.mark.parametrize("der", [ONE, TWO, b"", b"\x30", b"\x30\x03\x30\x01\x02", b"no certificate"])
def test_what_has_a_positive_number_or_is_no_certificate_stays_as_it_is(der: bytes) -> None:
    assert with_positive_serial_number(der) == der


@pytest.mark.parametrize("der", [NULL, NEGATIVE])
def test_nothing_but_the_number_is_changed(der: bytes) -> None:
    shown = x509.load_der_x509_certificate(with_positive_serial_number(der))
    assert shown.serial_number > 0
    assert len(shown.public_bytes(Encoding.DER)) == len(der)


def test_what_stands_between_certificates_is_left_out() -> None:
    text = b"# first\r\n" + pem(ONE).replace(b"\n", b"\r\n") + b"-----BEGIN EC PRIVATE KEY-----\n\n" + pem(TWO)
    assert read(text) == read(pem(ONE) + pem(TWO))
    assert max(map(len, read(text).pem.splitlines())) == 64


@pytest.mark.parametrize(
    "text",
    [
        b"", BEGIN, BEGIN + END, pem(b"\x30\x03\x30\x01\x02"), pem(ONE)[:-40], pem(ONE)[:100] + pem(ONE),
        pem(ONE + b"\x00"), pem(NULL[:-1]), pem(ONE) + BEGIN, pem(ONE).replace(b"M", b"!", 1),
    ],
)  # fmt: skip
def test_one_certificate_that_cannot_be_read_spoils_the_list(text: bytes) -> None:
    assert read(text).problem == "ca.crt is not a list of PEM certificates"

"""Edge: which certificate authorities does the system trust that the controller runs on?"""

from __future__ import annotations

import logging
import re
import ssl
import warnings
from pathlib import Path

from cryptography.utils import CryptographyDeprecationWarning

from torana.gateway.authorities import Bundle, named, read
from torana.proxy.tls import Authorities

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS
)

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)

log = logging.getLogger(__name__)


def system_authorities() -> Authorities | None:
    """Those of the file that `SSL_CERT_FILE` names, or else of the system's own; None when there is no such file."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile or "", *_BUNDLES):
        if not path or not Path(path).is_file():
            continue
        usable = [one.pem for one in map(_read, _CERTIFICATE.findall(Path(path).read_bytes())) if not one.problem]
        if usable:
            return named(b"".join(usable))
        log.warning("%s holds no certificate that can be used", path)
    return None


def _read(certificate: bytes) -> Bundle:
    """One by one: systems also trust old authorities whose certificates are not quite to the letter."""
    with warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
        return read(certificate)

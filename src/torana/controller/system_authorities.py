"""Edge: which certificate authorities does the system trust that the controller runs on?"""

from __future__ import annotations

import logging
import re
import ssl
from pathlib import Path

from torana.gateway.authorities import named, read
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
        # One by one: systems also trust old authorities whose certificates are not quite to the letter.
        usable = [one.pem for one in map(read, _CERTIFICATE.findall(Path(path).read_bytes())) if not one.problem]
        if usable:
            return named(b"".join(usable))
        log.warning("%s holds no certificate that can be used", path)
    return None

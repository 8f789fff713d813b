"""Edge: which certificate authorities does the system trust that the controller runs on?"""

from __future__ import annotations

import logging
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

log = logging.getLogger(__name__)


def system_authorities() -> Authorities | None:
    """Those of the file that `SSL_CERT_FILE` names, or else of the system's own; None when there is no such file."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile or "", *_BUNDLES):
        if not path or not Path(path).is_file():
            continue
        bundle = read(Path(path).read_bytes())
        if not bundle.problem:
            return named(bundle.pem)
        log.warning("%s cannot be read as authorities: %s", path, bundle.problem)
    return None

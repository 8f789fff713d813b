"""Which certificates do the listeners of random objects show? One for each Secret's name, made once for all."""

from __future__ import annotations

import base64
import ssl
from functools import cache

from tests.e2e.certificates import Certificate, self_signed

from torana.api.kind import Ref

BACKEND = Ref("backends", "backend")
"""Not a Secret: what backends show when they are spoken to in TLS."""


@cache
def identity(secret: Ref) -> Certificate:
    return self_signed(f"{secret.name}.{secret.namespace}.test")


@cache
def shown_by(secret: Ref) -> bytes:
    """The certificate as a client sees it, in DER."""
    return ssl.PEM_cert_to_DER_cert(identity(secret).certificate)


def data(secret: Ref) -> dict[str, str]:
    """What the Secret holds."""
    pair = {"tls.crt": identity(secret).certificate, "tls.key": identity(secret).key}
    return {name: base64.b64encode(text.encode()).decode() for name, text in pair.items()}

"""How does the controller prove to proxies who it is, for as long as it runs?

The xDS server's certificate lasts some months, the controller may run for longer. So gRPC asks here for the
certificate at every handshake, and a new one is issued when the old one is near its end. Streams that are open stay
open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import grpc

from torana.infra.certificates import KeyPair, needs_renewal
from torana.infra.trust import utc_now


class ServerIdentity:
    """The xDS server's certificate. `issue` makes a new one, e.g. `Trust.server_certificate` with its names."""

    def __init__(
        self, issue: Callable[[], KeyPair], authority_pem: bytes, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._issue = issue
        self._authority_pem = authority_pem
        self._clock = clock
        self._pair = issue()

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials for a gRPC server; clients must have a certificate of the authority."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._renewed, require_client_authentication=True
        )

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """A new configuration, or `None` to stay with the last one. gRPC calls this on a thread of its own."""
        if not needs_renewal(self._pair.certificate_pem, self._clock()):
            return None
        self._pair = self._issue()
        return self._configuration()

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        chain = (bytes(self._pair.key_pem), self._pair.certificate_pem)
        return grpc.ssl_server_certificate_configuration([chain], root_certificates=self._authority_pem)

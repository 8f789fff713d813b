"""What does a client get through a Gateway?

One request on a connection of its own, with the Host header, server name and certificates the test wants; nothing is
followed, retried or hidden.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.certificates import Certificate


@dataclass(frozen=True)
class Answer:
    """A response. `headers` have lower-case names; repeated ones are joined with a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def echo(self) -> dict[str, Any]:
        """What the echo backend saw of the request."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    @property
    def backend(self) -> str:
        """Name of the Deployment whose Pod answered."""
        return str(self.echo["pod"]).rsplit("-", 2)[0]

    def seen_header(self, name: str) -> list[str] | None:
        """Values of a request header as the backend saw it; None when it saw none."""
        headers = {key.lower(): value for key, value in self.echo["headers"].items()}
        return headers.get(name.lower())


@dataclass(frozen=True)
class Door:
    """An address and port of a Gateway, and how to come in: for TLS give `authority` (PEM), and what to show."""

    address: str
    port: int = 80
    authority: str = ""
    shown: Certificate | None = None

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        server_name: str = "",
        timeout_s: float = 10,
    ) -> Answer:
        """The answer. Raises OSError (TLS errors included) when there is none."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout_s)
        connection.sock = self._connect(server_name or host.partition(":")[0], timeout_s)
        try:
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, _joined(response.getheaders()), response.read())
        except http.client.HTTPException as broken:
            raise ConnectionError(f"{host}{path}: {broken!r}") from broken
        finally:
            connection.close()

    @contextmanager
    def kept_open(self, host: str) -> Iterator[Callable[[], int]]:
        """One connection; each call asks on it and gives the status. Raises OSError when it is closed."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        connection.sock = self._connect(host, 10)

        def ask() -> int:
            if connection.sock is None:
                raise ConnectionError("the connection was closed")
            connection.request("GET", "/", headers={"Host": host})
            response = connection.getresponse()
            response.read()
            return response.status

        try:
            yield ask
        finally:
            connection.close()

    def certificate(self, server_name: str) -> str:
        """The PEM certificate shown to a client that asks for `server_name`, trusted or not."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection((self.address, self.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=server_name) as secure,
        ):
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b"")

    def send_raw(self, data: bytes, *, timeout_s: float = 5) -> bytes:
        """Sends bytes as they are and returns what comes back until the peer closes or is silent."""
        received = b""
        with socket.create_connection((self.address, self.port), timeout=timeout_s) as plain:
            try:
                plain.sendall(data)
                while chunk := plain.recv(65536):
                    received += chunk
            except OSError:
                pass
        return received

    def is_open(self) -> bool:
        try:
            socket.create_connection((self.address, self.port), timeout=2).close()
        except OSError:
            return False
        return True

    def _connect(self, server_name: str, timeout_s: float) -> socket.socket:
        plain = socket.create_connection((self.address, self.port), timeout=timeout_s)
        if not self.authority:
            return plain
        context = ssl.create_default_context(cadata=self.authority)
        if self.shown is not None:
            show(context, self.shown)
        try:
            return context.wrap_socket(plain, server_hostname=server_name)
        except OSError:
            plain.close()
            raise


def show(context: ssl.SSLContext, certificate: Certificate) -> None:
    """Afterwards the context has this certificate; it takes such things from files alone."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(certificate.certificate + certificate.key)
        file.flush()
        context.load_cert_chain(file.name)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers

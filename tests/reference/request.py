"""What does a client ask?"""

from __future__ import annotations

from typing import NamedTuple


class Request(NamedTuple):
    """A request as it goes over the wire. `path` holds the query; `is_grpc` means a call over HTTP/2.

    `server_name` is asked for where TLS is spoken; "" asks for none.
    """

    port: int
    host: str
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    is_grpc: bool = False
    is_tls: bool = False
    server_name: str = ""

    @property
    def scheme(self) -> str:
        return "https" if self.is_tls else "http"

    @property
    def bare_path(self) -> str:
        return self.path.partition("?")[0]

    @property
    def query(self) -> str:
        """With its question mark."""
        return self.path[len(self.bare_path) :]

    def header_lines(self, name: str) -> list[str]:
        """The values of a header, one for each line."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def query_values(self, name: str) -> list[str]:
        """The first value of a query parameter, if it is there at all."""
        for part in self.query[1:].split("&"):
            key, _, value = part.partition("=")
            if key == name:
                return [value]
        return []

    def __str__(self) -> str:
        tls = f", TLS for {self.server_name or 'no name'}" if self.is_tls else ""
        lines = [f"{self.method} {self.path} {'gRPC' if self.is_grpc else 'HTTP/1.1'}   (port {self.port}{tls})"]
        lines += [f"{name}: {value}" for name, value in (("Host", self.host), *self.headers)]
        return "\n".join(lines)

"""Backends as the proxy sees them: a cluster per Service port and policy, and its endpoints."""

from __future__ import annotations

from typing import Literal

import msgspec

from torana.proxy.origin import Origin
from torana.proxy.tls import UpstreamTls


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """An IP address, or where it is said a name, and a port."""

    address: str
    port: int


class RetryBudget(msgspec.Struct, frozen=True, gc=False):
    """Retries under way may be a percentage of the requests under way, and so many in any case."""

    percent: int
    min_concurrent: int


class Cluster(msgspec.Struct, frozen=True, gc=False):
    """A named group of endpoints and how to speak to them. Protocol `tls` is the client's own TLS, passed on as it is.

    With `refusal` nothing is sent to them, not even a connection: it says why they must not be spoken to.
    """

    name: str
    protocol: Literal["http1", "http2", "tcp", "tls", "udp"] = "http1"
    origin: Origin | None = None
    tls: UpstreamTls | None = None
    refusal: str = ""
    host: Endpoint | None = None
    """A name and port that the proxy resolves itself, instead of endpoints."""
    retry_budget: RetryBudget | None = None
    """None: retries have no limit but that of their rule."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the authorities that it trusts and of the certificate that it shows."""
        return tuple(filter(None, (self.tls.authorities.name, self.tls.client_certificate))) if self.tls else ()


class Endpoints(msgspec.Struct, frozen=True, gc=False):
    """The ready endpoints of a cluster, sorted. May be empty: requests then get 503."""

    cluster: str
    endpoints: tuple[Endpoint, ...]

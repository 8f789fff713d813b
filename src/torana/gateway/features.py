"""Which features of the Gateway API are implemented here: what `status.supportedFeatures` of a GatewayClass says.

Names are those of the conformance suite. They stand as `FEATURES` in the file that serves them: who takes a filter or a
kind of route out of its registry takes back the claim.
"""

from __future__ import annotations

from collections.abc import Iterable

from torana.gateway import (
    attachment,
    backends,
    client_certificate,
    client_validation,
    gateways,
    grants,
    hosts,
    listener_sets,
    listeners,
)
from torana.gateway.filters.registry import FILTERS
from torana.gateway.policies import backend_tls
from torana.gateway.routes.registry import ROUTE_KINDS

_OTHERS = (
    attachment,
    backend_tls,
    backends,
    client_certificate,
    client_validation,
    gateways,
    grants,
    hosts,
    listener_sets,
    listeners,
)

SUPPORTED: tuple[str, ...] = tuple(
    sorted(
        {
            *(name for kind in ROUTE_KINDS.values() for name in kind.features),
            *(name for file in (*FILTERS, *_OTHERS) for name in file.FEATURES),
        }
    )
)

EXPERIMENTAL = frozenset({"HTTPRouteRetry", "HTTPRouteRetryBackendTimeout", "HTTPRouteRetryConnectionError"})
"""Features whose fields only the experimental channel has: with the standard one, no route can ask for them."""


def claimed(channels: Iterable[str]) -> tuple[str, ...]:
    """What is claimed where the CRDs are of these channels."""
    if "experimental" in channels:
        return SUPPORTED
    return tuple(name for name in SUPPORTED if name not in EXPERIMENTAL)

"""What does docs/reference/features.md say? Rendered from what the code claims and reads, so that it cannot go stale.

Features come from `features.py`, filters from their registry. What has no name as a feature counts as served when the
gateway's code so much as mentions it: its own tests say whether rightly so.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from torana.api.filters.grpc import GRPCRouteFilter
from torana.api.filters.http import HTTPRouteFilter
from torana.api.schema import structural_schema
from torana.gateway.features import EXPERIMENTAL, SUPPORTED
from torana.gateway.filters.registry import BACKEND_FILTERS, READERS
from torana.gateway.routes.grpc import FILTERS as GRPC_FILTERS

ROOT = Path(__file__).parents[2]
FEATURES = Path(__file__).with_name("features.txt")
KINDS = (
    "Gateway", "ListenerSet", "ReferenceGrant", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute",
    "BackendTLSPolicy", "Mesh",
)  # fmt: skip
"""What the names of features begin with."""
UNNAMED = (
    (
        "`sessionPersistence` of a rule",
        "session_persistence",
        "[requests of a session](../guide/sessions.md) stay at one endpoint",
    ),
    (
        "`defaultScope` of a Gateway, `useDefaultGateways` of a route",
        "default_scope",
        "[routes that name no Gateway](../guide/default-gateways.md)",
    ),
    (
        "XBackendTrafficPolicy",
        "X_BACKEND_TRAFFIC_POLICY",
        "[limits of retries](../guide/retries.md), sessions by backend",
    ),
    ("XBackend", "X_BACKEND", "[backends outside of the cluster](../guide/external-backends.md)"),
    ("XMesh", "X_MESH", "the GatewayClass of a mesh"),
)
"""Parts of the experimental channel that no feature names: what, the word in the code, meaning."""
HEAD = """# Features of the Gateway API

What of the Gateway API v1.6.1 is served. This page is written by `make golden` from what the code claims; a test checks
it. A GatewayClass says the same in `status.supportedFeatures`, and the [reports](../conformance/README.md) what the
official suite says to it. How each is used is in the [guide](../guide/README.md).
"""


class Feature(NamedTuple):
    name: str
    level: str
    channel: str
    meaning: str

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if self.name.startswith(kind))


def features() -> list[Feature]:
    """All that upstream names."""
    lines = [line for line in FEATURES.read_text().splitlines() if not line.startswith("#")]
    return [Feature(*line.split(" | ")) for line in lines]


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_features(), *_filters(), *_unnamed()])


def _features() -> list[str]:
    served = sum(feature.name in SUPPORTED for feature in features())
    lines = [f"{served} of {len(features())} features are served.", ""]
    for kind, group in groupby(features(), lambda feature: feature.kind):
        lines += [f"## {kind}", "", "| feature | served | support | what it is |", "|---|---|---|---|"]
        lines += [f"| {one.name} | {_yes(one.name in SUPPORTED)} | {_support(one)} | {one.meaning} |" for one in group]
        lines.append("")
    return lines


def _support(feature: Feature) -> str:
    needs = feature.name in EXPERIMENTAL
    return f"{feature.level}, experimental" if needs or feature.channel == "experimental" else feature.level


def _filters() -> list[str]:
    http, grpc = _types(HTTPRouteFilter), _types(GRPCRouteFilter)
    lines = ["## Filters", "", "| filter | HTTPRoute | its backends | GRPCRoute |", "|---|---|---|---|"]
    for name in http:
        cells = (name in READERS, name in BACKEND_FILTERS, name in GRPC_FILTERS if name in grpc else None)
        lines.append(f"| `{name}` | {' | '.join('' if cell is None else _yes(cell) for cell in cells)} |")
    return [*lines, "", "Where a filter is not served, its rule is not, and the route's status says so.", ""]


def _unnamed() -> list[str]:
    words = set(re.findall(r"\w+", "\n".join(_code())))
    lines = ["## Without a name", "", "Parts of the experimental channel that no feature stands for.", ""]
    lines += ["| part | served | what it is |", "|---|---|---|"]
    return [*lines, *(f"| {what} | {_yes(word in words)} | {meaning} |" for what, word, meaning in UNNAMED), ""]


def _code() -> list[str]:
    folders = (ROOT / "src" / "torana" / name for name in ("gateway", "controller"))
    return [path.read_text() for folder in folders for path in folder.rglob("*.py")]


def _types(filter_kind: type) -> list[str]:
    return list(structural_schema(filter_kind)["properties"]["type"]["enum"])


def _yes(is_served: bool) -> str:
    return "yes" if is_served else "no"

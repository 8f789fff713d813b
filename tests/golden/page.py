"""How a golden page is read and checked.

A page is Markdown. A case is a heading with fences below it: `yaml objects` is what users applied; `yaml status` is
what the statuses of some of them must say (only what is shown is compared); `text proxy` is the whole proxy
configuration. `yaml rejected` is what Gateways' proxies reject of it: type and name of a resource, and the message.
All objects of a case are on the page, but for the class `torana`, the Namespaces that objects stand in, and a proxy
that is up. An object that has a status was seen before, by us or by others: what is shown of it is what we make of it.

`GOLDEN_UPDATE=1` (`make golden`) writes what comes out into the pages instead of comparing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from torana.api.kind import ObjectRef, Ref
from torana.api.registry import by_kind
from torana.controller.feed import read
from torana.envoy.refusal import of_bind
from torana.gateway.finding import Finding
from torana.gateway.graph import Graph
from torana.gateway.hosts import TableKey
from torana.gateway.rejections import ResourceKey
from torana.gateway.routes.key import RouteKey
from torana.gateway.status import merge
from torana.gateway.status.gateways import ProxyState
from torana.kube.change import Change, ChangeDecoder
from torana.proxy.bind import Chain
from torana.proxy.limits import SHARDS_ABOVE
from torana.proxy.text import bind_text, cluster_text

PAGES = Path(__file__).parent / "pages"
_FENCE = re.compile(r"^```(yaml objects|yaml status|yaml rejected|text proxy)\n(.*?)^```$", re.S | re.M)
_SHARDS_ABOVE = int(os.environ.get("TORANA_SHARDS_ABOVE", SHARDS_ABOVE))
_CONTROLLER = "torana.dev/gateway-controller"
_CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "torana", "generation": 1},
    "spec": {"controllerName": _CONTROLLER},
}


class Case(NamedTuple):
    """One case of a page; `spans` tell where in the text its expected fences stand."""

    page: Path
    title: str
    objects: tuple[dict[str, Any], ...]
    status: list[dict[str, Any]]
    proxy: str | None
    rejected: tuple[dict[str, Any], ...] = ()


def cases() -> Iterable[Case]:
    """All cases of all pages."""
    for page in sorted(PAGES.rglob("*.md")):
        for section in re.split(r"^(?=#+ )", page.read_text(), flags=re.M):
            fences = dict(_FENCE.findall(section))
            if "yaml objects" in fences:
                yield Case(
                    page,
                    section.splitlines()[0].lstrip("# "),
                    tuple(filter(None, yaml.safe_load_all(fences["yaml objects"]))),
                    list(filter(None, yaml.safe_load_all(fences.get("yaml status", "")))),
                    fences.get("text proxy"),
                    tuple(filter(None, yaml.safe_load_all(fences.get("yaml rejected", "")))),
                )


def new_graph() -> Graph:
    """A graph of our controller, without objects."""
    return Graph([_CONTROLLER], _SHARDS_ABOVE)


class Outcome:
    """The graph after all objects of a case were applied."""

    def __init__(
        self, objects: Iterable[dict[str, Any]], rejected: Iterable[dict[str, Any]] = (), graph: Graph | None = None
    ) -> None:
        self.graph = graph = graph or new_graph()
        self.sources = {
            "GatewayClass": graph.sources.gateway_classes,
            "Gateway": graph.sources.gateways,
            "ListenerSet": graph.sources.listener_sets,
            **graph.sources.routes,
            "ReferenceGrant": graph.sources.grants,
            "Namespace": graph.sources.namespaces,
            "Service": graph.sources.services,
            "EndpointSlice": graph.sources.endpoint_slices,
            "Secret": graph.sources.secrets,
            "ConfigMap": graph.sources.config_maps,
            "BackendTLSPolicy": graph.sources.backend_tls_policies,
            "XBackend": graph.sources.backends,
            "XBackendTrafficPolicy": graph.sources.backend_traffic_policies,
        }
        self.live: dict[tuple[str, Ref], dict[str, Any]] = {}
        edits: dict[Any, dict[Ref, Any]] = {}
        for document in [_CLASS, *_namespaces(objects), *objects]:
            typed, finding = _read(document)
            if typed is None:
                continue
            if finding is not None:
                key = ObjectRef(_group(document), document["kind"], *typed.metadata.ref)
                edits.setdefault(graph.sources.unreadable, {})[key] = finding
            edits.setdefault(self.sources[document["kind"]], {})[typed.metadata.ref] = typed
            self.live[document["kind"], typed.metadata.ref] = document.get("status") or {}
        for ref in edits.get(graph.sources.gateways, {}):
            edits.setdefault(graph.sources.proxies, {})[ref] = ProxyState((("IPAddress", "192.0.2.1"),), True)
        settled = graph.engine.settle(edits)
        assert not settled.failures, settled.failures
        settled = graph.engine.settle(self._rejections(rejected))
        assert not settled.failures, settled.failures

    def _rejections(self, rejected: Iterable[dict[str, Any]]) -> dict[Any, dict[Any, Any]]:
        """What the controller makes of a proxy's words, as edits of sources."""
        messages: dict[Any, str] = {}
        closed: dict[Any, Finding] = {}
        for one in rejected:
            gateway = Ref("default", one["gateway"])
            if one["type"] == "LDS":
                binds = self.graph.binds.binds.index("gateway").buckets[gateway]
                closed |= {key: of_bind(one["message"]) for key, bind in binds.items() if bind.name == one["name"]}
            else:
                messages[ResourceKey(gateway, one["type"], one["name"])] = one["message"]
        return {self.graph.sources.rejected: messages, self.graph.sources.refused_binds: closed}

    def status(self, kind: str, ref: Ref) -> dict[str, Any]:
        """The status of an object as we would write it; as it is where we have nothing to say."""
        live, reports = self.live[kind, ref], self.graph.reports
        fold: Any
        told: Any
        match kind:
            case "Gateway":
                told, fold = reports.gateways.items.get(ref), merge.gateway_status
            case "ListenerSet":
                told, fold = reports.sets.items.get(ref), merge.set_status
            case "GatewayClass":
                told, fold = reports.classes.items.get(ref), merge.class_status
            case "BackendTLSPolicy":
                told, fold = self.graph.policy_reports.backend_tls.items.get(ref), _ours(merge.policy_status)
            case "XBackendTrafficPolicy":
                told, fold = self.graph.traffic_reports.backend_traffic.items.get(ref), _ours(merge.policy_status)
            case "XBackend":
                told, fold = self.graph.external_reports.backends.items.get(ref), _ours(merge.backend_status)
            case _:
                told, fold = reports.routes.items.get(RouteKey(kind, ref)), _ours(merge.route_status)
        found: dict[str, Any] = fold(told, live, now="now") if told is not None else live
        return found

    def proxy_text(self) -> str:
        """All binds of all Gateways, with their hosts; then the clusters that are not spoken to in plain text."""
        parts = []
        for (gateway, *_), bind in sorted(self.graph.binds.binds.items.items()):
            hosts = {
                chain.table.name: tuple(
                    host
                    for _, host in sorted(
                        self.graph.hosts.hosts.index("table").buckets.get(TableKey(gateway, chain.name), {}).items()
                    )
                )
                for chain in bind.chains
                if isinstance(chain, Chain)
            }
            parts.append(f"{gateway} {bind_text(bind, hosts)}")
        for (gateway, _), cluster in sorted(self.graph.clusters.clusters.items.items()):
            parts += [f"{gateway} cluster {text}"] if (text := cluster_text(cluster)) else []
        return "\n".join(parts) + "\n" if parts else "(nothing)\n"


def _ours(fold: Any) -> Any:
    return partial(fold, controller_names=frozenset({_CONTROLLER}))


def _group(document: dict[str, Any]) -> str:
    return str(document.get("apiVersion", "v1")).rpartition("/")[0]


def _read(document: dict[str, Any]) -> tuple[Any, Finding | None]:
    """The object as a watch would bring it, and what of it cannot be read."""
    kind = by_kind(_group(document), document["kind"])
    document = {
        **document,
        "metadata": {"generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z", **document["metadata"]},
    }
    if kind.namespaced:
        document["metadata"].setdefault("namespace", "default")
    change = ChangeDecoder(kind).event(msgspec.json.encode({"type": "ADDED", "object": document}))
    assert isinstance(change, Change)
    return read(change)


def _namespaces(objects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Namespaces that objects stand in and the page does not show."""
    shown = {one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"}
    used = {one["metadata"].get("namespace", "default") for one in objects}
    return [
        {
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        }
        for name in sorted(used - shown)
    ]


def shown_part(actual: Any, expected: Any) -> Any:
    """`actual`, cut down to what `expected` shows, so that the two can be compared and a difference is readable."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: shown_part(actual.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list):
        return [shown_part(one, expected[i] if i < len(expected) else one) for i, one in enumerate(actual)]
    return actual

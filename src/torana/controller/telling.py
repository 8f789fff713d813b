"""When does a report become a status? Not before the proxies it is about have accepted what it follows from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from torana.api.kind import Ref
from torana.controller.delivery import Deliveries
from torana.controller.measures import Measures
from torana.controller.status_writer import StatusKey, StatusWriter
from torana.derive.collection import Change, Collection
from torana.derive.engine import Settled
from torana.gateway.graph import Graph
from torana.gateway.routes.key import RouteKey
from torana.gateway.status.condition import GatewayReport, PolicyReport, RouteReport, SetReport


class Telling:
    """From settled reports to the status writer."""

    def __init__(self, graph: Graph, deliveries: Deliveries, writer: StatusWriter, measures: Measures) -> None:
        self.graph, self.deliveries, self.writer, self.measures = graph, deliveries, writer, measures

    def tell(self, settled: Settled) -> None:
        """Hold or tell the reports that changed, and see to the statuses of objects that did."""
        reports = self.graph.reports
        for ref, change in settled.of(reports.classes).items():
            self._report(StatusKey("GatewayClass", ref), change)
        for ref, change in settled.of(reports.gateways).items():
            self._report(StatusKey("Gateway", ref), change)
        for ref, change in settled.of(reports.sets).items():
            self._report(StatusKey("ListenerSet", ref), change)
        for route, change in settled.of(reports.routes).items():
            self._report(StatusKey(*route), change)
        for ref, change in settled.of(self.graph.policy_reports.backend_tls).items():
            self._report(StatusKey("BackendTLSPolicy", ref), change)
        for ref, change in settled.of(self.graph.traffic_reports.backend_traffic).items():
            self._report(StatusKey("XBackendTrafficPolicy", ref), change)
        for ref, change in settled.of(self.graph.external_reports.backends).items():
            self._report(StatusKey("XBackend", ref), change)
        sources = self.graph.sources
        told: dict[str, Collection[Any, Any]] = {
            "GatewayClass": sources.gateway_classes,
            "Gateway": sources.gateways,
            "BackendTLSPolicy": sources.backend_tls_policies,
            "XBackendTrafficPolicy": sources.backend_traffic_policies,
            "ListenerSet": sources.listener_sets,
            "XBackend": sources.backends,
        }
        for kind, source in (told | sources.routes).items():
            for ref in settled.of(source):
                self.writer.check(StatusKey(kind, ref))

    def _report(self, key: StatusKey, change: Change) -> None:
        if change.new is None:
            self.deliveries.drop(key)
            self.writer.withdraw(key)
        else:
            concerned = self._concerned(key, change.new)
            waits = self._may_be_contradicted(key, change.new)
            self.release(self.deliveries.hold(key, change.new, concerned, waits_for_first=waits))

    def _may_be_contradicted(self, key: StatusKey, report: Any) -> bool:
        """A proxy that is still to connect may serve what the report calls closed, or not yet what it claims."""
        if not isinstance(report, (GatewayReport, SetReport)):
            return True
        sources = self.graph.sources
        live = (sources.gateways if key.kind == "Gateway" else sources.listener_sets).items.get(key.ref)
        return report.is_programmed or (live is not None and is_programmed(live))

    def _concerned(self, key: StatusKey, report: Any) -> Iterable[Ref]:
        if isinstance(report, GatewayReport):
            return (key.ref,)
        if isinstance(report, PolicyReport):
            return {ancestor.gateway for ancestor in report.ancestors}
        if isinstance(report, SetReport):
            one = self.graph.listeners.sets.items.get(key.ref)
            return (one.gateway,) if one is not None else ()
        if isinstance(report, RouteReport):
            return {verdict.gateway for verdict in self.graph.routes.parents.items.get(RouteKey(*key), ())}
        return ()

    def release(self, released: Iterable[tuple[Hashable, Any]]) -> None:
        """Tell these reports, which are true now."""
        for key, report in released:
            assert isinstance(key, StatusKey)
            self.writer.tell(key, report)
        self.measures.status_writes = self.writer.writes


def is_programmed(live: Any) -> bool:
    """What the status of a Gateway or ListenerSet says now."""
    if live.status is None:
        return False
    return any(one.type == "Programmed" and one.status == "True" for one in live.status.conditions)

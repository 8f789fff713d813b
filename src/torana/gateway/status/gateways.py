"""What a Gateway's status says. `Programmed` is true only when a proxy has accepted the configuration.

Specification: GatewayConditionType, ListenerConditionType and their reasons.
"""

from __future__ import annotations

import msgspec

from torana.gateway.client_certificate import ClientCertificate
from torana.gateway.client_validation import insecure_places
from torana.gateway.finding import Finding
from torana.gateway.gateways import ManagedGateway, surplus
from torana.gateway.listeners import ListenerVerdict
from torana.gateway.rejections import Rejection
from torana.gateway.status.condition import GatewayReport, Judgement, ListenerReport


class ProxyState(msgspec.Struct, frozen=True, gc=False):
    """A Gateway's proxy as the infrastructure and the xDS server know it. `waiting_for`: why it does not serve yet."""

    addresses: tuple[tuple[str, str], ...] = ()
    is_serving: bool = False
    """At least one proxy is connected and has accepted the Gateway's configuration."""
    reason: str = "Pending"
    waiting_for: str = "the proxy is being created"


class Standing(msgspec.Struct, frozen=True, gc=False):
    """A listener with what is known of it besides the verdict; `closed` says why the proxy did not open its port.

    `rejected` is what of it the proxy did not take otherwise.
    """

    verdict: ListenerVerdict
    attached: int = 0
    closed: Finding | None = None
    overlap: Finding | None = None
    rejected: Rejection | None = None

    @property
    def unresolved(self) -> Finding | None:
        """The reference that leads nowhere, or to what the proxy rejected."""
        return self.verdict.unresolved or (self.rejected.unresolved if self.rejected is not None else None)

    @property
    def hindrance(self) -> Finding | None:
        """What keeps the proxy from serving it as it is; it is valid as far as we can see."""
        if self.closed is not None or self.rejected is None or self.rejected.unresolved is None:
            return self.closed
        return msgspec.structs.replace(self.rejected.unresolved, reason="Invalid")


def report(
    managed: ManagedGateway,
    listeners: tuple[Standing, ...],
    proxy: ProxyState,
    attached_sets: int = 0,
    client_certificate: ClientCertificate | None = None,
    rejected: Rejection | None = None,
) -> GatewayReport:
    """The whole status; `listeners` are the Gateway's own, as in the spec.

    `rejected` is what the proxy did not take of the Gateway itself.
    """
    generation = managed.object.metadata.generation
    if managed.finding is not None:
        text = managed.finding.text
        refused = (
            Judgement("Accepted", False, managed.finding.reason, text),
            Judgement("Programmed", False, "Invalid", "the Gateway is not accepted"),
        )
        return GatewayReport(generation, (*refused, *_default(managed)))
    bad = tuple(one.verdict.shape.name for one in listeners if not one.verdict.is_valid)
    accepted = _accepted(bad, len(listeners), surplus(managed.object))
    own = client_certificate.finding if client_certificate is not None else None
    if own is None and rejected is not None:
        own = rejected.unresolved
    conditions = (
        accepted,
        _programmed(accepted, proxy, listeners),
        _resolved(own, [one.verdict.shape.name for one in listeners if one.unresolved]),
        *_insecure(managed),
        *_default(managed),
    )
    entries = tuple(listener_report(one, proxy) for one in listeners)
    return GatewayReport(generation, conditions, entries, proxy.addresses, attached_sets)


def _default(managed: ManagedGateway) -> tuple[Judgement, ...]:
    """`DefaultGateway` is present only when it is true."""
    if managed.scope is None:
        return ()
    message = f"routes with useDefaultGateways {managed.scope} attach to this Gateway"
    return (Judgement("DefaultGateway", True, "DefaultGateway", message),)


def _accepted(bad: tuple[str, ...], total: int, left_out: str) -> Judgement:
    if not bad and not left_out:
        return Judgement("Accepted", True, "Accepted", "the Gateway is accepted")
    names = ", ".join(bad)
    if len(bad) == total:
        return Judgement("Accepted", False, "ListenersNotValid", f"no listener is valid: {names}; see status.listeners")
    said = [f"not valid: {names}; see status.listeners"] if bad else []
    return Judgement("Accepted", True, "ListenersNotValid", "; ".join([*said, left_out] if left_out else said))


def _resolved(finding: Finding | None, unresolved: list[str]) -> Judgement:
    """Of what the Gateway itself refers to, then of its listeners."""
    if finding is not None:
        return Judgement("ResolvedRefs", False, finding.reason, finding.text)
    if unresolved:
        message = f"references of {', '.join(unresolved)} do not resolve; see status.listeners"
        return Judgement("ResolvedRefs", False, "ListenersNotResolved", message)
    return Judgement("ResolvedRefs", True, "ResolvedRefs", "all references resolve")


def _insecure(managed: ManagedGateway) -> tuple[Judgement, ...]:
    """Present only when it is true."""
    places = insecure_places(managed.object)
    if not places:
        return ()
    message = f"clients without a trusted certificate are let through: {', '.join(places)}"
    return (Judgement("InsecureFrontendValidationMode", True, "ConfigurationChanged", message),)


def _programmed(accepted: Judgement, proxy: ProxyState, listeners: tuple[Standing, ...]) -> Judgement:
    if not accepted.status:
        return Judgement("Programmed", False, "Invalid", "the Gateway is not accepted")
    hindrances = [one.hindrance for one in listeners if one.verdict.is_servable]
    if hindrances and (first := hindrances[0]) is not None and all(hindrances):
        return Judgement("Programmed", False, "Invalid", first.text)
    if not proxy.addresses:
        reason = proxy.reason if proxy.reason != "Pending" else "AddressNotAssigned"
        return Judgement("Programmed", False, reason, proxy.waiting_for or "no address is assigned yet")
    if not proxy.is_serving:
        return Judgement("Programmed", False, proxy.reason, proxy.waiting_for)
    return Judgement("Programmed", True, "Programmed", "a proxy serves the configuration")


def listener_report(one: Standing, proxy: ProxyState) -> ListenerReport:
    """The entry of one listener, of a Gateway or a ListenerSet."""
    verdict = one.verdict
    conditions = (
        _listener_accepted(verdict),
        _listener_resolved(one),
        _listener_programmed(one, proxy),
        _listener_conflicted(verdict),
        *_listener_overlapping(one.overlap),
    )
    return ListenerReport(verdict.shape.name, verdict.shape.kinds, one.attached, conditions)


def _listener_accepted(verdict: ListenerVerdict) -> Judgement:
    finding = verdict.conflict or verdict.not_accepted
    if finding is not None:
        return Judgement("Accepted", False, finding.reason, finding.text)
    said = "the listener is accepted"
    return Judgement("Accepted", True, "Accepted", f"{said}; {verdict.notes}" if verdict.notes else said)


def _listener_resolved(one: Standing) -> Judgement:
    finding = one.unresolved or one.verdict.bad_kinds
    if finding is not None:
        return Judgement("ResolvedRefs", False, finding.reason, finding.text)
    return Judgement("ResolvedRefs", True, "ResolvedRefs", "all references resolve")


def _listener_conflicted(verdict: ListenerVerdict) -> Judgement:
    if verdict.conflict is not None:
        return Judgement("Conflicted", True, verdict.conflict.reason, verdict.conflict.text)
    return Judgement("Conflicted", False, "NoConflicts", "no other listener is in the way")


def _listener_overlapping(overlap: Finding | None) -> tuple[Judgement, ...]:
    """`OverlappingTLSConfig` is present only when it is true."""
    return () if overlap is None else (Judgement("OverlappingTLSConfig", True, overlap.reason, overlap.text),)


def _listener_programmed(one: Standing, proxy: ProxyState) -> Judgement:
    verdict, hindrance = one.verdict, one.hindrance
    if verdict.conflict is not None:
        return Judgement("Programmed", False, verdict.conflict.reason, verdict.conflict.text)
    if not verdict.is_servable:
        finding = verdict.not_accepted or verdict.unresolved
        return Judgement("Programmed", False, "Invalid", finding.text if finding else "the listener is not valid")
    if hindrance is not None:
        return Judgement("Programmed", False, hindrance.reason, hindrance.text)
    if not proxy.is_serving:
        return Judgement("Programmed", False, "Pending", proxy.waiting_for)
    return Judgement("Programmed", True, "Programmed", "a proxy serves the listener")

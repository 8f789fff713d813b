"""What a route's status says. Specification: RouteConditionType and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from torana.api.kind import Ref
from torana.gateway.attachment import ParentVerdict
from torana.gateway.finding import summary
from torana.gateway.quarantine import LOST, Quarantine
from torana.gateway.rejections import Rejection
from torana.gateway.routes.compiled import CompiledRoute
from torana.gateway.status.condition import Judgement, ParentReport, RouteReport


def report(
    route: Any,
    verdicts: tuple[ParentVerdict, ...],
    compiled: CompiledRoute | None,
    quarantine: Quarantine | None,
    backends: Mapping[Ref, Rejection] = MappingProxyType({}),
) -> RouteReport:
    """An entry per parentRef that names a Gateway of ours. `backends` are rejected ones, by Gateway."""
    rejected = _rejection(route, quarantine)
    partial = _partial(compiled, rejected)

    def parent(verdict: ParentVerdict) -> ParentReport:
        resolved = _resolved(compiled, backends.get(verdict.gateway))
        accepted = _accepted(verdict, compiled, rejected)
        conditions = (accepted, resolved, *(partial if accepted.status else ()))
        return ParentReport(verdict.parent_ref, verdict.controller_name, conditions)

    parents = tuple(parent(verdict) for verdict in verdicts if not verdict.is_former)
    return RouteReport(route.metadata.generation, parents)


def is_sound(route: Any, compiled: CompiledRoute | None, quarantine: Quarantine | None) -> bool:
    """Whether nothing in the route itself keeps parents from accepting it."""
    return _refusal(compiled, _rejection(route, quarantine)) is None


def _rejection(route: Any, quarantine: Quarantine | None) -> Quarantine | None:
    return quarantine if quarantine is not None and quarantine.holds(route) else None


def _accepted(verdict: ParentVerdict, compiled: CompiledRoute | None, rejected: Quarantine | None) -> Judgement:
    if verdict.finding is not None:
        return Judgement("Accepted", False, verdict.finding.reason, verdict.finding.text)
    where = f"default Gateway {verdict.gateway}" if verdict.is_default else "its parent"
    said = f"the route is attached to {where}"
    if rejected is not None and rejected.fallback is not None:
        # The specification of PartiallyInvalid: what is accepted is the generation that is served.
        served: int = rejected.fallback.metadata.generation
        return _refusal(compiled, rejected) or Judgement("Accepted", True, "Accepted", said, served)
    return _refusal(compiled, rejected) or Judgement("Accepted", True, "Accepted", said)


def _refusal(compiled: CompiledRoute | None, rejected: Quarantine | None) -> Judgement | None:
    if rejected is not None and rejected.fallback is None:
        return _rejected(rejected)
    if compiled is not None and compiled.dropped and len({rule for rule, _ in compiled.dropped}) == compiled.rules:
        findings = tuple(finding for _, finding in compiled.dropped)
        return Judgement("Accepted", False, findings[0].reason, summary(findings))
    return None


def _rejected(rejected: Quarantine) -> Judgement:
    """Without a version to go back to."""
    if rejected.is_lost:
        given = "the one before it was lost with a restart of the controller, so all that it could take gets an error"
    else:
        given = "nothing of it is served" if rejected.is_out else "its requests get an error"
    message = f"the proxy rejected this route, and {given}: {rejected.message}"
    return Judgement("Accepted", False, LOST if rejected.is_lost else "UnsupportedValue", message)


def _resolved(compiled: CompiledRoute | None, rejected: Rejection | None) -> Judgement:
    findings = compiled.unresolved if compiled is not None else ()
    if rejected is not None and rejected.unresolved is not None:
        findings += (rejected.unresolved,)
    if not findings:
        return Judgement("ResolvedRefs", True, "ResolvedRefs", "all references resolve")
    return Judgement("ResolvedRefs", False, findings[0].reason, summary(findings))


def _partial(compiled: CompiledRoute | None, rejected: Quarantine | None) -> tuple[Judgement, ...]:
    """`PartiallyInvalid` is present only when it is true."""
    if rejected is not None and rejected.fallback is not None:
        message = (
            f"Fall Back: the proxy rejected generation {rejected.generation}: {rejected.message}; "
            f"generation {rejected.fallback.metadata.generation} is served"
        )
        return (Judgement("PartiallyInvalid", True, "UnsupportedValue", message),)
    if compiled is None or not compiled.dropped:
        return ()
    rules = {rule for rule, _ in compiled.dropped}
    if len(rules) == compiled.rules:
        return ()
    findings = tuple(finding for _, finding in compiled.dropped)
    names = ", ".join(str(rule) for rule in sorted(rules))
    given = " (requests to it get an error)" if compiled.entries else ""
    message = f"Dropped Rule {names}{given}: {summary(findings)}"
    return (Judgement("PartiallyInvalid", True, findings[0].reason, message),)

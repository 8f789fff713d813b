"""What a ListenerSet's status says: only about its own listeners, unless its Gateway stands in the way.

Specification: ListenerSetConditionType, ListenerEntryConditionType and their reasons.
"""

from __future__ import annotations

from typing import Any

from torana.api.kind import Ref
from torana.gateway.gateways import surplus
from torana.gateway.listener_sets import ManagedSet
from torana.gateway.status.condition import Judgement, SetReport
from torana.gateway.status.gateways import ProxyState, Standing, listener_report


def report(
    managed: ManagedSet, listeners: tuple[Standing, ...], proxy: ProxyState, is_gateway_programmed: bool
) -> SetReport:
    """The whole status; `listeners` are as in the spec."""
    generation = managed.object.metadata.generation
    if managed.finding is not None:
        reason, text = managed.finding.reason, managed.finding.text
        not_programmed = "ParentNotProgrammed" if reason == "ParentNotAccepted" else reason
        return SetReport(
            generation,
            (Judgement("Accepted", False, reason, text), Judgement("Programmed", False, not_programmed, text)),
        )
    accepted = _accepted(listeners, surplus(managed.object))
    if not accepted.status:
        programmed = Judgement("Programmed", False, accepted.reason, accepted.message)
    elif not is_gateway_programmed:
        message = f"Gateway {managed.gateway} is not programmed; see its status"
        programmed = Judgement("Programmed", False, "ParentNotProgrammed", message)
    else:
        programmed = _programmed(listeners)
    return SetReport(generation, (accepted, programmed), tuple(listener_report(one, proxy) for one in listeners))


def orphaned(listener_set: Any, gateway: Ref) -> SetReport | None:
    """The status of a ListenerSet whose Gateway does not exist; None when it claims nothing that would need one."""
    said = listener_set.status.conditions if listener_set.status is not None else ()
    if not any(one.status == "True" for one in said):
        return None
    message = f"Gateway {gateway} does not exist"
    return SetReport(
        listener_set.metadata.generation,
        (
            Judgement("Accepted", False, "ParentNotAccepted", message),
            Judgement("Programmed", False, "ParentNotProgrammed", message),
        ),
    )


def _accepted(listeners: tuple[Standing, ...], left_out: str) -> Judgement:
    """One good listener is enough; a listener without a usable certificate is not good."""
    bad = [one.verdict.shape.name for one in listeners if not one.verdict.is_servable]
    names = ", ".join(bad)
    if len(bad) == len(listeners):
        message = f"no listener is valid: {names}; see status.listeners"
        return Judgement("Accepted", False, "ListenersNotValid", message)
    said = [f"not valid: {names}; see status.listeners"] if bad else []
    if said or left_out:
        return Judgement("Accepted", True, "ListenersNotValid", "; ".join([*said, left_out] if left_out else said))
    return Judgement("Accepted", True, "Accepted", "the ListenerSet is accepted")


def _programmed(listeners: tuple[Standing, ...]) -> Judgement:
    hindrances = [one.hindrance for one in listeners if one.verdict.is_servable]
    if hindrances and (first := hindrances[0]) is not None and all(hindrances):
        return Judgement("Programmed", False, first.reason, first.text)
    return Judgement("Programmed", True, "Programmed", "a proxy serves the listeners")

"""What a policy's status says of one Gateway. Specification: PolicyConditionType, BackendTLSPolicy."""

from __future__ import annotations

import msgspec

from torana.gateway.finding import Finding, summary
from torana.gateway.policies.backend_tls import PolicyVerdict
from torana.gateway.rejections import Rejection
from torana.gateway.status.condition import Judgement


def conditions(
    verdict: PolicyVerdict, targets: tuple[Finding | None, ...], rejected: Rejection | None = None
) -> tuple[Judgement, ...]:
    """`targets` are the policy's targets behind that Gateway, each with what keeps the policy from ruling it."""
    if rejected is not None:
        verdict = msgspec.structs.replace(
            verdict,
            not_accepted=verdict.not_accepted or rejected.not_accepted,
            unresolved=verdict.unresolved or rejected.unresolved,
        )
    return accepted(verdict.not_accepted, targets, verdict.notes), _resolved(verdict)


def accepted(finding: Finding | None, targets: tuple[Finding | None, ...], notes: str = "") -> Judgement:
    """`finding` is what is wrong with the policy itself; `notes` say what is done in another way than asked."""
    if finding is not None:
        return Judgement("Accepted", False, finding.reason, finding.text)
    findings = tuple(finding for finding in targets if finding is not None)
    if findings and len(findings) == len(targets):
        return Judgement("Accepted", False, findings[0].reason, summary(findings))
    message = f"the policy rules, but not everywhere: {summary(findings)}" if findings else "the policy rules"
    return Judgement("Accepted", True, "Accepted", f"{message}; {notes}" if notes else message)


def _resolved(verdict: PolicyVerdict) -> Judgement:
    if verdict.unresolved is not None:
        return Judgement("ResolvedRefs", False, verdict.unresolved.reason, verdict.unresolved.text)
    return Judgement("ResolvedRefs", True, "ResolvedRefs", "all references resolve")

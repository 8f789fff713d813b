"""What a GatewayClass's status says. Specification: GatewayClassConditionType."""

from __future__ import annotations

from torana.gateway.classes import ClassVerdict
from torana.gateway.status.condition import ClassReport, Judgement


def report(verdict: ClassVerdict, bundle_versions: frozenset[str], features: tuple[str, ...]) -> ClassReport:
    """The whole status. `bundle_versions` are those found on the installed Gateway API CRDs."""
    finding = verdict.finding
    accepted = (
        Judgement("Accepted", True, "Accepted", "Gateways of this class are served")
        if finding is None
        else Judgement("Accepted", False, finding.reason, finding.text)
    )
    return ClassReport(verdict.generation, (accepted, _supported_version(bundle_versions)), features)


BUNDLE_VERSION = "v1.6.1"


def _supported_version(found: frozenset[str]) -> Judgement:
    if found == {BUNDLE_VERSION}:
        return Judgement("SupportedVersion", True, "SupportedVersion", f"the CRDs are of version {BUNDLE_VERSION}")
    names = ", ".join(sorted(name or "without version" for name in found)) or "not found"
    message = f"the Gateway API CRDs are {names}; this controller is made for {BUNDLE_VERSION}, install that bundle"
    return Judgement("SupportedVersion", False, "UnsupportedVersion", message)

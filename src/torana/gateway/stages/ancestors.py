"""Stage 6, for policies: of which Gateways does a policy's status speak, and what does it say of each?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.look import Look
from torana.gateway.finding import Finding
from torana.gateway.listeners import gateway_ref
from torana.gateway.rejections import Rejection
from torana.gateway.stages.listeners import Listeners
from torana.gateway.stages.rejections import Rejections
from torana.gateway.status.condition import AncestorReport, Judgement, PolicyReport

Target = tuple[Finding | None, Iterable[Ref]]
"""What keeps a policy from ruling one of its targets, and the Gateways that go to the target."""

Conditions = Callable[[tuple[Finding | None, ...], Rejection | None], tuple[Judgement, ...]]
"""What is said of a Gateway, after its targets and what its proxies rejected because of the policy."""


class Ancestors:
    """Ancestors of policies are the Gateways that go to their targets."""

    def __init__(self, listeners: Listeners, rejections: Rejections) -> None:
        self.listeners, self.rejections = listeners, rejections

    def report(
        self, who: ObjectRef, policy: Any, targets: Iterable[Target], conditions: Conditions, look: Look
    ) -> PolicyReport | None:
        """None while no Gateway of ours goes to a target, and none is spoken of in the status."""
        behind: dict[Ref, list[Finding | None]] = {}
        for finding, gateways in targets:
            for gateway in dict.fromkeys(gateways):
                behind.setdefault(gateway, []).append(finding)
        if not behind and policy.status is None:
            return None
        rejected = self.rejections.against(who, look)
        reports = []
        for gateway in sorted(behind):
            owner = look.get(self.listeners.owners, gateway_ref(gateway))
            if owner is not None:
                said = conditions(tuple(behind[gateway]), rejected.get(gateway))
                reports.append(AncestorReport(gateway, owner.controller_name, said))
        return PolicyReport(policy.metadata.generation, tuple(reports))

"""Which GatewayClasses are ours, and whether we accept them.

In: a GatewayClass and the controller names we answer to. Specification: GatewayClass, `Accepted`, `SupportedVersion`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.gateway.finding import Finding

CONTROLLER_NAME = "torana.dev/gateway-controller"


class ClassVerdict(msgspec.Struct, frozen=True, gc=False):
    """A GatewayClass of ours. With a finding it is not accepted, and its Gateways are left alone."""

    name: str
    controller_name: str
    generation: int
    finding: Finding | None = None


def judge(gateway_class: Any, controller_names: frozenset[str]) -> ClassVerdict | None:
    """The verdict on a class of ours; None for classes of other controllers."""
    name = gateway_class.spec.controller_name
    if name not in controller_names:
        return None
    finding = None
    if gateway_class.spec.parameters_ref is not None:
        ref = gateway_class.spec.parameters_ref
        finding = Finding(
            "InvalidParameters",
            f"{ref.group}/{ref.kind} {ref.name} is not a kind of parameters that this controller knows; remove it",
            "spec.parametersRef",
        )
    return ClassVerdict(gateway_class.metadata.name, name, gateway_class.metadata.generation, finding)

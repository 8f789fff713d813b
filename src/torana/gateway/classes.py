"""Which GatewayClasses are ours, and whether we accept them.

In: a GatewayClass and the controller names we answer to. Specification: GatewayClass, `Accepted`, `SupportedVersion`,
GatewayClassFinalizerGatewaysExist.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.gateway.finding import Finding
from torana.gateway.parameters import ConfigMapOf, Parameters, resolve

CONTROLLER_NAME = "torana.dev/gateway-controller"


FINALIZER = "gateway-exists-finalizer.gateway.networking.k8s.io"
"""Keeps a class that is deleted until no Gateway uses it."""


class ClassVerdict(msgspec.Struct, frozen=True, gc=False):
    """A GatewayClass of ours. With a finding it is not accepted, and its Gateways are left alone."""

    name: str
    controller_name: str
    generation: int
    finding: Finding | None = None
    parameters: Parameters = Parameters()


def judge(gateway_class: Any, controller_names: frozenset[str], config_map_of: ConfigMapOf) -> ClassVerdict | None:
    """The verdict on a class of ours; None for classes of other controllers."""
    name = gateway_class.spec.controller_name
    if name not in controller_names:
        return None
    meta, ref = gateway_class.metadata, gateway_class.spec.parameters_ref
    found = resolve(ref, ref.namespace, "spec.parametersRef", config_map_of) if ref is not None else Parameters()
    if isinstance(found, Finding):
        return ClassVerdict(meta.name, name, meta.generation, found)
    return ClassVerdict(meta.name, name, meta.generation, parameters=found)


def finalizers(metadata: Any, is_used: bool) -> tuple[str, ...] | None:
    """The finalizers that a class of ours should have, those of others as they are; None when it has them."""
    held: tuple[str, ...] = metadata.finalizers
    if is_used == (FINALIZER in held):
        return None
    if not is_used:
        return tuple(one for one in held if one != FINALIZER)
    # What is being deleted takes no finalizers any more.
    return None if metadata.deletion_timestamp else (*held, FINALIZER)

"""Conditions as we judge them, before they meet the live object (which knows since when)."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.kind import Ref


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """A condition without its transition time."""

    type: str
    status: bool
    reason: str
    message: str = ""
    generation: int = 0
    """What it is about, when that is not the generation of the report."""


class ParentReport(msgspec.Struct, frozen=True, gc=False):
    """Our entry in `status.parents` for one parentRef."""

    parent_ref: Any
    controller_name: str
    conditions: tuple[Judgement, ...]


class RouteReport(msgspec.Struct, frozen=True, gc=False):
    """Our whole answer for a route. No parents: we have nothing to say, and withdraw what we said."""

    generation: int
    parents: tuple[ParentReport, ...]


class AncestorReport(msgspec.Struct, frozen=True, gc=False):
    """Our entry in `status.ancestors` of a policy, for one Gateway."""

    gateway: Ref
    controller_name: str
    conditions: tuple[Judgement, ...]


class PolicyReport(msgspec.Struct, frozen=True, gc=False):
    """Our whole answer for a policy. No ancestors: we have nothing to say, and withdraw what we said."""

    generation: int
    ancestors: tuple[AncestorReport, ...]


class ListenerReport(msgspec.Struct, frozen=True, gc=False):
    """One entry of a Gateway's or ListenerSet's `status.listeners`."""

    name: str
    kinds: tuple[str, ...]
    attached_routes: int
    conditions: tuple[Judgement, ...]


class GatewayReport(msgspec.Struct, frozen=True, gc=False):
    """Our whole answer for a Gateway."""

    generation: int
    conditions: tuple[Judgement, ...]
    listeners: tuple[ListenerReport, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    """(type, value)."""
    attached_listener_sets: int = 0

    @property
    def is_programmed(self) -> bool:
        """Whether a proxy serves it."""
        return any(one.type == "Programmed" and one.status for one in self.conditions)


class SetReport(msgspec.Struct, frozen=True, gc=False):
    """Our whole answer for a ListenerSet."""

    generation: int
    conditions: tuple[Judgement, ...]
    listeners: tuple[ListenerReport, ...] = ()

    @property
    def is_programmed(self) -> bool:
        return any(one.type == "Programmed" and one.status for one in self.conditions)


class ClassReport(msgspec.Struct, frozen=True, gc=False):
    """Our whole answer for a GatewayClass."""

    generation: int
    conditions: tuple[Judgement, ...]
    features: tuple[str, ...] = ()

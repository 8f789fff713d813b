"""What an XBackend's status says of one Gateway. Specification: BackendAncestorStatus."""

from __future__ import annotations

import msgspec

from torana.gateway.external import ExternalBackend
from torana.gateway.rejections import Rejection
from torana.gateway.status.condition import Judgement


def conditions(backend: ExternalBackend, rejected: Rejection | None = None) -> tuple[Judgement, ...]:
    """`Accepted` and `ResolvedRefs`."""
    if rejected is not None:
        backend = msgspec.structs.replace(
            backend,
            not_accepted=backend.not_accepted or rejected.not_accepted,
            unresolved=backend.unresolved or rejected.unresolved,
        )
    return _accepted(backend), _resolved(backend)


def _accepted(backend: ExternalBackend) -> Judgement:
    if backend.not_accepted is not None:
        return Judgement("Accepted", False, backend.not_accepted.reason, backend.not_accepted.text)
    said = "with TLS" if backend.tls is not None else "in plain text, which anybody on the way can read and change"
    return Judgement("Accepted", True, "Accepted", f"{backend.host.address} is spoken to {said}")


def _resolved(backend: ExternalBackend) -> Judgement:
    if backend.unresolved is not None:
        return Judgement("ResolvedRefs", False, backend.unresolved.reason, backend.unresolved.text)
    return Judgement("ResolvedRefs", True, "ResolvedRefs", "all references resolve")

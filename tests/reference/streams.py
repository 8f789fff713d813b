"""What must become of a connection to a listener of TLS? From the descriptions of `TLSRouteSpec` and `TLSRouteRule`."""

from __future__ import annotations

from tests.reference import attachment, hostnames, identities
from tests.reference.backends import resolve
from tests.reference.listeners import Judged, ListenerId
from tests.reference.objects import Objects
from tests.reference.outcome import REFUSED, Decision, Outcome, age
from tests.reference.request import Request

from torana.api.kind import Ref

KIND = "TLSRoute"


def connect(objects: Objects, key: ListenerId, listener: Judged, request: Request) -> Decision:
    """The connection goes to a backend as a whole; what is inside is the client's affair."""
    shown = (identities.BACKEND,) if listener.passes_on else listener.certificates
    name = request.server_name.lower()
    order = [found for ref in objects.of(KIND) if (found := _order(objects, ref, key, name)) is not None]
    if not order:
        return Decision((Outcome(REFUSED),), key)
    _, _, ref = min(order)
    outcomes = []
    for backend_ref in objects.of(KIND)[ref].spec.rules[0].backend_refs:
        backend = resolve(objects, KIND, ref.namespace, backend_ref)
        if backend_ref.weight == 0:
            continue
        if backend.reason or not backend.is_ready:
            outcomes.append(Outcome(REFUSED, backend_ref.weight))
            continue
        headers = {field.lower(): ",".join(request.header_lines(field)) for field, _ in request.headers}
        seen = tuple(sorted(headers.items()))
        outcomes.append(Outcome(200, backend_ref.weight, backend.name, request.path, request.host, seen))
    return Decision(tuple(outcomes) or (Outcome(REFUSED),), key, f"{KIND} {ref}", certificates=shown)


def _order(objects: Objects, ref: Ref, key: ListenerId, name: str) -> tuple[list[int], tuple[str, str], Ref] | None:
    """What orders routes that have the name; None for those that do not."""
    names = [
        each
        for parent in attachment.parents(objects, KIND, ref)
        for attached in parent.attached
        if attached.listener == key
        for each in attached.hostnames
        if hostnames.matches(each, name)
    ]
    if not names:
        return None
    best = max(map(hostnames.precision, names))
    return [-one for one in best], age(objects.of(KIND)[ref]), ref

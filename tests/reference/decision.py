"""What must become of a request, by the specification?

`decide` is a pure function of a request and the objects. It is written from the text of the Gateway API v1.6.1
(`apis/v1/*.go` and the pages on hostnames) and does not look at the translation, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.reference import attachment, filters, hostnames, listeners, streams
from tests.reference.attachment import HTTP_KINDS
from tests.reference.backends import Backend, resolve
from tests.reference.filters import Headers, of_type
from tests.reference.listeners import Judged, ListenerId
from tests.reference.matching import ranks
from tests.reference.objects import Objects
from tests.reference.outcome import REFUSED, Decision, Outcome, age
from tests.reference.request import Request

from torana.api.kind import Ref


class _Candidate(NamedTuple):
    kind: str
    route: Any
    number: int

    @property
    def rule(self) -> Any:
        return self.route.spec.rules[self.number]


def decide(objects: Objects, gateway: Ref, request: Request) -> Decision:
    """What becomes of a request to this Gateway."""
    served = {key: one for key, one in listeners.served(objects, gateway).items() if one.spec.port == request.port}
    is_tls = any(one.spec.protocol in ("HTTPS", "TLS") for one in served.values())
    if not served or request.is_tls != is_tls:
        return Decision((Outcome(REFUSED),))
    if not is_tls:
        return _decide(objects, listeners.most_specific(served, hostnames.name_of(request.host)), request)
    connected = listeners.most_specific(served, request.server_name.lower())
    if connected is None:
        return Decision((Outcome(REFUSED),))
    if served[connected].spec.protocol == "TLS":
        return streams.connect(objects, connected, served[connected], request)
    return _on_connection(objects, served, connected, request)._replace(certificates=served[connected].certificates)


def _on_connection(
    objects: Objects, served: dict[ListenerId, Judged], connected: ListenerId, request: Request
) -> Decision:
    """A request over TLS: the listener that it is meant for has to be the one that the connection was made to."""
    meant = listeners.most_specific(served, hostnames.name_of(request.host))
    if meant == connected:
        return _decide(objects, meant, request)
    return Decision((Outcome(404 if meant is None else 421),), connected)


def _decide(objects: Objects, listener: ListenerId | None, request: Request) -> Decision:
    name = hostnames.name_of(request.host)
    found = min(_candidates(objects, listener, name, request), default=None, key=lambda one: one[0])
    if found is None:
        return Decision((Outcome(404),), listener)
    candidate = found[1]
    where = f"{candidate.kind} {candidate.route.metadata.ref} rules[{candidate.number}]"
    outcomes, mirrors = _outcomes(objects, candidate, request, name)
    return Decision(outcomes, listener, where, mirrors)


def _candidates(
    objects: Objects, listener: ListenerId | None, name: str, request: Request
) -> Iterator[tuple[Any, _Candidate]]:
    """Every rule that takes the request, with what orders them."""
    for kind in HTTP_KINDS:
        for ref, route in objects.of(kind).items():
            is_meant = any(
                attached.listener == listener and hostnames.matches(each, name)
                for parent in attachment.parents(objects, kind, ref)
                for attached in parent.attached
                for each in attached.hostnames
            )
            if not is_meant:
                continue
            # What the route itself specifies counts, not what the listener leaves of it.
            own = [each for each in route.spec.hostnames if hostnames.matches(each, name)]
            best = max(map(hostnames.precision, own), default=(0, 0))
            for number, rule in enumerate(route.spec.rules):
                for rank in ranks(kind, rule, request):
                    order = ([-one for one in best], kind == "HTTPRoute", rank, *age(route), number)
                    yield order, _Candidate(kind, route, number)


def _outcomes(
    objects: Objects, candidate: _Candidate, request: Request, name: str
) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
    rule, kind, namespace = candidate.rule, candidate.kind, candidate.route.metadata.namespace
    prefix = _prefix(rule) if kind == "HTTPRoute" else ""
    if any(one.type == "ExtensionRef" for one in rule.filters):
        return (Outcome(_invalid(kind)),), ()  # We know no such filter, and must not skip it.
    for redirect in of_type(rule.filters, "RequestRedirect"):
        path = filters.with_path(request.bare_path, redirect.path, prefix)
        location = filters.location(redirect, request.scheme, request.port, name, path, request.query)
        return (Outcome(redirect.status_code, location=location),), ()
    outcomes = []
    for ref in rule.backend_refs:
        if ref.weight:
            backend = resolve(objects, kind, namespace, ref)
            outcomes.append(_forwarded(request, backend, ref, (rule.filters, ref.filters), prefix, kind))
    mirrors = [
        resolve(objects, kind, namespace, one.backend_ref)
        for one in of_type(rule.filters, "RequestMirror")
        if one.percent is None or one.percent == 100
    ]
    if not outcomes:
        outcomes = [Outcome(_invalid(kind))]
    return tuple(outcomes), tuple(one.name for one in mirrors if not one.reason and one.is_ready)


def _invalid(kind: str) -> int:
    return 503 if kind == "GRPCRoute" else 500


def _forwarded(
    request: Request, backend: Backend, ref: Any, levels: tuple[Any, Any], prefix: str, kind: str
) -> Outcome:
    """The share of one backendRef: filters of the rule come before those of the backendRef."""
    if backend.reason:
        return Outcome(_invalid(kind), ref.weight)
    if not backend.is_ready:
        return Outcome(503, ref.weight)
    headers: Headers = {key.lower(): ",".join(request.header_lines(key)) for key, _ in request.headers}
    path, host = request.bare_path, request.host
    edits: list[Any] = []
    for level in levels:
        for one in level:
            for modifier in of_type([one], "RequestHeaderModifier"):
                headers = filters.with_edits(headers, modifier)
            for rewrite in of_type([one], "URLRewrite"):
                # Of two rewrites that of the backendRef counts: it says what this backend is to be asked.
                path = filters.with_path(request.bare_path, rewrite.path, prefix) if rewrite.path is not None else path
                host = rewrite.hostname or host
            edits += of_type([one], "ResponseHeaderModifier")
    seen = tuple(sorted(headers.items()))
    return Outcome(200, ref.weight, backend.name, path + request.query, host, seen, tuple(edits))


def _prefix(rule: Any) -> str:
    """The prefix that a rule of one match matches."""
    return str(rule.matches[0].path.value) if rule.matches else "/"

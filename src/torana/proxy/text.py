"""Proxy configuration in a form that people read: what golden pages show and `torana explain` prints.

HTTP :80
  www.example.com
    prefix /api, header version=2 -> default/v2:8080
    prefix /                      -> 90% default/v1:8080, 10% default/v2:8080
"""

from __future__ import annotations

from collections.abc import Iterable

from torana.proxy.action import Action, Backend, Forward, HeaderEdit, PathRewrite, Redirect, Respond, Rewrite
from torana.proxy.bind import Bind, Chain, Share, StreamChain
from torana.proxy.cluster import Cluster
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.match import Match
from torana.proxy.route import Host, Route
from torana.proxy.session import Session
from torana.proxy.tls import ClientValidation, UpstreamTls


def bind_text(bind: Bind, hosts_of: dict[str, tuple[Host, ...]]) -> str:
    """A bind with its chains; `hosts_of` gives the hosts of each route table by name."""
    lines = []
    for chain in bind.chains:
        head = f"{_protocol(bind, chain)} :{bind.port}"
        if chain.server_names:
            head += f" for {', '.join(chain.server_names)}"
        if chain.certificates:
            head += f", certificate {', '.join(chain.certificates)}"
        if isinstance(chain, Chain) and chain.client_validation is not None:
            head += f", {client_text(chain.client_validation)}"
        lines.append(head)
        if isinstance(chain, StreamChain):
            lines.append(f"  -> {shares_text(chain.shares)}")
            continue
        for host in hosts_of.get(chain.table.name, ()):
            lines += [f"  {line}" for line in host_text(host).splitlines()]
    return "\n".join(lines)


def client_text(validation: ClientValidation) -> str:
    """What clients must show."""
    whom = validation.authorities.name
    if validation.is_required:
        return f"clients must show a certificate of {whom}"
    return f"clients may show a certificate, of {whom} or of nobody"


def cluster_text(cluster: Cluster) -> str:
    """How endpoints are spoken to; nothing of a cluster that is spoken to in plain text and without limits."""
    if cluster.refusal:
        return f"{cluster.name}: nothing, {cluster.refusal}"
    parts = [f"host {cluster.host.address}:{cluster.host.port}"] if cluster.host is not None else []
    parts += [_upstream_tls_text(cluster.tls)] if cluster.tls is not None else []
    if cluster.retry_budget is not None:
        budget = cluster.retry_budget
        parts.append(f"retries up to {budget.percent}% of requests or {budget.min_concurrent} at a time")
    return f"{cluster.name}: {'; '.join(parts)}" if parts else ""


def _upstream_tls_text(tls: UpstreamTls) -> str:
    names = " or ".join(f"{name.type} {name.value}" for name in tls.names)
    shown = f", showing {tls.client_certificate}" if tls.client_certificate else ""
    return f"TLS for {tls.server_name}, must show {names} of {tls.authorities.name}{shown}"


def _protocol(bind: Bind, chain: Chain | StreamChain) -> str:
    """HTTPS and TLS may share a port."""
    if bind.protocol not in ("HTTPS", "TLS"):
        return bind.protocol
    return "TLS" if isinstance(chain, StreamChain) else "HTTPS"


def shares_text(shares: tuple[Share, ...]) -> str:
    """Where connections or datagrams go."""
    total = sum(share.weight for share in shares)
    parts = []
    for share in shares:
        part = "" if share.weight == total else f"{100 * share.weight / total:g}% "
        parts.append(part + (share.cluster or "refused"))
    return ", ".join(parts) or "refused"


def host_text(host: Host) -> str:
    """A host and its routes, aligned."""
    if not host.routes:
        return f"{host.domain}\n  (no routes: 404)"
    left = [match_text(route.match) for route in host.routes]
    width = max(map(len, left))
    rows = [f"  {what:{width}} -> {route_text(route)}" for what, route in zip(left, host.routes, strict=True)]
    return "\n".join([host.domain, *rows])


def match_text(match: Match) -> str:
    """What a request must be like."""
    parts = [f"{'grpc ' if match.grpc else ''}{match.path.type} {match.path.value}"]
    if match.method:
        parts.append(match.method)
    parts += [f"header {one.name}{'~' if one.is_regex else '='}{one.value}" for one in match.headers]
    parts += [f"query {one.name}{'~' if one.is_regex else '='}{one.value}" for one in match.query]
    return ", ".join(parts)


def route_text(route: Route) -> str:
    """What becomes of a request."""
    parts = [action_text(route.action)]
    parts += _edits("request", route.request_headers)
    parts += _edits("response", route.response_headers)
    parts += [_cors_text(route.cors)] if route.cors is not None else []
    parts += [_external_auth_text(route.external_auth)] if route.external_auth is not None else []
    return "; ".join(parts)


def action_text(action: Action) -> str:
    """Where a request goes, or how it is answered."""
    match action:
        case Respond():
            return f"{action.status}"
        case Redirect():
            return _redirect_text(action)
        case Forward():
            return "; ".join(_forward_parts(action))


def _redirect_text(redirect: Redirect) -> str:
    parts = [f"redirect {redirect.status}"]
    parts += [redirect.scheme] if redirect.scheme else []
    parts += [f"host {redirect.host}"] if redirect.host else []
    parts += [f"port {redirect.port}"] if redirect.port else []
    parts += [_path_text(redirect.path)] if redirect.path is not None else []
    return ", ".join(parts)


def _forward_parts(forward: Forward) -> Iterable[str]:
    total = sum(backend.weight for backend in forward.backends)
    yield ", ".join(_backend_text(backend, total, forward.invalid_status) for backend in forward.backends)
    if forward.rewrite is not None:
        yield _rewrite_text(forward.rewrite)
    for mirror in forward.mirrors:
        yield f"mirror {mirror.numerator}/{mirror.denominator} to {mirror.cluster}"
    if forward.request_timeout_ms:
        yield f"timeout {forward.request_timeout_ms}ms"
    if forward.attempt_timeout_ms:
        yield f"timeout per try {forward.attempt_timeout_ms}ms"
    if forward.retry is not None:
        codes = ",".join(map(str, forward.retry.codes))
        yield f"retry {forward.retry.attempts} times on {codes or 'connection errors'}"
    if forward.session is not None:
        yield _session_text(forward.session)


def _session_text(session: Session) -> str:
    parts = [f"session {session.rule} in {session.carrier} {session.name}"]
    if session.lifetime_ms:
        parts.append(f"for {session.lifetime_ms}ms{', as the client is told' if session.is_permanent else ''}")
    return " ".join(parts)


def _backend_text(backend: Backend, total: int, invalid_status: int) -> str:
    name = backend.cluster or f"{invalid_status}"
    share = "" if backend.weight == total > 0 else f"{100 * backend.weight / (total or 1):g}% "
    edits = [*_edits("request", backend.request_headers), *_edits("response", backend.response_headers)]
    if backend.rewrite is not None:
        edits.append(_rewrite_text(backend.rewrite))
    if not backend.keeps_sessions:
        edits.append("no sessions: it is empty")
    return f"{share}{name}" + (f" ({'; '.join(edits)})" if edits else "")


def _rewrite_text(rewrite: Rewrite) -> str:
    parts = [f"host {rewrite.host}"] if rewrite.host else []
    parts += [_path_text(rewrite.path)] if rewrite.path is not None else []
    return "rewrite " + ", ".join(parts)


def _path_text(path: PathRewrite) -> str:
    return f"path {path.value}" if path.type == "full" else f"prefix {path.match} to {path.value or '(nothing)'}"


def _edits(what: str, edit: HeaderEdit | None) -> list[str]:
    if edit is None:
        return []
    words = [f"set {name}={value}" for name, value in edit.set]
    words += [f"add {name}={value}" for name, value in edit.add]
    words += [f"remove {name}" for name in edit.remove]
    return [f"{what} headers: {', '.join(words)}"] if words else []


def _cors_text(cors: Cors) -> str:
    parts = [f"cors for {' '.join(cors.origins) or 'nobody'}"]
    for what, values in (("methods", cors.methods), ("headers", cors.headers), ("exposed", cors.exposed)):
        parts += [f"{what} {' '.join(values)}"] if values else []
    parts += ["with credentials"] if cors.credentials else []
    return ", ".join([*parts, f"for {cors.max_age_s}s"])


def _external_auth_text(auth: ExternalAuth) -> str:
    parts = [f"if {auth.cluster} allows it, asked over {auth.protocol}"]
    parts += [f"path {auth.path_prefix}"] if auth.path_prefix else []
    parts += [f"showing {' '.join(auth.request_headers)}"] if auth.request_headers else []
    parts += [f"showing bodies up to {auth.max_body_bytes} bytes"] if auth.max_body_bytes else []
    parts += [f"copying {' '.join(auth.response_headers)}"] if auth.response_headers else []
    return ", ".join(parts)

"""How forwarding becomes route actions: weights, invalid shares, rewrites, timeouts, retries, mirrors.

One Envoy route holds all backends as weighted clusters. What a weighted cluster cannot express for itself (a path
rewrite of one backend, an unusual status for an invalid share) gets a route of its own, taken by a random share of the
requests. Envoy draws one random number per request, so consecutive cumulative shares are exact.
"""

from __future__ import annotations

import msgspec

from torana.envoy import messages as pb
from torana.envoy.filters.header_edits import apply_edits, host_of, in_sequence
from torana.envoy.filters.mirror import render_mirrors
from torana.envoy.filters.retry import render_retry
from torana.envoy.filters.rewrite import render_path
from torana.envoy.filters.session import pinned, tell_endpoint
from torana.envoy.fractions import fraction
from torana.envoy.names import INVALID_CLUSTER
from torana.proxy.action import Backend, Forward, PathRewrite, Rewrite
from torana.proxy.route import Route

# The answers Envoy can give for a cluster that does not exist.
_NOT_FOUND_CODES = {
    404: pb.RouteAction.NOT_FOUND,
    500: pb.RouteAction.INTERNAL_SERVER_ERROR,
    503: pb.RouteAction.SERVICE_UNAVAILABLE,
}


def render_forward(plain: pb.Route, route: Route, forward: Forward) -> list[pb.Route]:
    """The route `plain` completed by this action, in as many copies as the backends need."""
    kept = _kept(plain, route, forward)
    groups = _groups(forward)
    if not groups:
        plain.direct_response.status = forward.invalid_status
        apply_edits(plain, None, route.response_headers)
        return [*kept, plain]
    total = sum(backend.weight for backends in groups for backend in backends)
    rendered, taken = [], 0
    for backends in groups:
        copy = plain if len(groups) == 1 else _copy(plain)
        taken += sum(backend.weight for backend in backends)
        if taken < total:
            copy.match.runtime_fraction.default_value.CopyFrom(fraction(taken, total))
        if backends[0].cluster or forward.invalid_status in _NOT_FOUND_CODES:
            _set_action(copy, route, forward, backends)
        else:
            copy.direct_response.status = forward.invalid_status
            apply_edits(copy, None, route.response_headers)
        rendered.append(copy)
    return kept + rendered


def _kept(plain: pb.Route, route: Route, forward: Forward) -> list[pb.Route]:
    """Routes for running sessions, where there is a choice of backends, or one that takes no new sessions."""
    if forward.session is None or (len(forward.backends) == 1 and forward.backends[0].weight > 0):
        return []
    kept = []
    for backend in forward.backends:
        if backend.cluster and backend.keeps_sessions:
            copy = pinned(plain, forward.session, backend)
            _set_action(copy, route, forward, (msgspec.structs.replace(backend, weight=1),))
            kept.append(copy)
    return kept


def _copy(route: pb.Route) -> pb.Route:
    copy = pb.Route()
    copy.CopyFrom(route)
    return copy


def _groups(forward: Forward) -> list[tuple[Backend, ...]]:
    """The backends with weight, those together that one Envoy route can hold; none if nothing valid is among them."""
    weighted = [backend for backend in forward.backends if backend.weight > 0]
    if not any(backend.cluster for backend in weighted):
        return []
    together: list[Backend] = []
    alone: list[tuple[Backend, ...]] = []
    for backend in weighted:
        if _is_special(backend, forward) and len(weighted) > 1:
            alone.append((backend,))
        else:
            together.append(backend)
    return [*alone, tuple(together)] if together else alone


def _is_special(backend: Backend, forward: Forward) -> bool:
    """A weighted cluster cannot express this backend."""
    if backend.cluster:
        return _own_path(backend) is not None
    return forward.invalid_status not in _NOT_FOUND_CODES


def _own_path(backend: Backend) -> PathRewrite | None:
    return backend.rewrite.path if backend.rewrite else None


def _set_action(rendered: pb.Route, route: Route, forward: Forward, backends: tuple[Backend, ...]) -> None:
    action = rendered.route
    # Envoy's own limit of 15 seconds must not leak in: 0 is off.
    if not all(backend.cluster for backend in backends):
        action.cluster_not_found_response_code = _NOT_FOUND_CODES[forward.invalid_status]
    action.timeout.CopyFrom(pb.duration_ms(_timeout_ms(forward)))
    if len(backends) == 1 and not _has_edits(backends[0]):
        action.cluster = backends[0].cluster or INVALID_CLUSTER
        apply_edits(rendered, route.request_headers, route.response_headers)
        if forward.session is not None:
            tell_endpoint(rendered, backends[0].cluster)
    else:
        _set_weighted_clusters(action, route, backends, forward.session is not None)
    path = _own_path(backends[0]) if len(backends) == 1 else None
    _set_rewrite(action, forward.rewrite, path, host_of(route.request_headers))
    retry = render_retry(forward)
    if retry is not None:
        action.retry_policy.CopyFrom(retry)
    action.request_mirror_policies.extend(render_mirrors(forward.mirrors))


def _timeout_ms(forward: Forward) -> int:
    """For the whole exchange. With a single try its limit is the tighter of the two."""
    limits = [forward.request_timeout_ms]
    if forward.retry is None or forward.retry.attempts <= 0:
        limits.append(forward.attempt_timeout_ms)
    return min((limit for limit in limits if limit > 0), default=0)


def _set_weighted_clusters(
    action: pb.RouteAction, route: Route, backends: tuple[Backend, ...], has_session: bool
) -> None:
    """The edits of the rule stand with each backend: Envoy would make them after the backend's own, which must win."""
    for backend in backends:
        entry = action.weighted_clusters.clusters.add(name=backend.cluster or INVALID_CLUSTER)
        entry.weight.value = backend.weight
        request = in_sequence(route.request_headers, backend.request_headers)
        apply_edits(entry, request, in_sequence(route.response_headers, backend.response_headers))
        if has_session:
            tell_endpoint(entry, backend.cluster)
        host = (backend.rewrite.host if backend.rewrite else "") or host_of(backend.request_headers)
        if host:
            entry.host_rewrite_literal = host


def _has_edits(backend: Backend) -> bool:
    own_host = backend.rewrite is not None and bool(backend.rewrite.host)
    return own_host or backend.request_headers is not None or backend.response_headers is not None


def _set_rewrite(action: pb.RouteAction, rewrite: Rewrite | None, own_path: PathRewrite | None, set_host: str) -> None:
    host = (rewrite.host if rewrite else "") or set_host
    if host:
        action.host_rewrite_literal = host
    path = own_path or (rewrite.path if rewrite else None)
    if path is None:
        return
    substitution = render_path(path)
    if substitution.prefix:
        action.prefix_rewrite = substitution.prefix
    elif substitution.regex:
        action.regex_rewrite.CopyFrom(substitution.regex)

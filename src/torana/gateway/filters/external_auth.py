"""ExternalAuth: HTTPExternalAuthFilter → ExternalAuth. Specification: HTTPExternalAuthFilter, GEP-1494.

When nobody can be asked, nobody may pass: without a usable backend the rule answers with an error.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.external_auth import ExternalAuth

FEATURES: tuple[str, ...] = ()


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """The service that the filter asks."""
    spec, path = one.external_auth, f"{path}.externalAuth"
    if spec is None:
        return Reading(findings=(Finding("UnsupportedValue", "the filter's own block is missing", path),))
    if spec.protocol not in ("HTTP", "GRPC"):
        message = f"{spec.protocol} is not a protocol to ask with; use HTTP or GRPC"
        return Reading(findings=(Finding("UnsupportedValue", message, f"{path}.protocol"),))
    verdict = context.resolve(spec.backend_ref, f"{path}.backendRef")
    if verdict.cluster is None or verdict.finding is not None:
        return Reading(unresolved=(verdict.finding,) if verdict.finding else (), is_closed=True)
    cluster = verdict.cluster
    body = spec.forward_body.max_size if spec.forward_body is not None else 0
    if body < 0:
        message = f"{body} is no size of a body; leave forwardBody out to show none"
        return Reading(findings=(Finding("UnsupportedValue", message, f"{path}.forwardBody.maxSize"),))
    authority = f"{cluster.object_name}.{cluster.namespace}"
    if spec.protocol == "GRPC":
        cluster = cluster._replace(protocol="http2")
        shown = tuple(spec.grpc.allowed_headers) if spec.grpc is not None else ()
        auth = ExternalAuth(cluster.name, "grpc", authority, request_headers=shown, max_body_bytes=body)
        return Reading(external_auth=auth, clusters=(cluster,))
    prefix, finding = _prefix(spec.http.path if spec.http is not None else "", f"{path}.http.path")
    if finding is not None:
        return Reading(findings=(finding,))
    auth = ExternalAuth(
        cluster.name,
        "http",
        authority,
        prefix,
        request_headers=tuple(spec.http.allowed_headers) if spec.http is not None else (),
        response_headers=tuple(spec.http.allowed_response_headers) if spec.http is not None else (),
        max_body_bytes=body,
    )
    return Reading(external_auth=auth, clusters=(cluster,))


def _prefix(text: str, path: str) -> tuple[str, Finding | None]:
    """What is put before paths: it begins with a slash and does not end with one, as paths begin with one."""
    segments = unquote(text).replace("\\", "/").split("/")
    if {".", ".."} & set(segments):
        message = f"{text} has a segment . or .., which services read in different ways; write the path without"
        return "", Finding("UnsupportedValue", message, path)
    stripped = text.strip("/")
    return f"/{stripped}" if stripped else "", None


READERS = {"ExternalAuth": read}

"""RequestRedirect: HTTPRequestRedirectFilter → Redirect. The listener's port is filled in where the route meets it."""

from __future__ import annotations

from typing import Any

from torana.gateway.filters.paths import read_path
from torana.gateway.filters.reading import FilterContext, Reading
from torana.gateway.finding import Finding
from torana.proxy.action import Redirect

FEATURES = (
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRoutePathRedirect",
    "HTTPRoutePortRedirect",
    "HTTPRouteSchemeRedirect",
)

_STATUSES = (301, 302, 303, 307, 308)
_SCHEMES = ("http", "https")


def read(one: Any, path: str, context: FilterContext) -> Reading:
    """The redirect that the filter asks for."""
    spec, path = one.request_redirect, f"{path}.requestRedirect"
    if spec is None:
        return Reading(findings=(Finding("UnsupportedValue", "the filter's own block is missing", path),))
    status = spec.status_code or 302
    if status not in _STATUSES:
        message = f"status {status} is not a redirect; use one of {', '.join(map(str, _STATUSES))}"
        return Reading(findings=(Finding("UnsupportedValue", message, f"{path}.statusCode"),))
    if spec.scheme and spec.scheme not in _SCHEMES:
        message = f"scheme {spec.scheme} is not known; use one of {', '.join(_SCHEMES)}"
        return Reading(findings=(Finding("UnsupportedValue", message, f"{path}.scheme"),))
    changed, findings = read_path(spec.path, context.prefix, f"{path}.path")
    redirect = Redirect(status, spec.scheme or "", spec.hostname or "", spec.port or 0, changed)
    return Reading(redirect=redirect, findings=findings)


READERS = {"RequestRedirect": read}

"""What does the API answer when it refuses a request? A `Status` object.

`ApiFailure` is raised anywhere below the HTTP edge and turned into a `Status` (apimachinery `meta/v1`) there. Reasons,
codes and message shapes are those of Kubernetes, because clients branch on reason and people read the message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torana.embedded.apiserver.field_error import FieldError


class ApiFailure(Exception):
    """A refused request: HTTP status, machine-readable reason, message for people, and optional details."""

    def __init__(self, status: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details

    def to_status(self) -> dict[str, Any]:
        """The `Status` object sent to the client."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            body["details"] = self.details
        body["code"] = self.status
        return body


def success(details: dict[str, Any]) -> dict[str, Any]:
    """The `Status` object of a deletion that is complete."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _details(group: str, plural: str, name: str, **more: Any) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    if plural:
        details["kind"] = plural
    details.update(more)
    return details


def qualified(group: str, plural: str) -> str:
    """`httproutes.gateway.networking.k8s.io`, or `services` for the core group."""
    return f"{plural}.{group}" if group else plural


def not_found(group: str, plural: str, name: str) -> ApiFailure:
    message = f'{qualified(group, plural)} "{name}" not found'
    return ApiFailure(404, "NotFound", message, _details(group, plural, name))


def no_such_path() -> ApiFailure:
    return ApiFailure(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, plural: str, name: str) -> ApiFailure:
    message = f'{qualified(group, plural)} "{name}" already exists'
    return ApiFailure(409, "AlreadyExists", message, _details(group, plural, name))


def conflict(group: str, plural: str, name: str, why: str = "") -> ApiFailure:
    why = why or ("the object has been modified; please apply your changes to the latest version and try again")
    message = f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {why}'
    return ApiFailure(409, "Conflict", message, _details(group, plural, name))


def apply_conflict(message: str, causes: list[dict[str, str]]) -> ApiFailure:
    """A server-side apply that would take fields of other managers."""
    return ApiFailure(409, "Conflict", message, {"causes": causes})


def invalid(group: str, kind: str, name: str, errors: Iterable[FieldError]) -> ApiFailure:
    """An object that breaks the schema or a rule."""
    found = list(errors)
    causes = [{"reason": error.type, "message": error.body, "field": error.path} for error in found]
    lines = [str(error) for error in found]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    subject = f"{kind}.{group}" if group else kind
    details = _details(group, kind, name, causes=causes)
    return ApiFailure(422, "Invalid", f'{subject} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> ApiFailure:
    return ApiFailure(400, "BadRequest", message)


def forbidden(group: str, plural: str, name: str, why: str, causes: list[dict[str, Any]] | None = None) -> ApiFailure:
    subject = f'{qualified(group, plural)} "{name}"' if name else qualified(group, plural)
    details = _details(group, plural, name)
    if causes:
        details["causes"] = causes
    return ApiFailure(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def unauthorized() -> ApiFailure:
    return ApiFailure(401, "Unauthorized", "Unauthorized")


def expired(requested: int, oldest: int) -> ApiFailure:
    return ApiFailure(410, "Expired", f"too old resource version: {requested} ({oldest})")


def continue_expired() -> ApiFailure:
    return ApiFailure(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. "
        "Start a new list without the continue parameter.",
    )


def too_large_version(requested: int, current: int) -> ApiFailure:
    return ApiFailure(
        504,
        "Timeout",
        f"Too large resource version: {requested}, current: {current}",
        {
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
    )


def too_large_body(limit: int) -> ApiFailure:
    return ApiFailure(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def unsupported_media(content_type: str, supported: Iterable[str]) -> ApiFailure:
    message = (
        f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
        + (f" (got {content_type})" if content_type else "")
    )
    return ApiFailure(415, "UnsupportedMediaType", message)


def not_acceptable(supported: Iterable[str]) -> ApiFailure:
    message = f"only the following media types are accepted: {', '.join(supported)}"
    return ApiFailure(406, "NotAcceptable", message)


def method_not_supported(group: str, plural: str, verb: str) -> ApiFailure:
    message = f'{verb} is not supported on resources of kind "{qualified(group, plural)}"'
    return ApiFailure(405, "MethodNotAllowed", message, _details(group, plural, ""))

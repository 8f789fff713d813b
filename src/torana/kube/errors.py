"""What can go wrong when talking to a Kubernetes API: it answered with an error, or it could not be reached."""

from __future__ import annotations

from typing import Any

import orjson


class KubeError(Exception):
    """Any failure of a request to a Kubernetes API."""


class ConfigError(KubeError):
    """The kubeconfig (or in-cluster configuration) cannot be used. The message names file, field and remedy."""


class Unreachable(KubeError):
    """No answer came: the connection was refused, broken or timed out. A write may or may not have happened."""


class ApiError(KubeError):
    """The API server answered with an error status (a `metav1.Status` when it speaks Kubernetes)."""

    def __init__(self, status: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{message} ({status} {reason})" if reason else f"{message} ({status})")
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or {}

    @property
    def is_not_found(self) -> bool:
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        """The object changed since it was read (or an apply met another manager's field)."""
        return self.status == 409 and self.reason != "AlreadyExists"

    @property
    def is_already_exists(self) -> bool:
        return self.status == 409 and self.reason == "AlreadyExists"

    @property
    def is_gone(self) -> bool:
        """The resourceVersion or continue token is too old: list again."""
        return self.status == 410


def error_of_status(body: dict[str, Any], http_status: int = 0) -> ApiError:
    """The error that a `metav1.Status` object stands for."""
    status = int(body.get("code") or http_status)
    message = str(body.get("message") or body.get("reason") or "the API server gave no message")
    details = body.get("details")
    return ApiError(status, str(body.get("reason") or ""), message, details if isinstance(details, dict) else None)


def error_of_response(http_status: int, body: bytes) -> ApiError:
    """The error that a response stands for, also when a proxy in between wrote it in its own words."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        decoded = None
    if isinstance(decoded, dict) and decoded.get("kind") == "Status":
        return error_of_status(decoded, http_status)
    text = body[:300].decode("utf-8", "replace").strip()
    return ApiError(http_status, "", text or "the server answered without a body")

"""Which object does a request body hold? JSON, YAML or Kubernetes protobuf, by content type."""

from __future__ import annotations

from typing import Any

from torana.embedded.apiserver import errors, protobuf
from torana.embedded.apiserver.request import Request
from torana.embedded.apiserver.strict import BodyError, parse_body

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
SUPPORTED = (JSON, YAML, PROTOBUF)


def media_type(header: str) -> str:
    """The media type of a Content-Type header, without parameters."""
    return header.partition(";")[0].strip().lower()


def decode(request: Request) -> tuple[Any, list[str]]:
    """The decoded body and the paths of duplicate keys in it."""
    content_type = media_type(request.headers.get("content-type", "")) or JSON
    if content_type == PROTOBUF:
        try:
            return protobuf.decode(request.body), []
        except protobuf.ProtobufError as error:
            raise errors.bad_request(f"the body could not be decoded as protobuf: {error}") from error
    if content_type not in (JSON, YAML, "text/json", "text/yaml", "application/x-www-form-urlencoded"):
        raise errors.unsupported_media(content_type, SUPPORTED)
    try:
        return parse_body(request.body, content_type)
    except (BodyError, RecursionError) as error:
        raise errors.bad_request(str(error) or "the body is nested too deeply") from error


def decode_object(request: Request) -> tuple[dict[str, Any], list[str]]:
    """The same, when the body must be an object with `metadata` as an object."""
    value, duplicates = decode(request)
    if not isinstance(value, dict):
        raise errors.bad_request("the body of the request must be one object")
    if value.get("metadata") is None:
        value["metadata"] = {}
    if not isinstance(value["metadata"], dict):
        raise errors.bad_request("metadata must be an object")
    return value, duplicates


def decode_options(request: Request) -> dict[str, Any]:
    """DeleteOptions of a request: the body, if there is one, and query parameters."""
    options: dict[str, Any] = {}
    if request.body.strip():
        options, _ = decode(request)
        if not isinstance(options, dict):
            raise errors.bad_request("DeleteOptions must be an object")
    if "propagationPolicy" in request.query:
        options.setdefault("propagationPolicy", request.query["propagationPolicy"])
    if request.query.get("gracePeriodSeconds", "").lstrip("-").isdigit():
        options.setdefault("gracePeriodSeconds", int(request.query["gracePeriodSeconds"]))
    return options

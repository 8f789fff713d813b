"""What is the smallest example that still shows a difference? Parts are left out, one at a time, while it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from tests.reference.request import Request

Document = dict[str, Any]
Example = tuple[list[Document], Request]

_OPTIONAL = frozenset(
    {
        "matches", "filters", "hostnames", "headers", "queryParams", "method", "weight", "namespace", "sectionName",
        "port", "hostname", "scheme", "statusCode", "path", "set", "add", "remove", "kinds", "allowedRoutes",
        "backendRefs", "service", "creationTimestamp", "labels", "allowedListeners", "kind",
    }
)  # fmt: skip
"""Fields of routes and listeners that may be left out."""


async def shrink(example: Example, still_fails: Callable[[Example], Awaitable[bool]], most: int = 400) -> Example:
    """The example with everything left out that can be; `most` limits the tries."""
    tries = 0
    progress = True
    while progress and tries < most:
        progress = False
        for smaller in _smaller(example):
            tries += 1
            if await still_fails(smaller):
                example, progress = smaller, True
                break
            if tries >= most:
                break
    return example


def _smaller(example: Example) -> Iterator[Example]:
    documents, request = example
    for at, document in enumerate(documents):
        if document["kind"] not in ("Gateway", "GatewayClass"):
            yield documents[:at] + documents[at + 1 :], request
    for at in range(len(request.headers)):
        yield documents, request._replace(headers=request.headers[:at] + request.headers[at + 1 :])
    if request.query:
        yield documents, request._replace(path=request.bare_path)
    for at, document in enumerate(documents):
        if "spec" in document and document["kind"] in ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute"):
            for spec in _without_one(document["spec"]):
                yield [*documents[:at], document | {"spec": spec}, *documents[at + 1 :]], request


def _without_one(value: Any) -> Iterator[Any]:
    """The value with one part of it, at any depth, left out."""
    if isinstance(value, list):
        for at in range(len(value) if len(value) > 1 else 0):
            yield value[:at] + value[at + 1 :]
        for at, child in enumerate(value):
            for smaller in _without_one(child):
                yield [*value[:at], smaller, *value[at + 1 :]]
    elif isinstance(value, dict):
        for name in value:
            if name in _OPTIONAL:
                yield {key: child for key, child in value.items() if key != name}
        for name, child in value.items():
            for smaller in _without_one(child):
                yield value | {name: smaller}

"""Is an answer one of those that the model allows?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.reference import filters
from tests.reference.client import Answer
from tests.reference.decision import Outcome
from tests.reference.request import Request
from tests.reference.vocabulary import HEADERS, answered_headers

_GRPC_STATUS = {200: "0", 404: "12", 503: "14"}
"""What a gRPC client is told instead of a status; any other is 2, unknown."""
_HOST = re.compile(r"^https?://[^/]*")


def describe(outcome: Outcome, request: Request) -> dict[str, object]:
    """An outcome in the words of `told`."""
    found: dict[str, object] = {"status": outcome.status}
    if request.is_grpc and outcome.status and not outcome.backend:
        return {"status": 200, "grpc-status": _GRPC_STATUS.get(outcome.status, "2")}
    if outcome.location:
        found["location"] = outcome.location
    if outcome.backend:
        headers: Mapping[str, str] = answered_headers()
        for edits in outcome.response_edits:
            headers = filters.with_edits(headers, edits)
        found |= {"backend": outcome.backend, "path": outcome.path, "host": outcome.host}
        found |= {"headers": _shown(dict(outcome.headers)), "answer headers": _shown(headers)}
    return found


def told(answer: Answer, request: Request) -> dict[str, object]:
    """An answer, as far as the model says something about it."""
    found: dict[str, object] = {"status": answer.status}
    seen = answer.seen
    if seen is not None:
        found |= {"backend": seen["backend"], "path": seen["path"], "host": seen["host"]}
        return found | {"headers": _shown(seen["headers"]), "answer headers": _shown(answer.headers)}
    if request.is_grpc and answer.status:
        return found | {"grpc-status": answer.grpc_status}
    location = answer.headers.get("location")
    if location is None:
        return found
    # Names are the same in any letter case.
    return found | {"location": _HOST.sub(lambda name: name.group().lower(), location)}


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in HEADERS if name in headers}

"""Does the proxy decide as the model says? Asks it, and tells of a difference as a story that a person can follow."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import NamedTuple

import yaml
from tests.e2e.envoy_rig import HOST
from tests.reference import identities
from tests.reference.client import Answer, ask
from tests.reference.comparison import describe, told
from tests.reference.decision import Decision, decide
from tests.reference.objects import Objects
from tests.reference.proxy import Document, Running
from tests.reference.request import Request

from torana.api.kind import Ref

AT_ONCE = 8
SETTLED_S = 2.0
"""How long Envoy's threads may take to see what Envoy has accepted, and a copy to arrive."""

_KEYS = itertools.count()


class Difference(NamedTuple):
    request: Request
    decision: Decision
    answer: Answer
    missing: tuple[str, ...] = ()
    """Mirrors that saw nothing, or a certificate that was not shown."""


async def difference(
    proxy: Running,
    gateway: Ref,
    documents: Sequence[Document],
    requests: Sequence[Request],
    settled_s: float = SETTLED_S,
) -> Difference | None:
    """The first request, of those sent, that does not come out as the model says; None when all do."""
    objects = Objects(documents)
    left = iter(requests)

    async def work() -> Difference | None:
        for request in left:
            found = await _check(proxy, decide(objects, gateway, request), request, settled_s)
            if found is not None:
                return found
        return None

    results = await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return next((one for one in results if one is not None), None)


async def _check(proxy: Running, decision: Decision, request: Request, settled_s: float) -> Difference | None:
    """Asks again for a while when the answer is not right, since threads of Envoy take a configuration over later."""
    allowed = [describe(outcome, request) for outcome in decision.outcomes]
    deadline = time.monotonic() + settled_s
    while True:
        key = str(next(_KEYS))
        answer = await ask(HOST, request._replace(headers=(*request.headers, ("x-key", key))))
        if told(answer, request) in allowed:
            expected = {identities.shown_by(one): one for one in decision.certificates}
            if answer.certificate and answer.certificate not in expected:
                return Difference(request, decision, answer, (f"another certificate than {expected.values()}",))
            missing = await _missing(proxy, decision, answer, key, deadline)
            return Difference(request, decision, answer, missing) if missing else None
        if time.monotonic() > deadline:
            return Difference(request, decision, answer)
        await asyncio.sleep(0.02)


async def _missing(proxy: Running, decision: Decision, answer: Answer, key: str, deadline: float) -> tuple[str, ...]:
    """The backends that should have had the request and did not, or the other way round."""
    seen = answer.seen
    if seen is None:
        return ()
    expected = sorted([seen["backend"], *decision.mirrors])
    while sorted(proxy.arrivals[key]) != expected and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    arrived = sorted(proxy.arrivals.pop(key))
    return () if arrived == expected else (f"expected at {expected}", f"came to {arrived}")


def story(documents: Sequence[Document], found: Difference) -> str:
    """Objects, request, expected, got."""
    shown = [one for one in documents if one["kind"] not in ("GatewayClass", "Namespace", "EndpointSlice", "Secret")]
    decision, request = found.decision, found.request
    expected = "\n".join(f"{one.weight} of it: {describe(one, request)}" for one in decision.outcomes)
    parts = {
        "Objects": yaml.safe_dump_all(shown, sort_keys=False, default_flow_style=None, width=140).strip(),
        "Request": str(request),
        "Expected": f"listener {decision.listener}, by {decision.rule or 'no rule'}\n{expected}",
        "Got": str(told(found.answer, request)),
    }
    if found.missing:
        parts["Missing"] = "\n".join(found.missing)
    return "\n\n".join(f"--- {title}\n{text}" for title, text in parts.items())

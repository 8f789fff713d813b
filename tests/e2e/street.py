"""What do the routing tests share? One Gateway with three echo backends; each test adds routes of its own hostname."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Answer, Door
from tests.e2e.conditions import wait_programmed, wait_route
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

BACKENDS = ("v1", "v2", "v3")
_numbers = itertools.count(1)


class Street:
    """A Gateway `gw` on port 80 in `namespace`, with the Services v1, v2 and v3 beside it."""

    def __init__(self, kubernetes: Kubernetes, namespace: str, door: Door) -> None:
        self.kubernetes, self.namespace, self.door = kubernetes, namespace, door

    def hostname(self, wanted: str) -> str:
        """A hostname that no other test uses."""
        return f"{re.sub('[^a-z0-9]+', '-', wanted.lower())[:50].strip('-')}-{next(_numbers)}.example.com"

    def route(self, host: str, *rules: Document, name: str = "", hostnames: tuple[str, ...] = ()) -> str:
        """A route for `host` is accepted and served; returns the object's name."""
        name = name or host.split(".")[0].replace("*", "any")
        self.kubernetes.apply(
            documents.route(self.namespace, name, documents.parent("gw"), *rules, hostnames=hostnames or (host,))
        )
        wait_route(self.kubernetes, self.namespace, name, "gw")
        return name

    def ask(self, host: str, path: str = "/", **more: object) -> Answer:
        return self.door.ask(host, path, **more)  # type: ignore[arg-type]

    def expect(self, check: Callable[[], object], *, deadline_s: float = 5) -> None:
        """The check holds soon: an accepted route is served within moments."""
        eventually(check, deadline_s=deadline_s)

    def expect_backend(self, backend: str, host: str, path: str = "/", **more: object) -> None:
        def check() -> None:
            answer = self.ask(host, path, **more)
            assert answer.status == 200, f"{host}{path}: {answer.status} {answer.body[:200]!r}"
            assert answer.backend == backend, f"{host}{path}: {answer.backend} answered"

        self.expect(check)

    def expect_status(self, status: int, host: str, path: str = "/", **more: object) -> Answer:
        def check() -> Answer:
            answer = self.ask(host, path, **more)
            assert answer.status == status, f"{host}{path}: {answer.status} {answer.body[:200]!r}"
            return answer

        return eventually(check, deadline_s=5)


@pytest.fixture(scope="module")
def street(kubernetes: Kubernetes, module_namespace: str) -> Street:
    kubernetes.apply(documents.gateway(module_namespace, "gw"))
    for name in BACKENDS:
        kubernetes.apply(*documents.echo(module_namespace, name))
    door = Door(wait_programmed(kubernetes, module_namespace, "gw"))
    made = Street(kubernetes, module_namespace, door)
    rules = [documents.rule(documents.backend(name), matches=(documents.path(f"/{name}"),)) for name in BACKENDS]
    made.route("warm.example.com", *rules, name="warm")
    for name in BACKENDS:
        eventually(
            lambda name=name: made.expect_backend(name, "warm.example.com", f"/{name}"),  # type: ignore[misc]
            deadline_s=20,
        )
    return made

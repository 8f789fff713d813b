"""Do three teams share an installation without being able to touch each other?

Teams A and B attach routes from their own namespaces to one shared Gateway; team C has a Gateway that nobody else can
use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import listener_status, wait_programmed, wait_route
from tests.e2e.documents import backend, listener, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import always, eventually

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Teams:
    """Namespaces of the operator and of teams a, b and c, and the doors of the two Gateways."""

    operator: str
    a: str
    b: str
    c: str
    shared: Door
    own: Door


@pytest.fixture(scope="module")
def teams(kubernetes: Kubernetes, module_namespace: str) -> Iterator[Teams]:
    """`shared` admits namespaces labelled as tenants; `own` in team C's namespace admits only its own routes."""
    names = {team: f"{module_namespace}-{team}" for team in "abc"}
    tenant = f"tenant-of-{module_namespace}"
    for team, name in names.items():
        kubernetes.apply(documents.namespace(name, **({} if team == "c" else {tenant: "yes"})))
        kubernetes.apply(*documents.echo(name, f"app-{team}"))
    selector = {"matchLabels": {tenant: "yes"}}
    kubernetes.apply(
        documents.gateway(module_namespace, "shared", listener(from_="Selector", selector=selector)),
        documents.gateway(names["c"], "own", listener(from_="Same")),
    )
    for team in "ab":
        kubernetes.apply(
            documents.route(
                names[team],
                "site",
                parent("shared", module_namespace),
                rule(backend(f"app-{team}")),
                hostnames=(f"{team}.example.com",),
            )
        )
    kubernetes.apply(
        documents.route(names["c"], "site", parent("own"), rule(backend("app-c")), hostnames=("c.example.com",))
    )
    shared = Door(wait_programmed(kubernetes, module_namespace, "shared"))
    own = Door(wait_programmed(kubernetes, names["c"], "own"))
    yield Teams(module_namespace, names["a"], names["b"], names["c"], shared, own)
    for name in names.values():
        kubernetes.delete("Namespace", "", name)


def test_each_team_is_served_by_its_own_gateway(kubernetes: Kubernetes, teams: Teams) -> None:
    for door, team in ((teams.shared, "a"), (teams.shared, "b"), (teams.own, "c")):

        def served(door: Door = door, team: str = team) -> None:
            answer = door.ask(f"{team}.example.com")
            assert answer.status == 200, f"{team}: {answer.status}"
            assert answer.backend == f"app-{team}"

        eventually(served, deadline_s=20)
    assert teams.shared.address != teams.own.address
    assert teams.shared.ask("c.example.com").status == 404
    assert teams.own.ask("a.example.com").status == 404


def test_the_shared_gateway_counts_the_routes_of_both_teams(kubernetes: Kubernetes, teams: Teams) -> None:
    def counted() -> None:
        gateway = kubernetes.get("Gateway", teams.operator, "shared")
        assert listener_status(gateway, "http")["attachedRoutes"] == 2

    eventually(counted)


def test_nobody_else_can_attach_to_team_cs_gateway(kubernetes: Kubernetes, teams: Teams) -> None:
    kubernetes.apply(
        documents.route(
            teams.a, "intruder", parent("own", teams.c), rule(backend("app-a")), hostnames=("intruder.example.com",)
        )
    )
    wait_route(kubernetes, teams.a, "intruder", "own", status="False", reason="NotAllowedByListeners")
    assert teams.own.ask("intruder.example.com").status == 404
    kubernetes.delete("HTTPRoute", teams.a, "intruder")


def test_a_namespace_without_the_label_cannot_attach_to_the_shared_gateway(
    kubernetes: Kubernetes, teams: Teams
) -> None:
    kubernetes.apply(
        documents.route(
            teams.c, "guest", parent("shared", teams.operator), rule(backend("app-c")), hostnames=("guest.example.com",)
        )
    )
    wait_route(kubernetes, teams.c, "guest", "shared", status="False", reason="NotAllowedByListeners")
    assert teams.shared.ask("guest.example.com").status == 404
    kubernetes.delete("HTTPRoute", teams.c, "guest")


def test_a_team_cannot_send_to_anothers_backend_without_a_grant(kubernetes: Kubernetes, teams: Teams) -> None:
    borrowed = backend("app-b", namespace=teams.b)
    kubernetes.apply(
        documents.route(
            teams.a, "borrow", parent("shared", teams.operator), rule(borrowed), hostnames=("borrow.example.com",)
        )
    )
    wait_route(kubernetes, teams.a, "borrow", "shared", "ResolvedRefs", "False", "RefNotPermitted")

    def refused() -> None:
        assert teams.shared.ask("borrow.example.com").status == 500

    eventually(refused)
    kubernetes.apply(documents.grant(teams.b, "lend", from_kind="HTTPRoute", from_namespace=teams.a, to_kind="Service"))
    wait_route(kubernetes, teams.a, "borrow", "shared", "ResolvedRefs")

    def lent() -> None:
        answer = teams.shared.ask("borrow.example.com")
        assert answer.status == 200
        assert answer.backend == "app-b"

    eventually(lent)
    kubernetes.delete("ReferenceGrant", teams.b, "lend")
    eventually(refused)
    kubernetes.delete("HTTPRoute", teams.a, "borrow")


def test_a_broken_route_of_one_team_disturbs_nobody(kubernetes: Kubernetes, teams: Teams) -> None:
    eventually(lambda: _expect(teams.shared, "b.example.com", 200))
    kubernetes.apply(
        documents.route(
            teams.a,
            "broken",
            parent("shared", teams.operator),
            rule(backend("missing")),
            hostnames=("broken.example.com",),
        )
    )
    wait_route(kubernetes, teams.a, "broken", "shared", "ResolvedRefs", "False", "BackendNotFound")
    eventually(lambda: _expect(teams.shared, "broken.example.com", 500))
    always(lambda: _expect(teams.shared, "b.example.com", 200), for_s=0.5)
    kubernetes.delete("HTTPRoute", teams.a, "broken")


def _expect(door: Door, host: str, status: int) -> None:
    answer = door.ask(host)
    assert answer.status == status, f"{host}: {answer.status} {answer.body[:200]!r}"

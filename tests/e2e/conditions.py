"""What does an object's status say, and is it about the object as it stands now?"""

from __future__ import annotations

from bench.api import Document
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually


def condition(entries: list[Document], type_: str) -> Document:
    """The condition of that type; fails when there is none or more than one."""
    found = [each for each in entries if each["type"] == type_]
    assert len(found) == 1, f"{len(found)} conditions {type_} among {entries}"
    return found[0]


def gateway_condition(gateway: Document, type_: str) -> Document:
    return condition(gateway.get("status", {}).get("conditions", []), type_)


def listener_status(gateway: Document, name: str) -> Document:
    found = [each for each in gateway.get("status", {}).get("listeners", []) if each["name"] == name]
    assert len(found) == 1, f"{len(found)} statuses of listener {name}: {gateway.get('status')}"
    status: Document = found[0]
    return status


def parent_conditions(route: Document, gateway: str) -> list[Document]:
    """Conditions that the route's status holds for its one parent of that name."""
    parents = [each for each in route.get("status", {}).get("parents", []) if each["parentRef"]["name"] == gateway]
    assert len(parents) == 1, f"{len(parents)} status entries for parent {gateway}: {route.get('status')}"
    return list(parents[0]["conditions"])


def expect(found: Document, owner: Document, status: str, reason: str = "") -> None:
    """The condition has that status (and reason) and speaks of the owner's current generation."""
    assert found["status"] == status, f"{found['type']}={found['status']} {found['reason']}: {found['message']}"
    assert not reason or found["reason"] == reason, f"{found['type']}: {found['reason']}: {found['message']}"
    assert found["observedGeneration"] == owner["metadata"]["generation"], f"{found} is about an older generation"


def wait_policy(
    kubernetes: Kubernetes, namespace: str, name: str, type_: str = "Accepted", status: str = "True", reason: str = ""
) -> None:
    """Waits until the BackendTLSPolicy's status says so for its one Gateway."""

    def check() -> None:
        policy = kubernetes.get("BackendTLSPolicy", namespace, name)
        ancestors = policy.get("status", {}).get("ancestors", [])
        assert len(ancestors) == 1, f"{len(ancestors)} ancestors: {policy.get('status')}"
        expect(condition(ancestors[0]["conditions"], type_), policy, status, reason)

    eventually(check)


def wait_programmed(kubernetes: Kubernetes, namespace: str, name: str, *, deadline_s: float = 30) -> str:
    """Waits until the Gateway is Accepted and Programmed as it stands; returns its address."""

    def check() -> str:
        gateway = kubernetes.get("Gateway", namespace, name)
        expect(gateway_condition(gateway, "Accepted"), gateway, "True")
        expect(gateway_condition(gateway, "Programmed"), gateway, "True")
        addresses = gateway["status"].get("addresses", [])
        assert addresses, f"Gateway {namespace}/{name} has no address"
        return str(addresses[0]["value"])

    return eventually(check, deadline_s=deadline_s)


def wait_route(
    kubernetes: Kubernetes,
    namespace: str,
    name: str,
    gateway: str,
    type_: str = "Accepted",
    status: str = "True",
    reason: str = "",
    *,
    deadline_s: float = 15,
) -> Document:
    """Waits until the route's status for that parent has the condition; returns the condition."""

    def check() -> Document:
        route = kubernetes.get("HTTPRoute", namespace, name)
        found = condition(parent_conditions(route, gateway), type_)
        expect(found, route, status, reason)
        return found

    return eventually(check, deadline_s=deadline_s)

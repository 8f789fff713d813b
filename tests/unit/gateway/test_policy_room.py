"""What becomes of Gateways for which a policy's status has no room?"""

from __future__ import annotations

from typing import Any

from tests.e2e.certificates import self_signed
from tests.golden.page import Outcome

from torana.api.kind import Ref

GROUP = "gateway.networking.k8s.io"
GATEWAYS = tuple(f"gw{number:02}" for number in range(18))


def world(strangers: int = 0) -> Outcome:
    """18 Gateways with one route to one Service, and a policy for it; others have written of it already."""
    entry = {"ancestorRef": {"name": "x"}, "controllerName": "example.com/other", "conditions": []}
    policy: dict[str, Any] = {
        "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "validation": {
            "hostname": "web.example.com",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
        },
    }
    route = {"parentRefs": [{"name": name} for name in GATEWAYS], "rules": [{"backendRefs": [_backend()]}]}
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    gateways = [_made("Gateway", name, {"gatewayClassName": "torana", "listeners": [listener]}) for name in GATEWAYS]
    return Outcome(
        [
            *gateways,
            _made("HTTPRoute", "web", route),
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 443}]}},
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "ca"},
                "data": {"ca.crt": self_signed("web.example.com").certificate},
            },
            {**_made("BackendTLSPolicy", "web", policy), "status": {"ancestors": [entry] * strangers}},
        ]
    )


def _backend() -> dict[str, Any]:
    return {"name": "web", "port": 443}


def _made(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def served(outcome: Outcome) -> list[str]:
    clusters = sorted(outcome.graph.clusters.clusters.items.items())
    assert all(one.tls is not None or one.refusal for _, one in clusters), "never in plain text"
    return [gateway.name for (gateway, _), one in clusters if one.tls is not None]


def test_gateways_that_the_status_cannot_speak_of_get_nothing_through() -> None:
    outcome = world()
    told = outcome.status("BackendTLSPolicy", Ref("default", "web"))["ancestors"]
    assert served(outcome) == [one["ancestorRef"]["name"] for one in told] == list(GATEWAYS[:16])


def test_entries_of_other_controllers_take_room() -> None:
    assert served(world(strangers=14)) == list(GATEWAYS[:2])
    assert served(world(strangers=16)) == []

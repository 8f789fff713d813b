"""What the proxy itself refuses: the last accepted version is served, the guilty object says so, neighbours go on."""

from __future__ import annotations

import pytest
from tests.e2e.documents import backend, path, rule
from tests.e2e.home import Home
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.street import Street, street
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e
__all__ = ["street"]

TOO_LARGE = "/" + "[a-z]{1,900}" * 40
"""A regular expression that RE2 takes and Envoy finds too large."""


ASKS = {
    "type": "ExternalAuth",
    "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "v3", "port": 3000}, "http": {"path": "/"}},
}


def regular_expression(value: str) -> dict[str, dict[str, str]]:
    return {"path": {"type": "RegularExpression", "value": value}}


def condition(street: Street, name: str, kind: str) -> dict[str, object]:
    route = street.kubernetes.get("HTTPRoute", street.namespace, name)
    found = [one for one in route["status"]["parents"][0]["conditions"] if one["type"] == kind]
    assert found, route["status"]
    return dict(found[0])


def test_a_rejected_change_keeps_the_accepted_version_and_says_so(street: Street) -> None:
    host, other = street.hostname("rejected"), street.hostname("neighbour")
    name = street.route(host, rule(backend("v1")))
    street.route(other, rule(backend("v2")))
    street.expect_backend("v1", host)
    street.expect_backend("v2", other)
    client = SteadyClient(street.door, other)
    with running(client):
        bad = rule(backend("v3"), matches=(regular_expression(TOO_LARGE),))
        street.kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {"rules": [bad]}})
        refused = eventually(lambda: condition(street, name, "PartiallyInvalid"), deadline_s=30)
        assert refused["status"] == "True"
        assert "max program size" in str(refused["message"])
        assert str(refused["message"]).startswith("Fall Back")
        served = condition(street, name, "Accepted")
        assert (served["status"], served["observedGeneration"]) == ("True", 1)
        street.expect_backend("v1", host)
        good = rule(backend("v3"))
        street.kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {"rules": [good]}})
        street.expect_backend("v3", host)
    client.expect_no_failure()

    def healed() -> None:
        route = street.kubernetes.get("HTTPRoute", street.namespace, name)
        kinds = {one["type"] for one in route["status"]["parents"][0]["conditions"]}
        assert kinds == {"Accepted", "ResolvedRefs"}

    eventually(healed, deadline_s=30)


def test_a_rejected_filter_is_not_in_force_and_the_status_says_which_version_is(home: Home, street: Street) -> None:
    """Also that what was served before a restart of the controller is then refused, not left to other routes."""
    host, kubernetes = street.hostname("asking"), street.kubernetes
    street.route(host, rule(backend("v2")))
    name = street.route(host, rule(backend("v1"), matches=(path("/private"),)), name="private")
    street.expect_backend("v1", host, "/private")
    first = kubernetes.get("HTTPRoute", street.namespace, name)["metadata"]["generation"]
    asking = rule(backend("v1"), matches=(path("/private"),), filters=(ASKS,))
    spec = {"rules": [asking, rule(backend("v1"), matches=(regular_expression(TOO_LARGE),))]}
    kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {**spec, "hostnames": [host, f"more.{host}"]}})
    eventually(lambda: condition(street, name, "PartiallyInvalid"), deadline_s=30)
    accepted = condition(street, name, "Accepted")
    assert (accepted["status"], accepted["observedGeneration"]) == ("True", first)
    street.expect_backend("v1", host, "/private")
    street.expect_status(404, f"more.{host}", "/private")

    killed = home.kill("controller")
    eventually(lambda: _is_back(home, killed), deadline_s=40)

    def lost() -> None:
        told = condition(street, name, "Accepted")
        assert (told["status"], told["reason"]) == ("False", "FallbackLost"), told

    eventually(lost, deadline_s=30)
    assert street.ask(host, "/private").status == 500
    good = {"spec": {"rules": [rule(backend("v1"), matches=(path("/private"),))]}}
    kubernetes.merge("HTTPRoute", street.namespace, name, good)
    street.expect_backend("v1", host, "/private")
    street.expect_backend("v2", host, "/")


def _is_back(home: Home, killed: int) -> None:
    assert home.pid_of("controller") not in (0, killed)

"""Which hostnames are wider, and what does a listener add to its redirects?"""

from __future__ import annotations

import pytest

from torana.api.kind import ObjectRef, Ref
from torana.gateway.hostnames import wider_domains
from torana.gateway.hosts import Placement, assemble, routes_of
from torana.gateway.listeners import ListenerKey
from torana.gateway.precedence import order, rank
from torana.gateway.routes.compiled import CompiledRoute, Entry
from torana.gateway.routes.key import RouteKey
from torana.proxy.action import Redirect
from torana.proxy.match import Match
from torana.proxy.origin import Origin
from torana.proxy.route import Host, Route


def on_listener(redirect: Redirect, protocol: str, port: int) -> Redirect:
    entry = Entry(order(rank(Match()), "", Ref("shop", "r"), 0, 0), Route("r", Match(), redirect))
    placement = Placement(ListenerKey(Ref("shop", "web"), "l"), port, protocol)
    action = assemble([(CompiledRoute((entry,)), placement)])[0].action
    assert isinstance(action, Redirect)
    return action


def test_wider_domains_come_by_how_specific_they_are() -> None:
    assert wider_domains("www.example.com") == ("*.example.com", "*.com", "*")
    assert wider_domains("*.example.com") == ("*.com", "*")
    assert wider_domains("com") == ("*",)
    assert wider_domains("*") == ()


@pytest.mark.parametrize(
    ("redirect", "protocol", "port", "expected"),
    [
        (Redirect(), "HTTP", 8080, Redirect(port=8080)),
        (Redirect(), "HTTP", 80, Redirect(scheme="http")),
        (Redirect(), "HTTPS", 443, Redirect(scheme="https")),
        (Redirect(port=80), "HTTP", 8080, Redirect(scheme="http")),
        (Redirect(port=80), "HTTPS", 443, Redirect(port=80)),
        (Redirect(scheme="https"), "HTTP", 8080, Redirect(scheme="https")),
        (Redirect(scheme="https", port=443), "HTTP", 80, Redirect(scheme="https")),
        (Redirect(scheme="https", port=80), "HTTP", 80, Redirect(scheme="https", port=80)),
        (Redirect(host="a.test"), "HTTP", 80, Redirect(host="a.test")),
    ],
)
def test_a_redirect_names_a_port_only_where_its_scheme_does_not_imply_it(
    redirect: Redirect, protocol: str, port: int, expected: Redirect
) -> None:
    assert on_listener(redirect, protocol, port) == expected


def test_a_host_knows_the_routes_that_it_is_made_of() -> None:
    origin = Origin(ObjectRef("gateway.networking.k8s.io", "HTTPRoute", "shop", "r"), "spec.rules[0]")
    host = Host("a.test", (Route("r", Match(), Redirect(), origin=origin), Route("fence", Match(), Redirect())))
    assert routes_of(host) == {RouteKey("HTTPRoute", Ref("shop", "r"))}

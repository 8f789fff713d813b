"""Which rule takes a request? Paths, headers, queries, methods, hostnames and their precedence, seen through Envoy."""

from __future__ import annotations

import pytest
from tests.e2e import documents
from tests.e2e.documents import backend, path, rule
from tests.e2e.street import Street, street

pytestmark = pytest.mark.e2e
__all__ = ["street"]


def test_an_exact_path_wins_over_a_longer_list_of_prefixes(street: Street) -> None:
    host = street.hostname("exact")
    street.route(
        host,
        rule(backend("v1"), matches=(path("/"),)),
        rule(backend("v2"), matches=(path("/shop"),)),
        rule(backend("v3"), matches=(path("/shop/cart", "Exact"),)),
    )
    street.expect_backend("v3", host, "/shop/cart")
    street.expect_backend("v2", host, "/shop/cart/items")
    street.expect_backend("v2", host, "/shop/")
    street.expect_backend("v2", host, "/shop")
    street.expect_backend("v1", host, "/shopping")
    street.expect_backend("v1", host, "/")


def test_a_longer_prefix_wins_wherever_it_stands(street: Street) -> None:
    host = street.hostname("prefix")
    street.route(
        host,
        rule(backend("v1"), matches=(path("/a"),)),
        rule(backend("v2"), matches=(path("/a/b/c"),)),
        rule(backend("v3"), matches=(path("/a/b/"),)),
    )
    street.expect_backend("v2", host, "/a/b/c/d")
    street.expect_backend("v3", host, "/a/b")
    street.expect_backend("v3", host, "/a/b/x")
    street.expect_backend("v1", host, "/a/c")
    street.expect_status(404, host, "/b")


def test_a_regular_expression_must_match_the_whole_path(street: Street) -> None:
    host = street.hostname("regex")
    street.route(host, rule(backend("v2"), matches=(path("/item/[0-9]+", "RegularExpression"),)))
    street.expect_backend("v2", host, "/item/42")
    street.expect_backend("v2", host, "/item/42?sort=up")
    assert street.ask(host, "/item/42/more").status == 404
    assert street.ask(host, "/item/x").status == 404


def test_headers_queries_and_methods_must_all_match(street: Street) -> None:
    host = street.hostname("all")
    street.route(
        host,
        rule(
            backend("v1"),
            matches=(
                {
                    **path("/"),
                    "method": "POST",
                    "headers": [{"name": "X-Version", "value": "two"}],
                    "queryParams": [{"name": "debug", "value": "1"}],
                },
            ),
        ),
    )
    wanted = {"method": "POST", "headers": {"x-version": "two"}, "body": b"x"}
    street.expect_backend("v1", host, "/any?debug=1", **wanted)
    assert street.ask(host, "/any?debug=2", **wanted).status == 404
    assert street.ask(host, "/any?debug=1", headers={"x-version": "two"}).status == 404
    assert street.ask(host, "/any?debug=1", method="POST", body=b"x").status == 404


def test_any_one_of_a_rules_matches_is_enough(street: Street) -> None:
    host = street.hostname("any")
    street.route(
        host,
        rule(
            backend("v3"),
            matches=(
                {"headers": [{"name": "color", "value": "red|blue", "type": "RegularExpression"}]},
                {"queryParams": [{"name": "color", "value": "green"}]},
            ),
        ),
    )
    street.expect_backend("v3", host, "/", headers={"Color": "blue"})
    street.expect_backend("v3", host, "/?color=green")
    assert street.ask(host, "/?color=blue").status == 404


def test_a_method_wins_over_more_headers_and_headers_over_queries(street: Street) -> None:
    host = street.hostname("precedence")
    two = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    street.route(
        host,
        rule(backend("v1"), matches=({**path("/p"), "queryParams": two},)),
        rule(backend("v2"), matches=({**path("/p"), "headers": two},)),
        rule(backend("v3"), matches=({**path("/p"), "method": "GET"},)),
    )
    both = {"headers": {"a": "1", "b": "2"}}
    street.expect_backend("v3", host, "/p?a=1&b=2", **both)
    street.expect_backend("v2", host, "/p?a=1&b=2", method="PUT", body=b"", **both)
    street.expect_backend("v1", host, "/p?a=1&b=2", method="PUT", body=b"")


def test_the_older_route_wins_between_equal_matches(street: Street) -> None:
    host = street.hostname("older")
    first = street.route(host, rule(backend("v1")), name=f"zz-{host.split('.')[0]}")
    street.expect_backend("v1", host)
    # Creation times have a resolution of a second; only then is the first one older at all.
    made = street.kubernetes.get("HTTPRoute", street.namespace, first)["metadata"]["creationTimestamp"]
    second = f"aa-{host.split('.')[0]}"

    def later() -> None:
        street.kubernetes.delete("HTTPRoute", street.namespace, second)
        street.route(host, rule(backend("v2")), name=second)
        now = street.kubernetes.get("HTTPRoute", street.namespace, second)["metadata"]["creationTimestamp"]
        assert now > made

    street.expect(later)
    for _ in range(10):
        street.expect_backend("v1", host)
    street.kubernetes.delete("HTTPRoute", street.namespace, first)
    street.expect_backend("v2", host)


def test_an_exact_hostname_wins_over_a_wildcard(street: Street) -> None:
    inner = street.hostname("inner")
    domain = f"{inner.split('.')[0]}.example.org"
    street.route(f"*.{domain}", rule(backend("v1")), name=f"wide-{inner.split('.')[0]}")
    street.route(f"a.{domain}", rule(backend("v2")), name=f"narrow-{inner.split('.')[0]}")
    street.expect_backend("v2", f"a.{domain}")
    street.expect_backend("v1", f"b.{domain}")
    street.expect_backend("v1", f"b.c.{domain}")
    street.expect_backend("v2", f"A.{domain.upper()}:80")
    assert street.ask(domain).status == 404


def test_a_route_serves_only_hostnames_that_its_listener_has_too(street: Street) -> None:
    kubernetes, namespace = street.kubernetes, street.namespace
    kubernetes.apply(documents.gateway(namespace, "narrow", documents.listener(hostname="*.shop.test")))
    kubernetes.apply(
        documents.route(
            namespace,
            "inside",
            documents.parent("narrow"),
            rule(backend("v1")),
            hostnames=("a.shop.test", "b.other.test"),
        )
    )
    kubernetes.apply(
        documents.route(
            namespace, "outside", documents.parent("narrow"), rule(backend("v2")), hostnames=("c.other.test",)
        )
    )
    from tests.e2e.asking import Door
    from tests.e2e.conditions import wait_programmed, wait_route

    door = Door(wait_programmed(kubernetes, namespace, "narrow"))
    wait_route(kubernetes, namespace, "inside", "narrow")
    wait_route(kubernetes, namespace, "outside", "narrow", status="False", reason="NoMatchingListenerHostname")

    def served() -> None:
        assert door.ask("a.shop.test").status == 200

    street.expect(served)
    assert door.ask("b.other.test").status == 404
    assert door.ask("c.other.test").status == 404
    kubernetes.delete("Gateway", namespace, "narrow")


def test_no_rule_means_404_and_not_another_routes_answer(street: Street) -> None:
    host = street.hostname("norule")
    street.route(host, rule(backend("v1"), matches=(path("/only"),)))
    street.expect_backend("v1", host, "/only")
    assert street.ask(host, "/else").status == 404
    assert street.ask("nobody.example.net").status == 404

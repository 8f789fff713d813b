"""What do filters do to requests and answers on their way through Envoy?"""

from __future__ import annotations

import collections
import json

import pytest
from tests.e2e.documents import backend, path, rule
from tests.e2e.street import Street, street
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e
__all__ = ["street"]


def test_request_headers_are_set_added_and_removed(street: Street) -> None:
    host = street.hostname("request")
    modifier = {
        "set": [{"name": "X-Set", "value": "new"}],
        "add": [{"name": "X-Add", "value": "more"}],
        "remove": ["X-Gone"],
    }
    street.route(
        host, rule(backend("v1"), filters=({"type": "RequestHeaderModifier", "requestHeaderModifier": modifier},))
    )
    sent = {"X-Set": "old", "X-Add": "some", "X-Gone": "here"}
    street.expect_backend("v1", host, headers=sent)
    answer = street.ask(host, headers=sent)
    assert answer.seen_header("X-Set") == ["new"]
    assert ",".join(answer.seen_header("X-Add") or []) == "some,more"
    assert answer.seen_header("X-Gone") is None


def test_response_headers_are_set_added_and_removed(street: Street) -> None:
    host = street.hostname("response")
    modifier = {
        "set": [{"name": "X-Set", "value": "new"}],
        "add": [{"name": "X-Add", "value": "more"}],
        "remove": ["X-Gone"],
    }
    street.route(
        host, rule(backend("v1"), filters=({"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier},))
    )
    wish = {"X-Echo-Set-Header": "X-Set:old,X-Add:some,X-Gone:here"}
    street.expect_backend("v1", host, headers=wish)
    headers = street.ask(host, headers=wish).headers
    assert headers["x-set"] == "new"
    assert headers["x-add"] == "some,more"
    assert "x-gone" not in headers


def test_a_redirect_changes_only_what_it_names(street: Street) -> None:
    host = street.hostname("redirect")
    moved = {"scheme": "https", "hostname": "new.example.com", "statusCode": 301}
    street.route(
        host,
        rule(matches=(path("/moved"),), filters=({"type": "RequestRedirect", "requestRedirect": moved},)),
        rule(
            matches=(path("/old"),),
            filters=(
                {
                    "type": "RequestRedirect",
                    "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}},
                },
            ),
        ),
    )
    answer = street.expect_status(301, host, "/moved/on?x=1")
    assert answer.headers["location"] == "https://new.example.com/moved/on?x=1"
    answer = street.expect_status(302, host, "/old/page")
    assert answer.headers["location"] == f"http://{host}/new/page"


def test_a_rewrite_changes_path_and_host_for_the_backend(street: Street) -> None:
    host = street.hostname("rewrite")
    prefix = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "hostname": "inside.test"}
    whole = {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/fixed"}}
    street.route(
        host,
        rule(backend("v1"), matches=(path("/api"),), filters=({"type": "URLRewrite", "urlRewrite": prefix},)),
        rule(backend("v2"), matches=(path("/full"),), filters=({"type": "URLRewrite", "urlRewrite": whole},)),
    )
    street.expect_backend("v1", host, "/api/users")
    for asked, seen in (("/api/users?id=1", "/users?id=1"), ("/api", "/"), ("/api/", "/")):
        echo = street.ask(host, asked).echo
        assert (echo["path"], echo["host"]) == (seen, "inside.test"), asked
    assert street.ask(host, "/full/of/words?q=1").echo["path"] == "/fixed?q=1"


def test_weights_share_requests_and_zero_gets_none(street: Street) -> None:
    host = street.hostname("weights")
    street.route(host, rule(backend("v1", weight=8), backend("v2", weight=2), backend("v3", weight=0)))
    street.expect_status(200, host)
    counted = collections.Counter(street.ask(host).backend for _ in range(400))
    assert counted["v3"] == 0, counted
    # Four standard deviations of a fair draw; the chance of a false alarm is below one in ten thousand.
    assert abs(counted["v1"] - 320) < 4 * (400 * 0.8 * 0.2) ** 0.5, counted


def test_all_weights_zero_answer_500(street: Street) -> None:
    host = street.hostname("zero")
    street.route(host, rule(backend("v1", weight=0)))
    street.expect_status(500, host)


def test_a_mirrored_request_reaches_both_and_the_client_hears_only_the_first(street: Street) -> None:
    host = street.hostname("mirror")
    street.route(
        host, rule(backend("v1"), filters=({"type": "RequestMirror", "requestMirror": {"backendRef": backend("v2")}},))
    )
    street.expect_backend("v1", host)
    mark = f"/mirrored/{host}"
    assert street.ask(host, mark).backend == "v1"
    pod = street.kubernetes.list("Pod", street.namespace, "app=v2")[0]["metadata"]["name"]

    def seen() -> None:
        log = street.kubernetes.send("GET", f"/api/v1/namespaces/{street.namespace}/pods/{pod}/log?container=v2")
        assert mark.encode() in log.body, "the mirror saw no request"

    eventually(seen)


def test_a_request_timeout_answers_504(street: Street) -> None:
    host = street.hostname("timeout")
    street.route(
        host,
        rule(backend("v1"), matches=(path("/short"),), timeouts={"request": "200ms"}),
        rule(backend("v1"), matches=(path("/long"),), timeouts={"request": "10s"}),
    )
    street.expect_backend("v1", host, "/long?delay=400ms")
    street.expect_status(504, host, "/short?delay=2s")
    street.expect_backend("v1", host, "/short")


def test_filters_of_one_backend_touch_only_its_share(street: Street) -> None:
    host = street.hostname("own")
    marked = {
        **backend("v1"),
        "filters": [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "X-Mark", "value": "v1"}]}}
        ],
    }
    street.route(host, rule(marked, backend("v2")))
    street.expect_status(200, host)
    answers = [street.ask(host) for _ in range(40)]
    marks = {(answer.backend, json.dumps(answer.seen_header("X-Mark"))) for answer in answers}
    assert marks == {("v1", '["v1"]'), ("v2", "null")}

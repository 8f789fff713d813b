"""Is bad input refused with an error that helps, and does it disturb nothing else?

Every test sends something wrong, to the API or to the proxy, while a neighbouring route goes on being served.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import wait_programmed, wait_route
from tests.e2e.documents import backend, parent, path, rule
from tests.e2e.home import Home
from tests.e2e.kubernetes import Kubernetes, collection_of, path_of
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e
HOST = "neighbour.example.com"


@pytest.fixture(scope="module")
def door(kubernetes: Kubernetes, module_namespace: str) -> Door:
    """A Gateway `gw` with one good route."""
    kubernetes.apply(
        documents.gateway(module_namespace, "gw"),
        *documents.echo(module_namespace, "app"),
        documents.route(module_namespace, "good", parent("gw"), rule(backend("app")), hostnames=(HOST,)),
    )
    opened = Door(wait_programmed(kubernetes, module_namespace, "gw"))
    eventually(lambda: _serves(opened), deadline_s=20)
    return opened


@pytest.fixture(autouse=True)
def _undisturbed(door: Door, kubernetes: Kubernetes, home: Home) -> Iterator[None]:
    """The neighbour is served before and after, and no process had to be started again."""
    before = {role: pids for role, pids in home.pids().items() if role != "envoy"}
    _serves(door)
    yield
    _serves(door)
    assert {role: pids for role, pids in home.pids().items() if role != "envoy"} == before
    assert kubernetes.send("GET", "/readyz").status == 200


def _route(namespace: str, **spec: object) -> Document:
    made = documents.route(namespace, "bad", parent("gw"), rule(backend("app")), hostnames=("bad.example.com",))
    made["spec"].update(spec)
    return made


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"hostnames": "not-a-list"}, "spec.hostnames"),
        ({"hostnames": ["UPPER.example.com"]}, "spec.hostnames[0]"),
        ({"hostnames": ["1.2.3.4/24"]}, "spec.hostnames[0]"),
        ({"rules": [{"backendRefs": [{"name": "app", "port": 70000}]}]}, "spec.rules[0].backendRefs[0].port"),
        ({"rules": [{"backendRefs": [{"name": "app", "port": "http"}]}]}, "spec.rules[0].backendRefs[0].port"),
        (
            {"rules": [{"backendRefs": [{"name": "app", "port": 80, "weight": -1}]}]},
            "spec.rules[0].backendRefs[0].weight",
        ),
        (
            {"rules": [{"matches": [{"path": {"type": "Sideways", "value": "/"}}]}]},
            "spec.rules[0].matches[0].path.type",
        ),
        ({"rules": [{"matches": [path("no-slash")]}]}, "spec.rules[0].matches[0].path"),
        ({"rules": [{"matches": [path("/a/../b")]}]}, "spec.rules[0].matches[0].path"),
        ({"rules": [{"filters": [{"type": "RequestRedirect"}]}]}, "spec.rules[0].filters[0]"),
        ({"rules": [{"timeouts": {"request": "fast"}}]}, "spec.rules[0].timeouts.request"),
        ({"parentRefs": [{"name": ""}]}, "spec.parentRefs[0].name"),
        ({"hostnames": [f"h{number}.example.com" for number in range(17)]}, "spec.hostnames"),
    ],
)
def test_an_invalid_field_is_refused_and_named(
    kubernetes: Kubernetes, module_namespace: str, spec: Document, field: str
) -> None:
    answer = kubernetes.send("POST", path_of("HTTPRoute", module_namespace), _route(module_namespace, **spec))
    assert answer.status == 422, f"{answer.status} {answer.body.decode()}"
    status = answer.json
    assert (status["kind"], status["status"], status["reason"]) == ("Status", "Failure", "Invalid")
    assert field in status["message"], status["message"]


def test_an_unknown_field_is_refused_when_asked_strictly_and_dropped_with_a_warning_otherwise(
    home: Home,
    kubernetes: Kubernetes,
    module_namespace: str,
) -> None:
    wrong = _route(module_namespace, ruels=[])
    strict = kubernetes.send("POST", path_of("HTTPRoute", module_namespace) + "?fieldValidation=Strict", wrong)
    assert strict.status == 400
    assert 'unknown field "spec.ruels"' in strict.json["message"]
    told = home.kubectl("apply", "-f", "-", stdin=json.dumps(wrong), check=False)
    assert told.returncode != 0
    assert 'unknown field "spec.ruels"' in told.stderr
    home.kubectl("apply", "--validate=warn", "-f", "-", stdin=json.dumps(wrong))
    assert "ruels" not in kubernetes.get("HTTPRoute", module_namespace, "bad")["spec"]
    kubernetes.delete("HTTPRoute", module_namespace, "bad")


@pytest.mark.parametrize(
    ("data", "content_type", "statuses"),
    [
        (b"", "application/json", (400,)),
        (b"{", "application/json", (400,)),
        (b"[]", "application/json", (400,)),
        (b"null", "application/json", (400,)),
        (b'"text"', "application/json", (400,)),
        (b"\xff\xfe\x00\x00", "application/json", (400,)),
        (b'{"apiVersion": "v1", "kind": "Nonsense"}', "application/json", (400,)),
        (b'{"a":' * 20000 + b"1" + b"}" * 20000, "application/json", (400,)),
        (b"k8s\x00\xff\xff\xff\xff", "application/vnd.kubernetes.protobuf", (400, 415)),
        (b"kind: HTTPRoute\n\tx: [", "application/yaml", (400, 415)),
        (b"<xml/>", "text/xml", (415,)),
    ],
)
def test_a_body_that_is_no_object_is_refused(
    kubernetes: Kubernetes, module_namespace: str, data: bytes, content_type: str, statuses: tuple[int, ...]
) -> None:
    answer = kubernetes.send("POST", path_of("HTTPRoute", module_namespace), data, content_type=content_type)
    assert answer.status in statuses, f"{answer.status} {answer.body[:500].decode()}"
    assert answer.json["kind"] == "Status"


def test_ten_megabytes_are_refused_with_413(kubernetes: Kubernetes, module_namespace: str) -> None:
    big = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "big", "namespace": module_namespace},
        "data": {"text": "x" * 10_000_000},
    }
    try:
        answer = kubernetes.send("POST", collection_of(big), big)
    except OSError:
        return  # the server hung up in the middle of the body, as it may
    assert answer.status == 413, f"{answer.status} {answer.body[:300].decode()}"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/apis/gateway.networking.k8s.io/v1/nonsense", 404),
        ("GET", "/apis/nonsense.example.com/v1/things", 404),
        ("GET", "/%00/%2e%2e/%2e%2e/etc/passwd", 404),
        ("PUT", "/api/v1/namespaces", 405),
        ("GET", "/api/v1/namespaces?limit=many", 400),
        ("GET", "/api/v1/namespaces?labelSelector=%21%21%3D", 400),
        ("GET", "/api/v1/namespaces?resourceVersion=yesterday", 400),
        ("GET", "/api/v1/namespaces?continue=garbage", 400),
        ("PATCH", "/api/v1/namespaces/default", 415),
    ],
)
def test_a_request_that_means_nothing_gets_a_status_object(
    kubernetes: Kubernetes, method: str, address: str, status: int
) -> None:
    answer = kubernetes.send(method, address, b"{}" if method == "PATCH" else None)
    assert answer.status == status, f"{answer.status} {answer.body[:300].decode()}"
    assert answer.json["kind"] == "Status"


def test_bytes_that_are_no_http_end_the_connection_only(kubernetes: Kubernetes) -> None:
    for data in (b"\x00" * 4096, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x01" * 2000):
        Door(kubernetes.host, kubernetes.port).send_raw(data, timeout_s=1)
    for data in (
        b"\r\n\r\n\x00\x01 nonsense\r\n\r\n",
        b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /api HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /api HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % number for number in range(20000)) + b"\r\n",
    ):
        _send_in_tls(kubernetes, data)


def test_nobody_without_a_certificate_reads_anything(kubernetes: Kubernetes) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for authorization in (b"", b"Authorization: Bearer x\r\n", b"Authorization: Basic YTpi\r\n"):
        request = b"GET /api/v1/secrets HTTP/1.1\r\n" + authorization
        with (
            socket.create_connection((kubernetes.host, kubernetes.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            secure.sendall(request + b"Host: x\r\nConnection: close\r\n\r\n")
            status = int(secure.recv(65536).split(b" ", 2)[1])
        assert status in (401, 403)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03" * 100,
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_garbage_sent_to_the_proxy_gets_a_client_error_or_a_closed_connection(door: Door, data: bytes) -> None:
    answer = door.send_raw(data, timeout_s=1)
    if answer.startswith(b"HTTP/1.1"):
        assert answer.split(b" ", 2)[1][:1] == b"4", answer[:200]


def test_an_unknown_hostname_gets_404(door: Door) -> None:
    for host in ("unknown.example.com", "", "[::1]", "127.0.0.1", "x" * 2000):
        status = door.ask(host).status
        assert status in ((404,) if host and len(host) < 1000 else (400, 404)), f"{host[:20]!r}: {status}"


def test_a_path_cannot_climb_past_its_rule(kubernetes: Kubernetes, module_namespace: str, door: Door) -> None:
    rules = (rule(backend("app"), matches=(path("/open"),)),)
    kubernetes.apply(documents.route(module_namespace, "paths", parent("gw"), *rules, hostnames=("paths.example.com",)))
    wait_route(kubernetes, module_namespace, "paths", "gw")
    eventually(lambda: _serves(door, "paths.example.com", "/open"))
    for sneaky in ("/open/../secret", "/open/%2e%2e/secret", "/open/..%2fsecret"):
        answer = door.ask("paths.example.com", sneaky)
        # Refused, or sent back with the path that was really meant, which has no rule.
        assert answer.status in (307, 400, 404), f"{sneaky}: {answer.status} {answer.body[:200]!r}"
        if answer.status == 307:
            assert answer.headers["location"].endswith("/secret")
    kubernetes.delete("HTTPRoute", module_namespace, "paths")


def test_a_regular_expression_that_envoy_refuses_is_told_and_others_are_served(
    kubernetes: Kubernetes,
    module_namespace: str,
    door: Door,
) -> None:
    wrong = rule(backend("app"), matches=(path("/(unclosed", "RegularExpression"),))
    right = rule(backend("app"), matches=(path("/right"),))
    answer = kubernetes.send(
        "POST",
        path_of("HTTPRoute", module_namespace),
        documents.route(module_namespace, "regex", parent("gw"), wrong, right, hostnames=("regex.example.com",)),
    )
    if answer.status == 422:
        return  # refused at the door is as good
    assert answer.status == 201, answer.body.decode()
    # Either the whole route or that one rule is dropped; the route must not claim that all is well.

    def told() -> None:
        parents = kubernetes.get("HTTPRoute", module_namespace, "regex").get("status", {}).get("parents", [])
        conditions = [each for entry in parents for each in entry["conditions"]]
        found = {each["type"]: each["status"] for each in conditions}
        assert found.get("Accepted") == "False" or found.get("PartiallyInvalid") == "True", conditions

    eventually(told)
    kubernetes.delete("HTTPRoute", module_namespace, "regex")


def _serves(door: Door, host: str = HOST, address: str = "/") -> None:
    answer = door.ask(host, address)
    assert answer.status == 200, f"{host}{address}: {answer.status} {answer.body[:200]!r}"


def _send_in_tls(kubernetes: Kubernetes, data: bytes) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((kubernetes.host, kubernetes.port), timeout=2) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            secure.sendall(data)
            answer = secure.recv(65536)
            assert answer == b"" or answer.split(b" ", 2)[1][:1] == b"4", answer[:200]
    except OSError:
        pass  # hanging up is an answer, too

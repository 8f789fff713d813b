"""What do the end-to-end tests share? One `torana up` for the whole run, and a namespace for each test."""

from __future__ import annotations

import itertools
import re
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from tests.e2e import documents
from tests.e2e.home import Home
from tests.e2e.kubernetes import Kubernetes

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running `torana up`. It serves its own class `torana` and the class name of Envoy Gateway's quickstart."""
    running = Home(
        tmp_path_factory.mktemp("home"),
        "--controller-name",
        "torana.dev/gateway-controller",
        "--controller-name",
        "gateway.envoyproxy.io/gatewayclass-controller",
    )
    try:
        running.start()
        running.kubernetes.apply(documents.gateway_class("torana"))
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def kubernetes(home: Home) -> Kubernetes:
    return home.kubernetes


@pytest.fixture
def namespace(kubernetes: Kubernetes, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace named after the test, deleted afterwards."""
    yield from _namespace(kubernetes, request.node.name)


@pytest.fixture(scope="module")
def module_namespace(kubernetes: Kubernetes, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that the tests of one file share."""
    yield from _namespace(kubernetes, request.node.name)


@pytest.fixture
def local_backend() -> Iterator[tuple[str, int]]:
    """Address and port of a plain HTTP server in this very process, as a user's own program would be."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Hello)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ("127.0.0.1", int(server.server_address[1]))
    finally:
        server.shutdown()
        server.server_close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Puts the ends of the logs under a failed test."""
    report = yield
    running = getattr(item, "funcargs", {}).get("home")
    if report.failed and isinstance(running, Home):  # type: ignore[attr-defined]
        report.sections.append(("torana logs", running.log_tail()))  # type: ignore[attr-defined]
    return report


def _namespace(kubernetes: Kubernetes, wanted: str) -> Iterator[str]:
    words = re.sub(r"[^a-z0-9]+", "-", wanted.lower().removesuffix(".py").rpartition("test_")[2])
    name = f"{words[:40].strip('-')}-{next(_numbers)}"
    kubernetes.apply(documents.namespace(name))
    yield name
    kubernetes.delete("Namespace", "", name)


class _Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"hello from a local process"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

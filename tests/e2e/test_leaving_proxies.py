"""Does anybody notice when a proxy is replaced, and is one that is not wanted any more soon closed?"""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from bench.api import Document
from tests.e2e import documents
from tests.e2e.asking import Answer, Door
from tests.e2e.conditions import wait_programmed
from tests.e2e.documents import backend, parent, rule
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.steady_client import SteadyClient, but_resets, running
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

HOSTNAME = "app.example.com"
PROXIES = "gateway.networking.k8s.io/gateway-name=gw"
SLOW = "/?delay=1s"


@pytest.fixture
def served(kubernetes: Kubernetes, namespace: str) -> Door:
    """A Gateway with one proxy, and a route."""
    kubernetes.apply(documents.gateway(namespace, "gw"), *documents.echo(namespace, "app"))
    kubernetes.apply(documents.route(namespace, "app", parent("gw"), rule(backend("app"))))
    door = Door(wait_programmed(kubernetes, namespace, "gw"))

    def answers() -> None:
        assert door.ask(HOSTNAME).status == 200

    eventually(answers, deadline_s=20)
    return door


@dataclass
class KeptConnection:
    """Asks on one connection until an answer ends it, then on the next; remembers what failed."""

    door: Door
    asked: int = 0
    ended: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            connection = http.client.HTTPConnection(self.door.address, self.door.port, timeout=10)
            try:
                self._ask_on(connection, stop)
            except (OSError, http.client.HTTPException) as broken:
                self.failures.append(repr(broken))
            finally:
                connection.close()

    def _ask_on(self, connection: http.client.HTTPConnection, stop: threading.Event) -> None:
        connection.connect()
        while connection.sock is not None and not stop.is_set():
            self.asked += 1
            connection.request("GET", "/", headers={"Host": HOSTNAME})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                self.failures.append(f"{response.status}")
            self.ended += response.will_close
            stop.wait(0.02)


def pods(kubernetes: Kubernetes, namespace: str) -> list[Document]:
    return kubernetes.list("Pod", namespace, PROXIES)


def replace_the_proxy(kubernetes: Kubernetes, namespace: str) -> None:
    """Returns when the old proxy has ended."""
    (old,) = pods(kubernetes, namespace)
    (deployment,) = kubernetes.list("Deployment", namespace, PROXIES)
    template = {"metadata": {"annotations": {"example.org/restarted": "yes"}}}
    kubernetes.merge("Deployment", namespace, deployment["metadata"]["name"], {"spec": {"template": template}})
    kubernetes.wait_gone("Pod", namespace, old["metadata"]["name"])


def test_kept_connections_and_new_ones_outlive_their_proxy(
    kubernetes: Kubernetes, namespace: str, served: Door
) -> None:
    kept = [KeptConnection(served) for _ in range(4)]
    steady = SteadyClient(served, HOSTNAME)
    with running(*kept, steady):
        replace_the_proxy(kubernetes, namespace)
    steady.expect_no_failure_of(stopped=1)
    assert [but_resets(each.failures, stopped=1) for each in kept] == [[]] * 4
    assert all(each.ended for each in kept), "a connection stayed with a proxy that is gone"


def test_requests_that_a_leaving_proxy_has_begun_are_answered(
    kubernetes: Kubernetes, namespace: str, served: Door
) -> None:
    with ThreadPoolExecutor(16) as threads:
        begun = []
        stop = threading.Event()

        def ask() -> Answer:
            return served.ask(HOSTNAME, SLOW)

        def keep_beginning() -> None:
            while not stop.is_set():
                begun.append(threads.submit(ask))
                stop.wait(0.1)  # Some are under way at whatever moment the proxy is told to leave.

        beginning = threading.Thread(target=keep_beginning)
        beginning.start()
        try:
            replace_the_proxy(kubernetes, namespace)
        finally:
            stop.set()
            beginning.join()
        assert {one.result().status for one in begun} == {200}


def test_the_port_of_a_deleted_gateway_closes_before_its_proxy_ends(
    kubernetes: Kubernetes, namespace: str, served: Door
) -> None:
    slow = http.client.HTTPConnection(served.address, served.port, timeout=10)
    slow.request("GET", SLOW, headers={"Host": HOSTNAME})
    kubernetes.delete("Gateway", namespace, "gw")

    def closed() -> None:
        assert not served.is_open()

    eventually(closed, deadline_s=20)
    assert pods(kubernetes, namespace)
    assert slow.getresponse().status == 200
    slow.close()

    def gone() -> None:
        assert not pods(kubernetes, namespace)

    eventually(gone, deadline_s=20)

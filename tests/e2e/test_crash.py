"""What is lost when a process of the control plane is killed at any moment? Nothing that was committed, no request.

While a writer creates routes and a client keeps asking an unchanged one, API server, node and controller are killed
with SIGKILL in an order drawn from a seed. The Envoy must stay the same process throughout.
"""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass, field

import pytest
from bench import processes
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import wait_programmed, wait_route
from tests.e2e.documents import backend, parent, rule
from tests.e2e.home import ROLES, Home
from tests.e2e.kubernetes import Kubernetes, path_of
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
SEED = int(os.environ.get("TORANA_CRASH_SEED", "7"))


@dataclass
class Writer:
    """Keeps creating routes; remembers those that the API server said were created."""

    kubernetes: Kubernetes
    namespace: str
    committed: list[str] = field(default_factory=list)
    unanswered: int = 0

    def run(self, stop: threading.Event) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"w{number:05}"
            document = documents.route(
                self.namespace, name, parent("gw"), rule(backend("app")), hostnames=(f"{name}.example.com",)
            )
            try:
                answer = self.kubernetes.send("POST", path_of("HTTPRoute", self.namespace), document)
                # 409: our request was sent twice because the first answer was lost with the server.
                if answer.status in (201, 409):
                    self.committed.append(name)
                else:
                    self.unanswered += 1
            except OSError:
                self.unanswered += 1
            stop.wait(0.02)


@pytest.fixture
def door(kubernetes: Kubernetes, namespace: str) -> Door:
    """A Gateway `gw` with the route `steady`."""
    kubernetes.apply(
        documents.gateway(namespace, "gw"),
        *documents.echo(namespace, "app"),
        documents.route(namespace, "steady", parent("gw"), rule(backend("app")), hostnames=("steady.example.com",)),
    )
    opened = Door(wait_programmed(kubernetes, namespace, "gw"))
    eventually(lambda: _serves(opened, "steady.example.com"), deadline_s=20)
    return opened


def test_killing_any_process_at_any_moment_loses_nothing(
    home: Home, kubernetes: Kubernetes, namespace: str, door: Door
) -> None:
    choice = random.Random(SEED)
    order = [*ROLES, *ROLES]
    choice.shuffle(order)
    client, writer = SteadyClient(door, "steady.example.com"), Writer(kubernetes, namespace)
    envoys = processes.listening(door.address, door.port)
    assert envoys, "no process listens on the Gateway's address"
    with running(client, writer):
        for role in order:
            time.sleep(choice.uniform(0.2, 1.5))
            killed = home.kill(role)
            eventually(lambda role=role, killed=killed: _is_back(home, role, killed), deadline_s=40)  # type: ignore[misc]
        time.sleep(1)
    assert processes.listening(door.address, door.port) == envoys, "Envoy was started again"
    client.expect_no_failure()
    assert len(writer.committed) > 20, f"the writer wrote almost nothing ({writer.unanswered} without answer)"
    names = {route["metadata"]["name"] for route in kubernetes.list("HTTPRoute", namespace)}
    assert not set(writer.committed) - names, f"seed {SEED}: committed routes are gone"
    last = f"{writer.committed[-1]}.example.com"
    eventually(lambda: _serves(door, last), deadline_s=15)


def test_killing_the_supervisor_leaves_pods_that_the_next_one_adopts(
    home: Home, kubernetes: Kubernetes, namespace: str, door: Door
) -> None:
    client = SteadyClient(door, "steady.example.com")
    envoys = processes.listening(door.address, door.port)
    pods = _pods(kubernetes, namespace)
    with running(client):
        home.supervisor.kill()
        home.supervisor.wait(10)
        eventually(lambda: _none_of(home, ROLES), deadline_s=10)
        # Traffic goes on for a while with nobody in control.
        time.sleep(1)
        home.start()
        eventually(lambda: _same_pods(kubernetes, namespace, pods))
        kubernetes.apply(
            documents.route(namespace, "after", parent("gw"), rule(backend("app")), hostnames=("after.example.com",))
        )
        wait_route(kubernetes, namespace, "after", "gw")
        eventually(lambda: _serves(door, "after.example.com"))
    assert processes.listening(door.address, door.port) == envoys, "Envoy was started again"
    client.expect_no_failure()


def test_a_killed_envoy_is_started_again_and_serves_what_it_served(
    kubernetes: Kubernetes, namespace: str, door: Door
) -> None:
    envoys = processes.listening(door.address, door.port)
    os.kill(envoys[0], 9)

    def served_again() -> None:
        now = processes.listening(door.address, door.port)
        assert now
        assert now != envoys
        _serves(door, "steady.example.com")

    eventually(served_again, deadline_s=20)
    wait_programmed(kubernetes, namespace, "gw")


def _is_back(home: Home, role: str, killed: int) -> None:
    assert home.pid_of(role) not in (0, killed), f"{role} was not started again"
    status, said = home.readiness()
    assert status == 200, said


def _none_of(home: Home, roles: tuple[str, ...]) -> None:
    left = {role: pids for role, pids in home.pids().items() if role in roles}
    assert not left, f"still running: {left}"


def _pods(kubernetes: Kubernetes, namespace: str) -> dict[str, str]:
    """Name and uid of each Pod, with its restarts."""
    return {
        pod["metadata"][
            "name"
        ]: f"{pod['metadata']['uid']} {[each['restartCount'] for each in pod['status'].get('containerStatuses', [])]}"
        for pod in kubernetes.list("Pod", namespace)
    }


def _same_pods(kubernetes: Kubernetes, namespace: str, before: dict[str, str]) -> None:
    assert _pods(kubernetes, namespace) == before


def _serves(door: Door, host: str) -> None:
    answer = door.ask(host)
    assert answer.status == 200, f"{host}: {answer.status} {answer.body[:200]!r}"

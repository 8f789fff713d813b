"""Does the controller work as in a cluster, with the account and the ClusterRole of deploy/manifests alone?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.e2e import documents
from tests.e2e.asking import Door
from tests.e2e.conditions import wait_programmed, wait_route
from tests.e2e.home import TORANA, Home
from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.kubectl]

MANIFESTS = Path(__file__).parents[2] / "deploy" / "manifests"
CONTROLLER_NAME = "example.org/in-a-cluster"


@pytest.fixture
def log(home: Home, tmp_path: Path) -> Iterator[Path]:
    """The log of a `torana controller` that runs as the manifests' ServiceAccount, in the home `cluster`."""
    home.kubectl("apply", "-f", str(MANIFESTS / "namespace.yaml"), "-f", str(MANIFESTS / "controller-rbac.yaml"))
    token = home.kubectl("create", "token", "torana-controller", "-n", "torana-system").stdout.strip()
    kubeconfig = yaml.safe_load(home.kubeconfig.read_text())
    kubeconfig["users"][0]["user"] = {"token": token}
    path, log = tmp_path / "kubeconfig", tmp_path / "controller.log"
    path.write_text(yaml.safe_dump(kubeconfig))
    command = [str(TORANA), "controller", "--kubeconfig", str(path), "--controller-name", CONTROLLER_NAME]
    options = ["--xds-name", "127.0.0.1", "--xds-port", "0", "--health-port", "0"]
    with log.open("wb") as output:
        running = subprocess.Popen([*command, *options], stdout=output, stderr=subprocess.STDOUT)
    try:
        yield log
    finally:
        running.terminate()
        running.wait(20)


def test_the_controller_serves_a_gateway_with_the_rights_of_its_manifests(
    log: Path, kubernetes: Kubernetes, namespace: str
) -> None:
    kubernetes.apply(
        documents.gateway_class("in-a-cluster", CONTROLLER_NAME),
        *documents.echo(namespace, "app"),
        documents.gateway(namespace, "edge", documents.listener(port=8097), class_name="in-a-cluster"),
        documents.route(namespace, "app", documents.parent("edge"), documents.rule(documents.backend("app"))),
    )
    door = Door(wait_programmed(kubernetes, namespace, "edge"), 8097)
    wait_route(kubernetes, namespace, "app", "edge")
    eventually(lambda: _answers(door))
    said = log.read_text()
    assert "forbidden" not in said, said


def _answers(door: Door) -> None:
    assert door.ask("any.example.com").backend == "app"

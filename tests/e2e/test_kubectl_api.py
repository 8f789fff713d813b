"""Stock kubectl against the embedded API server alone: no node, no controllers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest
from tests.e2e.api_process import ApiProcess

pytestmark = pytest.mark.e2e

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door}
spec:
  gatewayClassName: torana
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80}]
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    running = ApiProcess(tmp_path_factory.mktemp("api"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _clean(api: ApiProcess) -> Iterator[None]:
    yield
    api.kubectl("delete", "gateways,services,configmaps,deployments,secrets", "--all")


def test_apply_creates_then_changes_then_leaves_alone(api: ApiProcess) -> None:
    versions = []
    # kubectl sends a list with defaults in it again and says "configured", as to any API server; nothing may change.
    for text, word in ((GATEWAY, "created"), (GATEWAY, "configured"), (GATEWAY.replace("80", "81"), "configured")):
        assert f"gateway.gateway.networking.k8s.io/door {word}" in api.kubectl("apply", "-f", "-", stdin=text)
        versions.append(api.kubectl("get", "gateway", "door", "-o", "jsonpath={.metadata.resourceVersion}"))
    assert versions[0] == versions[1] != versions[2]
    for text, word in ((SERVICE, "created"), (SERVICE, "unchanged"), (SERVICE.replace("80", "81"), "configured")):
        assert f"service/shop {word}" in api.kubectl("apply", "-f", "-", stdin=text)
    assert "81" in api.kubectl("get", "service", "shop", "-o", "jsonpath={.spec.ports[*].port}")


def test_a_misspelt_field_is_refused(api: ApiProcess) -> None:
    wrong = GATEWAY.replace("gatewayClassName", "gatewayClassNaem")
    assert 'unknown field "spec.gatewayClassNaem"' in api.kubectl("apply", "-f", "-", stdin=wrong, fails=True)


def test_server_side_apply_reports_conflicts(api: ApiProcess) -> None:
    api.kubectl("apply", "--server-side", "--field-manager=alice", "-f", "-", stdin=SERVICE)
    changed = SERVICE.replace("app: shop", "app: bakery")
    told = api.kubectl("apply", "--server-side", "--field-manager=bob", "-f", "-", stdin=changed, fails=True)
    assert 'conflict with "alice": .spec.selector' in told
    api.kubectl("apply", "--server-side", "--field-manager=bob", "--force-conflicts", "-f", "-", stdin=changed)


def test_a_dry_run_and_a_diff_show_but_do_not_store(api: ApiProcess) -> None:
    assert "(server dry run)" in api.kubectl("apply", "--dry-run=server", "-f", "-", stdin=GATEWAY)
    assert "NotFound" in api.kubectl("get", "gateway", "door", fails=True)
    api.kubectl("apply", "-f", "-", stdin=GATEWAY)
    assert "+    port: 81" in api.kubectl("diff", "-f", "-", stdin=GATEWAY.replace("80", "81"), fails=True)


def test_tables_are_those_of_kubernetes(api: ApiProcess) -> None:
    api.kubectl("apply", "-f", "-", stdin=GATEWAY)
    api.kubectl("create", "deployment", "web", "--image=echo", "--replicas=2")
    assert api.kubectl("get", "gateways").split()[:5] == ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "AGE"]
    wide = api.kubectl("get", "deployments", "-o", "wide").splitlines()
    assert wide[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert wide[1].split()[:4] == ["web", "0/2", "0", "0"] and wide[1].split()[-1] == "app=web"


def test_typed_commands_send_protobuf_and_are_understood(api: ApiProcess) -> None:
    api.kubectl("create", "secret", "generic", "key", "--from-literal=a=b")
    assert api.kubectl("get", "secret", "key", "-o", "jsonpath={.data.a}") == "Yg=="
    api.kubectl("create", "configmap", "map", "--from-literal=a=b")
    api.kubectl("create", "namespace", "room")
    api.kubectl("create", "serviceaccount", "robot", "-n", "room")
    assert api.kubectl("create", "token", "robot", "-n", "room").count(".") == 2
    assert "yes" in api.kubectl("auth", "can-i", "create", "gateways")
    assert "kubernetes-admin" in api.kubectl("auth", "whoami")
    api.kubectl("delete", "namespace", "room", "--wait=false")


def test_patches_of_all_kinds(api: ApiProcess) -> None:
    api.kubectl("apply", "-f", "-", stdin=SERVICE)
    api.kubectl("patch", "service", "shop", "-p", '{"spec":{"ports":[{"name":"more","port":81}]}}')
    ports = api.kubectl("get", "service", "shop", "-o", "jsonpath={.spec.ports[*].port}")
    assert sorted(ports.split()) == ["80", "81"]
    operation = '[{"op":"remove","path":"/spec/ports/0"}]'
    api.kubectl("patch", "service", "shop", "--type=json", "-p", operation)
    api.kubectl("patch", "service", "shop", "--type=merge", "-p", '{"spec":{"selector":{"app":null,"a":"b"}}}')
    assert api.kubectl("get", "service", "shop", "-o", "jsonpath={.spec.selector}") == '{"a":"b"}'
    api.kubectl("label", "service", "shop", "x=y")
    api.kubectl("annotate", "service", "shop", "x=y")


def test_wait_follows_a_status(api: ApiProcess) -> None:
    api.kubectl("apply", "-f", "-", stdin=GATEWAY)
    condition = (
        '{"type":"Programmed","status":"True","reason":"Programmed","message":"",'
        '"lastTransitionTime":"2026-01-01T00:00:00Z"}'
    )
    patch = f'{{"status":{{"conditions":[{condition}]}}}}'
    arguments = ("patch", "gateway", "door", "--subresource=status", "--type=merge", "-p", patch)
    writer = threading.Timer(0.3, lambda: api.kubectl(*arguments))
    writer.start()
    assert "condition met" in api.kubectl("wait", "gateway/door", "--for=condition=Programmed", "--timeout=10s")
    writer.join()


def test_explain_describe_and_scale(api: ApiProcess) -> None:
    assert "hostnames" in api.kubectl("explain", "httproute.spec")
    api.kubectl("apply", "-f", "-", stdin=GATEWAY)
    assert "Gateway Class Name:  torana" in api.kubectl("describe", "gateway", "door")
    api.kubectl("create", "deployment", "web", "--image=echo")
    api.kubectl("scale", "deployment", "web", "--replicas=3")
    assert api.kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "3"


def test_kill_loses_no_acknowledged_write(tmp_path_factory: pytest.TempPathFactory) -> None:
    api = ApiProcess(tmp_path_factory.mktemp("killed"))
    api.start()
    try:
        acknowledged: list[str] = []

        def write() -> None:
            for number in range(1000):
                try:
                    api.kubectl("create", "configmap", f"map-{number}")
                except AssertionError:
                    return
                acknowledged.append(f"map-{number}")

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged) < 5 and writer.is_alive():
            writer.join(0.05)
        api.stop(signal.SIGKILL)
        writer.join()
        api.start()
        stored = api.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}").split()
        assert len(acknowledged) >= 5 and set(acknowledged) <= set(stored)
    finally:
        api.stop()

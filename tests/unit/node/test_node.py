"""What becomes of Pods on a node: real processes, over a small API."""

from __future__ import annotations

import asyncio
import os
import signal

from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.endpoint_slice import ENDPOINT_SLICE
from torana.api.core.node import NODE
from torana.api.core.pod import POD
from torana.api.core.replica_set import REPLICA_SET
from torana.api.core.secret import SECRET
from torana.api.core.service import SERVICE
from torana.embedded.node.stop import stop_all

from .rig import NAMESPACE, Rig, is_ready, runs, state, until


async def test_a_node_registers_itself_as_ready(rig: Rig) -> None:
    await rig.begin()
    (node,) = await rig.api.until(lambda: [each for each in rig.api.all(NODE) if each.get("status")])
    ready = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
    assert ready["status"] == "True"
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] > 0


async def test_a_pod_becomes_a_process_with_an_address_of_its_own(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    rig.pod("two")
    one, two = await rig.ready("one"), await rig.ready("two")
    assert one["status"]["podIP"].startswith("127.88.")
    assert one["status"]["podIP"] != two["status"]["podIP"]
    assert one["status"]["phase"] == "Running"
    assert runs(rig.pid(one))


async def test_deleting_a_pod_stops_its_process_and_removes_its_directory(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    pod = await rig.ready("one")
    pid = rig.pid(pod)
    delete(rig, pod)
    await rig.api.until(lambda: rig.api.get(POD, NAMESPACE, "one") is None)
    assert not runs(pid)
    await until(lambda: not rig.record(pod).exists())


async def test_a_returning_node_adopts_what_still_runs(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    before = await rig.ready("one")
    pid = rig.pid(before)
    await rig.end()
    assert runs(pid)
    await rig.begin()
    os.kill(pid, signal.SIGKILL)  # noticed although the process is not the new node's child
    after = await rig.until_pod("one", lambda pod: pod["status"]["containerStatuses"][0]["restartCount"] == 1)
    assert after["status"]["podIP"] == before["status"]["podIP"]
    assert rig.pid(after) != pid


async def test_what_was_deleted_while_the_node_was_away_is_stopped_when_it_returns(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    pod = await rig.ready("one")
    pid = rig.pid(pod)
    await rig.end()
    rig.api.remove((POD.path(), NAMESPACE, "one"))
    await rig.begin()
    await until(lambda: not runs(pid))
    await until(lambda: not rig.record(pod).exists())


async def test_a_container_that_keeps_failing_is_restarted_once_at_once_and_then_backed_off(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one", "test/sh", args=["-c", "echo no; exit 3"])
    message = await rig.waiting("one", "CrashLoopBackOff")
    assert message.startswith("back-off 10s restarting failed container=main")
    pod = rig.api.get(POD, NAMESPACE, "one")
    assert pod is not None
    status = pod["status"]["containerStatuses"][0]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert not is_ready(pod)


async def test_a_pod_that_is_not_to_be_restarted_succeeds_or_fails(rig: Rig) -> None:
    await rig.begin()
    rig.pod("good", "test/sh", args=["-c", "exit 0"], spec={"restartPolicy": "Never"})
    rig.pod("bad", "test/sh", args=["-c", "exit 7"], spec={"restartPolicy": "Never"})
    await rig.until_pod("good", lambda pod: pod.get("status", {}).get("phase") == "Succeeded")
    bad = await rig.until_pod("bad", lambda pod: pod.get("status", {}).get("phase") == "Failed")
    assert state(bad)["terminated"]["exitCode"] == 7


async def test_init_containers_run_in_order_before_the_others(rig: Rig) -> None:
    await rig.begin()
    shared = [{"name": "shared", "mountPath": "/shared"}]
    rig.pod(
        "one",
        "test/sh",
        args=["-c", "cat /shared/order; sleep 600"],
        volumeMounts=shared,
        spec={
            "volumes": [{"name": "shared", "emptyDir": {}}],
            "initContainers": [
                {
                    "name": name,
                    "image": "test/sh",
                    "args": ["-c", f"echo {name} >> /shared/order"],
                    "volumeMounts": shared,
                }
                for name in ("first", "second")
            ],
        },
    )
    pod = await rig.ready("one")
    await until(lambda: rig.log(pod) == "first\nsecond\n")


async def test_an_unmapped_image_says_how_to_map_it(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one", "example.org/unknown:1.2")
    message = await rig.waiting("one", "ImageNotMapped")
    assert "torana up --image 'example.org/unknown=COMMAND'" in message


async def test_a_container_waits_for_its_secret_and_starts_when_it_appears(rig: Rig) -> None:
    await rig.begin()
    rig.pod(
        "one",
        "test/sh",
        args=["-c", "cat $CERT; sleep 600"],
        env=[{"name": "CERT", "value": "/etc/tls/crt"}],
        volumeMounts=[{"name": "tls", "mountPath": "/etc/tls"}],
        spec={
            "volumes": [{"name": "tls", "secret": {"secretName": "tls", "items": [{"key": "tls.crt", "path": "crt"}]}}]
        },
    )
    assert 'secret "tls" not found' in await rig.waiting("one", "ContainerCreating")
    rig.api.put(SECRET, {"metadata": {"name": "tls", "namespace": NAMESPACE}, "data": {"tls.crt": "aGVsbG8="}})
    pod = await rig.ready("one")
    await until(lambda: rig.log(pod) == "hello")


async def test_a_changed_config_map_reaches_the_running_container(rig: Rig) -> None:
    await rig.begin()

    def put(text: str) -> None:
        rig.api.put(CONFIG_MAP, {"metadata": {"name": "conf", "namespace": NAMESPACE}, "data": {"text": text}})

    put("old")
    rig.pod(
        "one",
        volumeMounts=[{"name": "conf", "mountPath": "/etc/conf"}],
        spec={"volumes": [{"name": "conf", "configMap": {"name": "conf"}}]},
    )
    pod = await rig.ready("one")
    file = rig.record(pod) / "root" / "main" / "etc" / "conf" / "text"
    assert file.read_text() == "old"
    put("new")
    await until(lambda: file.read_text() == "new")


async def test_a_missing_config_map_of_the_environment_is_a_configuration_error(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one", envFrom=[{"configMapRef": {"name": "conf"}}])
    assert await rig.waiting("one", "CreateContainerConfigError") == 'configmap "conf" not found'


async def test_readiness_follows_an_exec_probe(rig: Rig) -> None:
    await rig.begin()
    rig.pod(
        "one",
        "test/sh",
        args=["-c", "sleep 600"],
        volumeMounts=[{"name": "d", "mountPath": "/d"}],
        readinessProbe={
            "exec": {"command": ["/bin/sh", "-c", "test -e d/ok"]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        },
        spec={"volumes": [{"name": "d", "emptyDir": {}}]},
    )
    pod = await rig.until_pod("one", lambda pod: "running" in state(pod))
    assert not is_ready(pod)
    flag = rig.record(pod) / "volumes" / "d" / "ok"
    flag.touch()
    await rig.ready("one")
    flag.unlink()
    await rig.until_pod("one", lambda pod: not is_ready(pod))


async def test_a_failing_liveness_probe_restarts_the_container(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one", livenessProbe={"exec": {"command": ["/bin/false"]}, "periodSeconds": 1, "failureThreshold": 1})
    await rig.until_pod(
        "one", lambda pod: (pod.get("status", {}).get("containerStatuses") or [{}])[0].get("restartCount") == 1
    )


async def test_a_deployment_becomes_processes_behind_an_endpoint_slice(rig: Rig) -> None:
    await rig.begin()
    rig.api.put(
        SERVICE,
        {
            "metadata": {"name": "web", "namespace": NAMESPACE},
            "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 3000}]},
        },
    )
    rig.deployment("web", replicas=2)
    slices = await rig.api.until(lambda: [each for each in rig.api.all(ENDPOINT_SLICE) if ready_count(each) == 2])
    assert slices[0]["ports"] == [{"name": "http", "protocol": "TCP", "port": 3000}]
    deployment = await rig.api.until(lambda: available(rig, "web") == 2 and rig.api.get(DEPLOYMENT, NAMESPACE, "web"))
    assert deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
    service = await rig.api.until(lambda: (rig.api.get(SERVICE, NAMESPACE, "web") or {})["spec"].get("clusterIP"))
    assert service.startswith("127.96.")


async def test_deleting_a_deployment_removes_everything_it_made(rig: Rig) -> None:
    await rig.begin()
    rig.deployment("web")
    await rig.api.until(lambda: available(rig, "web") == 1)
    (pod,) = rig.api.all(POD)
    pid = rig.pid(pod)
    rig.api.remove((DEPLOYMENT.path(), NAMESPACE, "web"))
    await rig.api.until(lambda: not rig.api.all(POD) and not rig.api.all(REPLICA_SET))
    assert not runs(pid)


async def test_pods_behind_a_load_balancer_run_on_its_address_and_share_it_during_a_rollout(rig: Rig) -> None:
    await rig.begin()
    rig.deployment("web")
    rig.api.put(
        SERVICE,
        {
            "metadata": {"name": "web", "namespace": NAMESPACE},
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerIP": "127.77.9.9",
                "selector": {"app": "web"},
                "ports": [{"port": 80}],
            },
        },
    )
    await rig.api.until(lambda: addresses(rig) == ["127.77.9.9"] and available(rig, "web") == 1)
    (before,) = rig.api.all(POD)
    rig.deployment("web", env=[{"name": "NEW", "value": "1"}])
    await rig.api.until(lambda: len(rig.api.all(POD)) == 2 and addresses(rig) == ["127.77.9.9"] * 2)
    await rig.api.until(
        lambda: (
            [each["metadata"]["uid"] for each in rig.api.all(POD)] != [before["metadata"]["uid"]]
            and len(rig.api.all(POD)) == 1
        )
    )


def delete(rig: Rig, pod: dict[str, object]) -> None:
    """As `kubectl delete pod` does: marked, for the node to finish."""
    metadata = dict(pod["metadata"])  # type: ignore[call-overload]
    metadata |= {"deletionTimestamp": "2026-01-01T00:00:01Z", "deletionGracePeriodSeconds": 1}
    rig.api.put(POD, {**pod, "metadata": metadata})


def ready_count(slice_: dict[str, object]) -> int:
    return sum(each["conditions"]["ready"] for each in slice_["endpoints"])  # type: ignore[attr-defined]


def available(rig: Rig, name: str) -> int:
    deployment = rig.api.get(DEPLOYMENT, NAMESPACE, name)
    return int((deployment or {}).get("status", {}).get("availableReplicas", 0))


def addresses(rig: Rig) -> list[str]:
    return [each["status"]["podIP"] for each in rig.api.all(POD) if each.get("status", {}).get("podIP")]


async def test_after_everything_was_stopped_the_next_node_starts_pods_afresh(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    before = await rig.ready("one")
    pid = rig.pid(before)
    await rig.end()
    assert await asyncio.to_thread(stop_all, rig.directory) == 1
    assert not runs(pid)
    await rig.begin()
    await until(lambda: rig.pid_or_none(before) not in (None, pid))
    after = await rig.ready("one")
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0


async def test_a_process_that_no_record_knows_is_killed_when_the_node_returns(rig: Rig) -> None:
    await rig.begin()
    rig.pod("one")
    pod = await rig.ready("one")
    pid = rig.pid(pod)
    await rig.end()
    (rig.record(pod) / "state.json").unlink()
    await rig.begin()
    await until(lambda: not runs(pid))
    await until(lambda: rig.pid_or_none(pod) not in (None, pid))

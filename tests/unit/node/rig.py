"""A node on a small API, as the tests drive it: put objects, wait for what becomes of them."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import yaml

from torana.api.core.deployment import DEPLOYMENT
from torana.api.core.pod import POD
from torana.embedded.node.main import NodeOptions, serve
from torana.embedded.node.stop import stop_all

from .small_api import Obj, SmallApi

SLEEP = f"{sys.executable} -c 'import time; print(\"up\", flush=True); time.sleep(600)'"
NAMESPACE = "default"


class Rig:
    """A running node. `begin` and `end` it as often as wanted: Pods' processes outlive it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.api = SmallApi()
        self._task: asyncio.Task[None] | None = None
        self.images = (f"test/sleep={SLEEP}", f"test/python={sys.executable}", "test/sh=/bin/sh")

    async def begin(self, controllers: bool = True) -> None:
        if not self.api.url:
            await self.api.start()
        kubeconfig = self.directory / "kubeconfig"
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "current-context": "c",
                    "contexts": [{"name": "c", "context": {"cluster": "c"}}],
                    "clusters": [{"name": "c", "cluster": {"server": self.api.url}}],
                }
            )
        )
        options = NodeOptions(self.directory, kubeconfig, self.images, run_controllers=controllers)
        self._task = asyncio.ensure_future(serve(options))

    async def end(self) -> None:
        """The node is gone; the Pods' processes are not."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def close(self) -> None:
        await self.end()
        await asyncio.to_thread(stop_all, self.directory, 0.5)
        await self.api.stop()

    # --- objects ---

    def pod(self, name: str, image: str = "test/sleep", *, spec: Obj | None = None, **container: Any) -> Obj:
        body = {
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": image, **container}],
                **(spec or {}),
            },
        }
        return self.api.put(POD, body)

    def deployment(self, name: str, replicas: int = 1, **container: Any) -> Obj:
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": "test/sleep", **container}],
            },
        }
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        return self.api.put(DEPLOYMENT, {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})

    # --- waiting ---

    async def until_pod(self, name: str, holds: Any) -> Obj:
        def check() -> Obj | None:
            pod = self.api.get(POD, NAMESPACE, name)
            return pod if pod is not None and holds(pod) else None

        found: Obj = await self.api.until(check)
        return found

    async def ready(self, name: str) -> Obj:
        return await self.until_pod(name, is_ready)

    async def waiting(self, name: str, reason: str) -> str:
        """The message of a container that waits for this reason."""
        pod = await self.until_pod(name, lambda pod: (state(pod).get("waiting") or {}).get("reason") == reason)
        return str(state(pod)["waiting"].get("message", ""))

    def record(self, pod: Obj) -> Path:
        return self.directory / "node" / "pods" / str(pod["metadata"]["uid"])

    def log(self, pod: Obj, container: str = "main") -> str:
        path = self.record(pod) / "logs" / f"{container}.log"
        return path.read_text() if path.exists() else ""

    def pid(self, pod: Obj) -> int:
        record = yaml.safe_load((self.record(pod) / "state.json").read_text())
        return int(record["containers"]["main"]["process"]["pid"])

    def pid_or_none(self, pod: Obj) -> int | None:
        """None while the container does not run."""
        try:
            return self.pid(pod)
        except (OSError, KeyError, TypeError):
            return None


def state(pod: Obj) -> Obj:
    statuses = pod.get("status", {}).get("containerStatuses") or [{}]
    found: Obj = statuses[0].get("state", {})
    return found


def is_ready(pod: Obj) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def until(holds: Any, timeout_s: float = 10.0) -> None:
    """Polls what no event tells about: processes and files."""
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.01)


__all__ = ["NAMESPACE", "Rig", "is_ready", "runs", "state", "until"]

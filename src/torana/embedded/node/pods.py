"""Which Pods run on this node? One worker per Pod; changes of what a Pod depends on wake its worker.

An edge, fed by the caches of Pods, Services, Secrets and ConfigMaps.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from typing import Any

import orjson

from torana.api.core.pod import POD, Pod
from torana.api.core.service import Service
from torana.api.kind import Ref
from torana.embedded.node.log_files import LogFile
from torana.embedded.node.pod_directory import PodDirectory, all_pods, pods_directory
from torana.embedded.node.pod_worker import PodWorker
from torana.embedded.node.process import ProcessId
from torana.embedded.node.record import PodRecord
from torana.embedded.node.setting import NodeSetting
from torana.embedded.node.stop import stop_processes
from torana.embedded.node.strays import kill_strays
from torana.kube.cache import Cache
from torana.kube.change import Change, Undecodable
from torana.kube.client import Client, object_path
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

DEFAULT_SCHEDULERS = ("", "default-scheduler")
BIND_RETRY_S = 0.5


class Pods:
    """The workers of this node."""

    def __init__(self, setting: NodeSetting, pods: Cache) -> None:
        self._setting = setting
        self._pods = pods
        self._workers: dict[str, PodWorker] = {}
        """By Pod uid."""
        self._by_ref: dict[Ref, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._binding: set[str] = set()

    # --- life ---

    async def begin(self) -> None:
        """Takes over what an earlier node left, then follows the cache. Needs synced caches."""
        left_over: list[tuple[PodDirectory, PodRecord]] = []
        found = list(all_pods(self._setting.data_dir))
        runs = {each.run_id for _, record in found if record for each in record.containers.values()}
        kill_strays(self._setting.data_dir, runs)
        for directory, record in found:
            if record is None:
                directory.remove()
                continue
            pod = self._pods.get(Ref(record.namespace, record.name))
            if pod is None or pod.metadata.uid != record.uid:
                left_over.append((directory, record))
                continue
            if not record.address_source and record.address:
                self._setting.addresses.keep(record.address)
            self._begin_worker(pod, directory, record)
        for directory, record in left_over:
            self._spawn(self._clear(directory, record))
        for pod in self._pods:
            self._consider(pod)
        self._pods.on_changes(self._on_pods)

    async def stop(self) -> None:
        """All workers have ended; the Pods' processes run on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- changes ---

    def _on_pods(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.synced or isinstance(change.object, Undecodable):
                continue
            uid = self._by_ref.get(change.ref)
            if uid is not None and (change.object is None or change.object.metadata.uid != uid):
                self._by_ref.pop(change.ref)
                self._workers[uid].update(None)
            if change.object is not None:
                self._consider(change.object)

    def wake_namespaces(self, changes: tuple[Change, ...]) -> None:
        """A Secret, ConfigMap or Service changed: the Pods of its namespace look again."""
        namespaces = {change.ref.namespace for change in changes if not change.synced}
        for worker in self._workers.values():
            if worker.record.namespace in namespaces:
                worker.wake()

    def _consider(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        if uid in self._workers:
            self._workers[uid].update(pod)
        elif pod.spec.node_name == self._setting.name:
            if pod.status.phase in ("Succeeded", "Failed") and not _is_deleted(pod):
                return
            directory = PodDirectory(pods_directory(self._setting.data_dir) / uid)
            grace = pod.spec.termination_grace_period_seconds
            record = PodRecord(
                pod.metadata.namespace,
                pod.metadata.name,
                uid,
                started_at=time.time(),
                grace_s=30.0 if grace is None else float(grace),
            )
            directory.save(record)
            self._begin_worker(pod, directory, record)
        elif self._is_unbound(pod) and uid not in self._binding:
            self._binding.add(uid)
            self._spawn(self._bind(pod))

    def _is_unbound(self, pod: Pod) -> bool:
        is_ours = pod.spec.scheduler_name in DEFAULT_SCHEDULERS
        return not pod.spec.node_name and is_ours and not _is_deleted(pod)

    # --- work ---

    def _begin_worker(self, pod: Pod, directory: PodDirectory, record: PodRecord) -> None:
        worker = PodWorker(self._setting, pod, directory, record, self._gone)
        self._workers[record.uid] = worker
        self._by_ref[Ref(record.namespace, record.name)] = record.uid
        self._spawn(self._work(worker))

    async def _work(self, worker: PodWorker) -> None:
        record = worker.record
        try:
            await worker.run()
        except asyncio.CancelledError:
            raise
        except Exception:
            # One Pod's bug must not take the others along; its processes stay as they are.
            log.exception("the worker of Pod %s/%s failed", record.namespace, record.name)
            self._gone(worker)

    def _gone(self, worker: PodWorker) -> None:
        record = worker.record
        self._workers.pop(record.uid, None)
        if self._by_ref.get(Ref(record.namespace, record.name)) == record.uid:
            self._by_ref.pop(Ref(record.namespace, record.name))
        self._setting.logs.drop(worker.directory.path)

    async def _bind(self, pod: Pod) -> None:
        """The Pod is bound to this node, or gone."""
        meta = pod.metadata
        try:
            await bind(self._setting.client, pod, self._setting.name)
        finally:
            self._binding.discard(meta.uid)

    async def _clear(self, directory: PodDirectory, record: PodRecord) -> None:
        """Stops the processes of a Pod whose object went while no node was there."""
        processes: list[ProcessId] = list(record.processes)
        await asyncio.to_thread(stop_processes, processes, record.grace_s)
        directory.remove()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- for the kubelet endpoint ---

    def log_of(self, ref: Ref, container: str) -> tuple[LogFile, asyncio.Future[object] | None] | None:
        """The log of a container, and what completes when its present run ends; None for an unknown container."""
        uid = self._by_ref.get(ref)
        worker = self._workers.get(uid or "")
        if worker is None:
            return self._log_of_finished(ref, container)
        names = [each.name for each in (*worker.pod.spec.init_containers, *worker.pod.spec.containers)]
        if container not in names:
            return None
        ended: asyncio.Future[object] | None = worker.runs.ended(container)  # type: ignore[assignment]
        return self._setting.logs.file(worker.directory.log_path(container)), ended

    def _log_of_finished(self, ref: Ref, container: str) -> tuple[LogFile, None] | None:
        pod = self._pods.get(ref)
        if pod is None:
            return None
        path = PodDirectory(pods_directory(self._setting.data_dir) / pod.metadata.uid).log_path(container)
        return (self._setting.logs.file(path), None) if path.exists() else None


async def bind(client: Client, pod: Pod, node: str) -> None:
    """The Pod is settled: bound to this node, bound by somebody else, or gone. Tried until the API server answers."""
    meta = pod.metadata
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    while True:
        try:
            await client.request("POST", object_path(POD, meta.ref, "binding"), body=orjson.dumps(body))
            return
        except ApiError as error:
            is_gone = error.is_not_found and error.details.get("name") == meta.name
            if is_gone or error.status == 409:
                return
            log.warning("binding Pod %s/%s: %s", meta.namespace, meta.name, error)
        except KubeError as error:
            log.debug("binding Pod %s/%s: %s", meta.namespace, meta.name, error)
        await asyncio.sleep(BIND_RETRY_S)


def services_of(cache: Cache, namespace: str) -> Iterable[Service]:
    services: Iterable[Service] = cache.by("namespace", namespace)
    return services


def _is_deleted(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None

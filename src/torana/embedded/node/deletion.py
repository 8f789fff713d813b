"""How does a Pod leave? Its preStop hooks run, and at the end its object is deleted for good."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from torana.api.core.container import Container
from torana.api.core.pod import POD, Pod
from torana.api.core.probe import Probe
from torana.api.kind import Ref
from torana.embedded.node.container_runs import ContainerRuns
from torana.embedded.node.pod_directory import PodDirectory
from torana.embedded.node.probes import Prober
from torana.kube.client import Client, object_path
from torana.kube.errors import ApiError, KubeError

log = logging.getLogger(__name__)

RETRY_S = 0.5


async def run_pre_stop_hooks(
    pod: Pod, runs: ContainerRuns, prober: Prober, directory: PodDirectory, grace_s: float
) -> None:
    """The hooks of all running containers have run, or the grace period is over."""
    hooks = [
        _run_hook(container, runs, prober, directory)
        for container in pod.spec.containers
        if container.lifecycle is not None
        and container.lifecycle.pre_stop is not None
        and runs.record.container(container.name).process is not None
    ]
    if hooks:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*hooks), grace_s)


async def _run_hook(container: Container, runs: ContainerRuns, prober: Prober, directory: PodDirectory) -> None:
    assert container.lifecycle is not None and container.lifecycle.pre_stop is not None
    hook = container.lifecycle.pre_stop
    ended = runs.ended(container.name)
    if hook.sleep is not None:
        work: asyncio.Future[Any] = asyncio.ensure_future(asyncio.sleep(hook.sleep.seconds))
    else:
        state = runs.record.container(container.name)
        probe = Probe(http_get=hook.http_get, tcp_socket=hook.tcp_socket, exec=hook.exec, timeout_seconds=3600)
        root = directory.path / "root" / container.name
        work = asyncio.ensure_future(prober.ask(probe, container, runs.record.address, state.environ, root))
    # A container that ends by itself needs no more of its hook.
    waited: list[asyncio.Future[Any]] = [work] if ended is None else [work, ended]
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        work.cancel()
    elif work.result():
        log.info("%s: preStop hook of %s: %s", runs.record.name, container.name, work.result())


async def finish_deletion(client: Client, pod: Pod) -> None:
    """The object is gone; tried until the API server answers."""
    meta = pod.metadata
    body = (
        b'{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":"'
        + meta.uid.encode()
        + b'"}}'
    )
    while True:
        try:
            await client.request("DELETE", object_path(POD, Ref(meta.namespace, meta.name)), body=body)
            return
        except ApiError as error:
            if error.status in (404, 409):
                return
            log.warning("deleting Pod %s/%s: %s", meta.namespace, meta.name, error)
        except KubeError as error:
            log.debug("deleting Pod %s/%s: %s", meta.namespace, meta.name, error)
        await asyncio.sleep(RETRY_S)

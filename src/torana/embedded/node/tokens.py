"""Which ServiceAccount tokens does a Pod hold? Asked of the TokenRequest API, renewed at four fifths of their life."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import orjson

from torana.api.core.pod import Pod
from torana.api.core.service_account import SERVICE_ACCOUNT
from torana.api.kind import Ref
from torana.kube.client import Client, object_path
from torana.kube.errors import KubeError

log = logging.getLogger(__name__)

RETRY_S = 2.0


class PodTokens:
    """Tokens by audience. `current` starts fetching what is asked for first; `on_change` is called when one came."""

    def __init__(self, client: Client, pod: Pod, on_change: Callable[[], None]) -> None:
        self._client = client
        self._pod = pod
        self._on_change = on_change
        self._tokens: dict[tuple[str, int], bytes] = {}
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    def current(self, audience: str, expiration_s: int) -> bytes | None:
        wanted = (audience, expiration_s)
        if wanted not in self._tasks:
            self._tasks[wanted] = asyncio.ensure_future(self._keep(audience, expiration_s))
        return self._tokens.get(wanted)

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _keep(self, audience: str, expiration_s: int) -> None:
        meta = self._pod.metadata
        account = Ref(meta.namespace, self._pod.spec.service_account_name or "default")
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta.name, "uid": meta.uid}
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [audience] if audience else [],
                "expirationSeconds": expiration_s,
                "boundObjectRef": bound,
            },
        }
        while True:
            try:
                path = object_path(SERVICE_ACCOUNT, account, "token")
                response = await self._client.request("POST", path, body=orjson.dumps(body))
                self._tokens[(audience, expiration_s)] = response.json()["status"]["token"].encode()
                self._on_change()
                await asyncio.sleep(max(60.0, expiration_s * 0.8 - time.time() % 10))
            except KubeError as error:
                log.info("token for ServiceAccount %s: %s", account, error)
                await asyncio.sleep(RETRY_S)

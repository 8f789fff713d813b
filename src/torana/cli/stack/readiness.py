"""Would a Gateway applied now be served? Yes when the API server, the node and the controller all say so now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from torana.cli.stack.child import ChildState
from torana.kube.client import Client
from torana.kube.errors import ApiError, KubeError

PROBE_S = 2.0


class Readiness(msgspec.Struct, frozen=True):
    """What each component says: `ok`, or what it waits for."""

    components: dict[str, str]

    @property
    def is_ready(self) -> bool:
        return bool(self.components) and all(said == "ok" for said in self.components.values())

    def __str__(self) -> str:
        return "\n".join(f"{name}: {said}" for name, said in self.components.items())


class Probe:
    """Asks the components. Used as `async with`."""

    def __init__(self, client: Client, controller_url: str) -> None:
        self._client = client
        self._controller_url = controller_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Probe:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PROBE_S))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, children: Mapping[str, ChildState]) -> Readiness:
        """What every component says now. A process that is not running needs no asking."""
        questions = {"apiserver": self._api_server, "node": self._node, "controller": self._controller}

        async def answer(name: str) -> str:
            state = children.get(name)
            if state is None or not state.pid:
                return f"not running ({state.last_end})" if state and state.last_end else "not running"
            try:
                return await asyncio.wait_for(questions[name](), PROBE_S)
            except TimeoutError:
                return f"no answer within {PROBE_S:.0f} s"

        said = await asyncio.gather(*(answer(name) for name in questions))
        return Readiness(dict(zip(questions, said, strict=True)))

    async def _api_server(self) -> str:
        try:
            await self._client.request("GET", "/readyz", timeout_s=PROBE_S, attempts=1)
        except KubeError as error:
            return _words(error)
        return "ok"

    async def _node(self) -> str:
        try:
            response = await self._client.request("GET", "/api/v1/nodes", timeout_s=PROBE_S, attempts=1)
        except KubeError as error:
            return _words(error)
        nodes = response.json().get("items") or ()
        return "ok" if any(_is_node_ready(node) for node in nodes) else "no Node is Ready"

    async def _controller(self) -> str:
        assert self._session is not None
        try:
            async with self._session.get(self._controller_url) as response:
                text = (await response.text()).strip()
                return "ok" if response.status == 200 else text[:200] or f"status {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError):
            return "does not answer yet"


def _is_node_ready(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _words(error: KubeError) -> str:
    return error.message[:200] if isinstance(error, ApiError) else "does not answer yet"

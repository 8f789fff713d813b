"""How does a client read a container's log? Through the API server, from the node's endpoint. (edge: HTTPS client)"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.response import Stream

if TYPE_CHECKING:
    import aiohttp

Obj = dict[str, Any]
_PASSED_ON = (
    "follow",
    "previous",
    "timestamps",
    "sinceSeconds",
    "sinceTime",
    "tailLines",
    "limitBytes",
    "stream",
)


class PodLogs:
    """Opens logs. `find_node(name)` gives the encoded Node, if there is one."""

    def __init__(self, pki: Path, find_node: Callable[[str], bytes | None]) -> None:
        self._pki = pki
        self._find_node = find_node
        self._session: aiohttp.ClientSession | None = None

    async def open(self, pod: Obj, query: dict[str, str]) -> Stream:
        """The log of one container as it grows (with `follow`) or as it is. Raises ApiFailure."""
        meta, spec = pod["metadata"], pod.get("spec") or {}
        container = _container(pod, query.get("container", ""))
        if not spec.get("nodeName"):
            raise errors.bad_request(f"pod {meta['name']} does not have a host assigned")
        _check_started(pod, container)
        path = "/".join(quote(part, safe="") for part in (meta["namespace"], meta["name"], container))
        url = f"{self._node_url(spec['nodeName'])}/containerLogs/{path}"
        options = {key: query[key] for key in _PASSED_ON if key in query}
        # Imported when the first log is asked for: it doubles the time that the API server takes to start.
        import aiohttp

        try:
            response = await self._client().get(url, params=options)
        except aiohttp.ClientError as error:
            message = f"Internal error occurred: the node of pod {meta['name']} does not answer: {error}"
            raise errors.ApiFailure(500, "InternalError", message) from error
        if response.status >= 400:
            text = (await response.text()).strip()
            response.release()
            reason = {400: "BadRequest", 404: "NotFound", 403: "Forbidden"}.get(response.status, "InternalError")
            raise errors.ApiFailure(response.status, reason, text)
        return Stream(_chunks(response), "text/plain")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            # The node signs its own serving certificate, as kubelets do; ours tells it who asks.
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.load_cert_chain(self._pki / "apiserver.crt", self._pki / "apiserver.key")
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=0),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=5),
            )
        return self._session

    def _node_url(self, name: str) -> str:
        raw = self._find_node(name)
        if raw is None:
            raise errors.not_found("", "nodes", name)
        status = orjson.loads(raw).get("status") or {}
        address = next((a["address"] for a in status.get("addresses") or [] if a.get("type") == "InternalIP"), "")
        endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
        port = endpoint.get("Port") or endpoint.get("port")
        if not address or not port:
            raise errors.ApiFailure(500, "InternalError", f"Internal error occurred: node {name} has no log endpoint")
        return f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"


def _container(pod: Obj, asked: str) -> str:
    """The container to read. Raises BadRequest when the Pod leaves a choice, or has none of that name."""
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    plain = [container["name"] for container in spec.get("containers") or []]
    known = [*plain, *(container["name"] for container in spec.get("initContainers") or [])]
    if asked and asked not in known:
        raise errors.bad_request(f"container {asked} is not valid for pod {name}")
    if asked or len(plain) == 1:
        return asked or plain[0]
    raise errors.bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(plain)}]")


def _check_started(pod: Obj, container: str) -> None:
    status = pod.get("status") or {}
    states = [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]
    known = next((state for state in states if state.get("name") == container), None)
    waiting = ((known or {}).get("state") or {}).get("waiting")
    if waiting and not (known or {}).get("lastState", {}).get("terminated"):
        name = pod["metadata"]["name"]
        raise errors.bad_request(
            f'container "{container}" in pod "{name}" is waiting to start: {waiting.get("reason", "")}'
        )


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    import aiohttp

    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except aiohttp.ClientError:
        return
    finally:
        response.close()

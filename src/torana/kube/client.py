"""How is one request made? A thin client for any Kubernetes API: objects in and out, errors as values worth reading.

Retries: reads after any transport failure or 429/5xx; writes only when the server certainly did nothing with them
(connection refused, or 429 with Retry-After). Everything else is the caller's decision.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import quote

import aiohttp
import msgspec
import orjson

from torana.api.kind import Kind, Ref
from torana.kube.config import Access, load_access, read_kubeconfig
from torana.kube.credentials import Credentials
from torana.kube.errors import ApiError, Unreachable, error_of_response
from torana.kube.stream import CONNECT_TIMEOUT_S, keep_alive, stream

PatchType = Literal["merge", "json", "strategic", "apply"]
PAGE_SIZE = 500
REQUEST_TIMEOUT_S = 60.0
READ_ATTEMPTS = 5
RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})

_PATCH_CONTENT_TYPE: Mapping[str, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Response(NamedTuple):
    """What came back. `body` is undecoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


class Client:
    """A connection to one API server as one user. Use it as `async with Client(...) as client`."""

    def __init__(self, access: Access, *, user_agent: str = "torana") -> None:
        self.access = access
        self._user_agent = user_agent
        self._credentials = Credentials(access)
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def from_kubeconfig(cls, path: Path | str, context: str | None = None, *, user_agent: str = "torana") -> Client:
        return cls(read_kubeconfig(Path(path), context), user_agent=user_agent)

    @classmethod
    def discover(cls, kubeconfig: Path | None = None, context: str | None = None) -> Client:
        """The given kubeconfig, else $KUBECONFIG, else in-cluster, else ~/.kube/config."""
        return cls(load_access(kubeconfig, context))

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    # --- objects ---

    async def get(self, kind: Kind, ref: Ref) -> dict[str, Any]:
        return dict((await self.request("GET", object_path(kind, ref))).json())

    async def get_typed(self, kind: Kind, ref: Ref) -> Any:
        """The object as the kind's Struct. Raises `msgspec.ValidationError` when it does not fit."""
        response = await self.request("GET", object_path(kind, ref))
        return msgspec.json.decode(response.body, type=kind.struct)

    async def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> tuple[list[dict[str, Any]], str]:
        """All objects, read in pages, and the resourceVersion a watch may start from."""
        items: list[dict[str, Any]] = []
        version = ""
        async for page in self.list_pages(kind, namespace, label_selector, field_selector):
            document = orjson.loads(page)
            items.extend(document.get("items") or ())
            version = document["metadata"].get("resourceVersion", "")
        return items, version

    async def list_pages(
        self, kind: Kind, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> AsyncIterator[bytes]:
        """The undecoded pages of a list. A continue token that expired midway raises `ApiError` with `is_gone`."""
        params = _selectors(label_selector, field_selector) | {"limit": str(PAGE_SIZE)}
        while True:
            response = await self.request("GET", kind.path(namespace), params=params)
            yield response.body
            token = msgspec.json.decode(response.body, type=_ListHead).metadata.continue_
            if not token:
                return
            params["continue"] = token

    async def create(self, kind: Kind, obj: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        namespace = str(obj.get("metadata", {}).get("namespace") or "")
        params = {"dryRun": "All"} if dry_run else None
        return dict((await self.request("POST", kind.path(namespace), params=params, body=_document(kind, obj))).json())

    async def replace(self, kind: Kind, obj: Mapping[str, Any], subresource: str = "") -> dict[str, Any]:
        """Writes the whole object; its metadata.resourceVersion guards against a change in between."""
        metadata = obj["metadata"]
        path = object_path(kind, Ref(metadata.get("namespace") or "", metadata["name"]), subresource)
        return dict((await self.request("PUT", path, body=_document(kind, obj))).json())

    async def patch(
        self,
        kind: Kind,
        ref: Ref,
        body: Any,
        type: PatchType = "merge",
        subresource: str = "",
        field_manager: str = "",
        force: bool = False,
    ) -> dict[str, Any]:
        """Changes part of an object. `body` is the patch as data, or as encoded bytes."""
        params: dict[str, str] = {}
        if field_manager:
            params["fieldManager"] = field_manager
        if type == "apply":
            params["force"] = "true" if force else "false"
            if isinstance(body, Mapping):
                body = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
        response = await self.request(
            "PATCH",
            object_path(kind, ref, subresource),
            params=params,
            body=body if isinstance(body, bytes) else orjson.dumps(body),
            content_type=_PATCH_CONTENT_TYPE[type],
        )
        return dict(response.json())

    async def delete(self, kind: Kind, ref: Ref, *, uid: str = "", propagation: str = "") -> dict[str, Any]:
        """Asks for deletion. `uid` guards a namesake; `propagation` is Background, Foreground or Orphan."""
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if uid:
            options["preconditions"] = {"uid": uid}
        if propagation:
            options["propagationPolicy"] = propagation
        return dict((await self.request("DELETE", object_path(kind, ref), body=orjson.dumps(options))).json())

    # --- raw ---

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_s: float = REQUEST_TIMEOUT_S,
        attempts: int = READ_ATTEMPTS,
    ) -> Response:
        """One answered request. Raises `ApiError` for status 400 and above, `Unreachable` when no answer came."""
        headers = {"Accept": accept} | ({"Content-Type": content_type} if body is not None else {})
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=CONNECT_TIMEOUT_S)
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._send(method, path, params, headers, body, timeout) as response:
                    content = await response.read()
                    if response.status < 400:
                        return Response(response.status, response.headers, content)
                    pause_s = self._pause_after(method, response, attempt, attempts)
                    if pause_s is None:
                        raise error_of_response(response.status, content)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                untouched = isinstance(error, aiohttp.ClientConnectorError)
                if attempt >= attempts or not (untouched or method == "GET"):
                    raise _unreachable(self.access.server, method, path, error) from error
                pause_s = _pause(attempt)
            await asyncio.sleep(pause_s)

    async def stream(
        self, path: str, params: Mapping[str, str], on_bytes: Callable[[bytes], None], silence_s: float
    ) -> None:
        """Hands over the body of a GET as it comes, until the server ends it.

        Raises `ApiError`, or `Unreachable` for a broken connection or `silence_s` without a byte.
        """
        try:
            await self._stream(path, params, on_bytes, silence_s)
        except ApiError as error:
            if error.status == 401:
                self._credentials.expire()
            raise

    async def _stream(
        self, path: str, params: Mapping[str, str], on_bytes: Callable[[bytes], None], silence_s: float
    ) -> None:
        if not self.access.proxy_url:
            headers = await self._credentials.headers()
            headers.update({"Accept": "application/json", "User-Agent": self._user_agent})
            tls = self._credentials.ssl_context()
            await stream(
                self.access.server + path, params, headers, on_bytes,
                tls=None if isinstance(tls, bool) else tls, tls_server_name=self.access.tls_server_name,
                silence_s=silence_s,
            )  # fmt: skip
            return
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S, sock_read=silence_s)
        try:
            async with self._send("GET", path, params, {"Accept": "application/json"}, None, timeout) as response:
                if response.status >= 400:
                    raise error_of_response(response.status, await response.read())
                while chunk := await response.content.readany():
                    on_bytes(chunk)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(self.access.server, "GET", path, error) from error

    @contextlib.asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: dict[str, str],
        body: bytes | None,
        timeout: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        credentials = await self._credentials.headers()
        credentials.update(headers)
        async with self._open().request(
            method,
            self.access.server + path,
            params=params,
            headers=credentials,
            data=body,
            timeout=timeout,
            ssl=self._credentials.ssl_context(),
            server_hostname=self.access.tls_server_name or None,
            proxy=self.access.proxy_url or None,
            allow_redirects=False,
        ) as response:
            yield response

    def _pause_after(self, method: str, response: aiohttp.ClientResponse, attempt: int, attempts: int) -> float | None:
        """Seconds to wait before asking again; None when the answer stands."""
        if response.status == 401 and self._credentials.is_refreshable and attempt == 1:
            self._credentials.expire()
            return 0.0
        if attempt >= attempts or response.status not in RETRY_STATUSES:
            return None
        retry_after = response.headers.get("Retry-After", "")
        if retry_after.isdigit() and (method == "GET" or response.status == 429):
            return min(float(retry_after), 30.0) * (1.0 + 0.1 * random.random())
        return _pause(attempt) if method == "GET" else None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Watches hold connections for minutes, so the pool must not be capped.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, socket_factory=_keepalive_socket)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
                auto_decompress=True,
            )
        return self._session


def object_path(kind: Kind, ref: Ref, subresource: str = "") -> str:
    """URL path of one object, e.g. `/api/v1/namespaces/default/services/web/status`."""
    path = f"{kind.path(ref.namespace)}/{quote(ref.name, safe='')}"
    return f"{path}/{subresource}" if subresource else path


class _ListMeta(msgspec.Struct, frozen=True):
    continue_: str = msgspec.field(name="continue", default="")


class _ListHead(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()


def _document(kind: Kind, obj: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"apiVersion": kind.api_version, "kind": kind.kind, **obj})


def _selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    params = {"labelSelector": label_selector, "fieldSelector": field_selector}
    return {name: value for name, value in params.items() if value}


def _pause(attempt: int) -> float:
    return min(0.05 * 2.0**attempt, 2.0) * (0.5 + random.random() / 2)


def _unreachable(server: str, method: str, path: str, error: BaseException) -> Unreachable:
    return Unreachable(f"{server} did not answer {method} {path}: {str(error) or type(error).__name__}")


def _keepalive_socket(address: Any) -> socket.socket:
    family, kind, protocol = address[0], address[1], address[2]
    made = socket.socket(family=family, type=kind, proto=protocol)
    keep_alive(made)
    made.setblocking(False)
    return made


__all__ = ["PAGE_SIZE", "ApiError", "Client", "PatchType", "Response", "Unreachable", "object_path"]

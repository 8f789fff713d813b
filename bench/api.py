"""How does a benchmark talk to a Kubernetes API without leaning on any implementation?

Plain HTTPS with keep-alive connections and no limit on the client's side. Nothing of Torana is imported, so every
implementation is measured by the same client.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson
import yaml

Document = dict[str, Any]

_PLACES = {
    "Namespace": ("/api/v1", "namespaces", False),
    "Service": ("/api/v1", "services", True),
    "Secret": ("/api/v1", "secrets", True),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices", True),
    "GatewayClass": ("/apis/gateway.networking.k8s.io/v1", "gatewayclasses", False),
    "Gateway": ("/apis/gateway.networking.k8s.io/v1", "gateways", True),
    "HTTPRoute": ("/apis/gateway.networking.k8s.io/v1", "httproutes", True),
}


class Refused(Exception):
    """The API answered with an error; the message holds the request and the Status object's own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def path_of(kind: str, namespace: str = "", name: str = "") -> str:
    """The URL path of a collection, or of one object in it."""
    prefix, plural, namespaced = _PLACES[kind]
    middle = f"/namespaces/{namespace}" if namespaced and namespace else ""
    return f"{prefix}{middle}/{plural}" + (f"/{name}" if name else "")


class Api:
    """One kubeconfig's API server, over up to `connections` connections."""

    def __init__(self, kubeconfig: Path, connections: int = 8) -> None:
        self.server, self._tls, self._headers = kubeconfig_identity(kubeconfig)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections, ssl=self._tls, keepalive_timeout=600)
        timeout = aiohttp.ClientTimeout(total=60)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(
        self, method: str, path: str, body: Document | None = None, content_type: str = "application/json"
    ) -> Document:
        """The decoded answer. Raises `Refused` for every status of 400 and above."""
        assert self._session is not None
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": content_type} if data else {}
        async with self._session.request(method, self.server + path, data=data, headers=headers) as answer:
            text = await answer.read()
            if answer.status >= 400:
                raise Refused(answer.status, f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
            decoded: Document = orjson.loads(text)
            return decoded

    async def create(self, document: Document) -> Document:
        return await self.send("POST", _collection(document), document)

    async def ensure(self, document: Document) -> Document:
        """Creates the object, or puts ours in the place of one that exists."""
        try:
            return await self.create(document)
        except Refused as refusal:
            if refusal.status != 409:
                raise
        path = _path(document)
        live = await self.send("GET", path)
        document["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        return await self.send("PUT", path, document)

    async def merge(self, kind: str, namespace: str, name: str, change: Document) -> Document:
        return await self.send("PATCH", path_of(kind, namespace, name), change, "application/merge-patch+json")

    async def get(self, kind: str, namespace: str, name: str) -> Document:
        return await self.send("GET", path_of(kind, namespace, name))

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        """The object is on its way out, or was never there."""
        try:
            await self.send("DELETE", path_of(kind, namespace, name))
        except Refused as refusal:
            if refusal.status != 404:
                raise


def _collection(document: Document) -> str:
    return path_of(document["kind"], document["metadata"].get("namespace", ""))


def _path(document: Document) -> str:
    return f"{_collection(document)}/{document['metadata']['name']}"


def kubeconfig_identity(kubeconfig: Path) -> tuple[str, ssl.SSLContext, dict[str, str]]:
    """Server, TLS context and headers of the current context: client certificates and static tokens are understood."""
    config = yaml.safe_load(kubeconfig.read_text())
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    tls = ssl.create_default_context()
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    elif authority := _material(cluster, "certificate-authority", kubeconfig):
        tls.load_verify_locations(cadata=authority.decode())
    certificate, key = (_material(user, field, kubeconfig) for field in ("client-certificate", "client-key"))
    if certificate and key:
        # OpenSSL reads a certificate chain from files only.
        with tempfile.NamedTemporaryFile() as chain:
            chain.write(certificate + b"\n" + key)
            chain.flush()
            tls.load_cert_chain(chain.name)
    headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
    return cluster["server"], tls, headers


def _named(entries: list[Document], name: str) -> Document:
    return next(entry for entry in entries if entry["name"] == name)


def _material(section: Document, field: str, kubeconfig: Path) -> bytes:
    if inline := section.get(f"{field}-data"):
        return base64.b64decode(str(inline))
    if file := section.get(field):
        return (kubeconfig.parent / str(file)).read_bytes()
    return b""

"""How does a test read and write Kubernetes objects without trusting our own client?

A few requests over plain HTTPS, with the certificates of a kubeconfig; objects are dictionaries.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.api import Document, kubeconfig_identity
from tests.e2e.waiting import eventually

_GATEWAY = "/apis/gateway.networking.k8s.io/v1"
PLURALS = {
    "Namespace": ("/api/v1", "namespaces"),
    "Service": ("/api/v1", "services"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Secret": ("/api/v1", "secrets"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Pod": ("/api/v1", "pods"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "GatewayClass": (_GATEWAY, "gatewayclasses"),
    "Gateway": (_GATEWAY, "gateways"),
    "ListenerSet": (_GATEWAY, "listenersets"),
    "HTTPRoute": (_GATEWAY, "httproutes"),
    "TLSRoute": (_GATEWAY, "tlsroutes"),
    "TCPRoute": (_GATEWAY, "tcproutes"),
    "ReferenceGrant": (_GATEWAY, "referencegrants"),
    "BackendTLSPolicy": (_GATEWAY, "backendtlspolicies"),
    "CustomResourceDefinition": ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
}


@dataclass(frozen=True)
class Response:
    """What the API server answered."""

    status: int
    body: bytes
    content_type: str

    @property
    def json(self) -> Document:
        decoded: Document = json.loads(self.body)
        return decoded


class Kubernetes:
    """The API behind a kubeconfig; each thread has its own connection."""

    def __init__(self, kubeconfig: Path) -> None:
        server, tls, headers = kubeconfig_identity(kubeconfig)
        place = urlsplit(server)
        self.host, self.port = place.hostname or "", place.port or 443
        self._tls: ssl.SSLContext = tls
        self._headers = headers
        self._local = threading.local()

    def send(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Response:
        """One request; a connection that the server closed is opened again once."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {**self._headers, **({"Content-Type": content_type} if data is not None else {})}
        for last_try in (False, True):
            connection = self._connection()
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                return Response(answer.status, answer.read(), answer.getheader("Content-Type", ""))
            except (OSError, http.client.HTTPException) as broken:
                connection.close()
                if last_try:
                    raise OSError(f"{method} {path}: {broken!r}") from broken
        raise AssertionError("unreachable")

    def apply(self, *documents: Document) -> None:
        """Each object exists with our spec: created, or put in the place of one that exists."""
        for document in documents:
            answer = self.send("POST", collection_of(document), document)
            if answer.status == 409:
                self._replace(document)
            elif answer.status >= 300:
                raise AssertionError(f"create {name_of(document)}: {answer.status} {answer.body.decode()}")

    def get(self, kind: str, namespace: str, name: str) -> Document:
        answer = self.send("GET", path_of(kind, namespace, name))
        assert answer.status == 200, f"get {kind} {namespace}/{name}: {answer.status} {answer.body.decode()}"
        return answer.json

    def exists(self, kind: str, namespace: str, name: str) -> bool:
        return self.send("GET", path_of(kind, namespace, name)).status == 200

    def list(self, kind: str, namespace: str = "", selector: str = "") -> list[Document]:
        query = f"?labelSelector={selector}" if selector else ""
        answer = self.send("GET", path_of(kind, namespace) + query)
        assert answer.status == 200, f"list {kind}: {answer.status} {answer.body.decode()}"
        return list(answer.json["items"])

    def merge(self, kind: str, namespace: str, name: str, change: Document) -> Document:
        answer = self.send("PATCH", path_of(kind, namespace, name), change, content_type="application/merge-patch+json")
        assert answer.status == 200, f"patch {kind} {namespace}/{name}: {answer.status} {answer.body.decode()}"
        return answer.json

    def delete(self, kind: str, namespace: str, name: str) -> None:
        answer = self.send("DELETE", path_of(kind, namespace, name))
        assert answer.status in (200, 202, 404), f"delete {kind} {name}: {answer.status} {answer.body.decode()}"

    def wait_gone(self, kind: str, namespace: str, name: str, *, deadline_s: float = 30) -> None:
        def gone() -> None:
            assert not self.exists(kind, namespace, name), f"{kind} {namespace}/{name} still exists"

        eventually(gone, deadline_s=deadline_s)

    def _replace(self, document: Document) -> None:
        """Somebody may write a status between our read and our write."""
        path = f"{collection_of(document)}/{document['metadata']['name']}"

        def put() -> None:
            live = self.send("GET", path).json
            metadata = {**document["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
            answer = self.send("PUT", path, {**document, "metadata": metadata})
            assert answer.status == 200, f"replace {name_of(document)}: {answer.status} {answer.body.decode()}"

        eventually(put, deadline_s=5)

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPSConnection(self.host, self.port, context=self._tls, timeout=30)
        connection: http.client.HTTPSConnection = self._local.connection
        return connection


def path_of(kind: str, namespace: str = "", name: str = "") -> str:
    prefix, plural = PLURALS[kind]
    middle = f"/namespaces/{namespace}" if namespace else ""
    return f"{prefix}{middle}/{plural}" + (f"/{name}" if name else "")


def collection_of(document: Document) -> str:
    return path_of(document["kind"], document["metadata"].get("namespace", ""))


def name_of(document: Document) -> str:
    metadata = document["metadata"]
    return f"{document['kind']} {metadata.get('namespace', '')}/{metadata['name']}"

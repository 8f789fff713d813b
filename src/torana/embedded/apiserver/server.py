"""Which part of the API server answers a request? Authentication, authorisation, then discovery, OpenAPI or objects."""

from __future__ import annotations

import sys
from typing import Any

import orjson

from torana.api.field import Channel
from torana.embedded.apiserver import definitions, discovery, errors, openapi_v2
from torana.embedded.apiserver.authn import Authenticator
from torana.embedded.apiserver.authz import Authorizer
from torana.embedded.apiserver.builtin import builtin_resources
from torana.embedded.apiserver.catalog import Catalog
from torana.embedded.apiserver.openapi import OpenApi
from torana.embedded.apiserver.pod_logs import PodLogs
from torana.embedded.apiserver.request import Request, User, parse_query, parse_target
from torana.embedded.apiserver.resource import Resource
from torana.embedded.apiserver.resources import ResourceHandler
from torana.embedded.apiserver.response import Response, Stream, json_response
from torana.embedded.apiserver.reviews import Reviews
from torana.embedded.apiserver.served_definitions import ServedDefinitions
from torana.embedded.apiserver.store import Store
from torana.embedded.apiserver.subresources import Subresources
from torana.embedded.apiserver.tokens import Tokens
from torana.embedded.apiserver.watching import Subscription
from torana.embedded.apiserver.writer import Writer

VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4+torana",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": f"python{sys.version_info.major}.{sys.version_info.minor}",
    "compiler": "python",
    "platform": "linux/amd64",
}
_HEALTH = ("/healthz", "/livez", "/readyz")


class ApiServer:
    """The API over one store. `authenticate` and `handle` are called by the HTTP edge."""

    def __init__(
        self, store: Store, tokens: Tokens, authenticator: Authenticator, logs: PodLogs, channel: Channel
    ) -> None:
        self.store = store
        self.catalog = Catalog(builtin_resources(channel))
        self.writer = Writer(store, self._on_write)
        self.resources = ResourceHandler(store, self.catalog, self.writer, Subresources(self.writer, tokens, logs))
        self.authenticator = authenticator
        self.authorizer = Authorizer(store)
        self.reviews = Reviews(self.authorizer, authenticator, tokens)
        self._openapi = OpenApi(self.catalog)
        self._definitions = ServedDefinitions(store, self.catalog)

    def resume(self) -> None:
        """Go on with what the last process left unfinished."""
        self._definitions.resume(self.writer)

    async def handle(
        self, method: str, path: str, query_text: str, headers: dict[str, str], body: bytes, user: User
    ) -> Response | Stream | Subscription:
        """Answer one request. Raises ApiFailure."""
        query = parse_query(query_text) if query_text else {}
        target = parse_target(method, path, query)
        if "impersonate-user" in headers or "impersonate-group" in headers:
            user = self.authorizer.impersonated(user, headers)
        self.authorizer.check(user, target)
        request = Request(method, target, query, headers, body, user)
        if target.is_resource:
            review = self.reviews.find(target)
            if review is not None:
                return await review(request)
            return await self.resources.handle(request)
        return self._meta(request)

    def end_watches(self) -> None:
        """End every open watch, for a shutdown that does not wait."""
        for subscription in tuple(self.resources.subscriptions):
            subscription.end()
        self._definitions.close()

    def _meta(self, request: Request) -> Response:
        """Paths outside the resources."""
        path = request.target.path.rstrip("/") or "/"
        if request.target.verb != "get":
            raise errors.no_such_path()
        if path.startswith(_HEALTH):
            return Response(b"ok", content_type="text/plain; charset=utf-8")
        if path == "/version":
            return json_response(VERSION)
        if path == "/openapi/v2":
            return Response(openapi_v2.document(), content_type=openapi_v2.CONTENT_TYPE)
        if path == "/openapi/v3":
            return Response(self._openapi.index())
        if path.startswith("/openapi/v3/"):
            document = self._openapi.document(path.removeprefix("/openapi/v3/"))
            if document is not None:
                return Response(document)
        return self._discovery(request, path)

    def _discovery(self, request: Request, path: str) -> Response:
        if path in ("/api", "/apis"):
            version = discovery.wanted_form(request.accept)
            if version:
                body = discovery.aggregated(self.catalog, core=path == "/api", version=version)
                return Response(
                    orjson.dumps(body), content_type=discovery.AGGREGATED[version], headers=((b"vary", b"Accept"),)
                )
            host = request.headers.get("host", "")
            return json_response(
                discovery.core_versions(host) if path == "/api" else discovery.group_list(self.catalog)
            )
        if path == "/":
            return json_response(
                {"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]}
            )
        parts = path.strip("/").split("/")
        found: dict[str, Any] | None = None
        if parts[0] == "api" and len(parts) == 2:
            found = discovery.resource_list(self.catalog, "", parts[1])
        elif parts[0] == "apis" and len(parts) == 2:
            found = discovery.one_group(self.catalog, parts[1])
        elif parts[0] == "apis" and len(parts) == 3:
            found = discovery.resource_list(self.catalog, parts[1], parts[2])
        if found is None:
            raise errors.no_such_path()
        return json_response(found)

    def _on_write(self, resource: Resource, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        if resource.key == definitions.CRD_KEY:
            self._definitions.on_write(self.writer, before, after)

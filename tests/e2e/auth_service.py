"""How does a test get a service that says who may pass? Real ones, over HTTP and over Envoy's gRPC protocol."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import grpc
from aiohttp import web
from envoy.config.core.v3.base_pb2 import HeaderValue, HeaderValueOption
from envoy.service.auth.v3.external_auth_pb2 import CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse
from envoy.type.v3.http_status_pb2 import HttpStatus
from tests.e2e.asking import show
from tests.e2e.certificates import Certificate
from tests.e2e.envoy_rig import HOST

from torana.proxy.cluster import Endpoint

PASSWORD = "let me in"
_UNAUTHENTICATED = 16


class Asked(NamedTuple):
    """What a service was shown of a request. `host` and `authority` differ with gRPC only."""

    method: str
    path: str
    host: str
    headers: dict[str, str]
    body: bytes
    authority: str = ""


class AuthService(NamedTuple):
    """Lets those pass whose Authorization is PASSWORD, tells the backend `x-user: ann`, and notes what it was asked."""

    endpoint: Endpoint
    asked: asyncio.Queue[Asked]


@asynccontextmanager
async def http_auth(identity: Certificate | None = None) -> AsyncIterator[AuthService]:
    """`x-delay` in a request's Authorization, as `wait 5`, makes it slow; `fail` makes it answer 503.

    With an identity it speaks TLS.
    """
    asked: asyncio.Queue[Asked] = asyncio.Queue()

    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked.put_nowait(Asked(request.method, request.path_qs, request.host, headers, await request.read()))
        word = headers.get("authorization", "")
        if word.startswith("wait "):
            await asyncio.sleep(float(word.removeprefix("wait ")))
        if word == PASSWORD:
            told = {"x-user": "ann", "x-more": "yes", "content-type": "text/x-answer", "host": "evil.example.com"}
            return web.Response(headers=told, text="welcome")
        if word == "fail":
            return web.Response(status=503)
        if word == "almost":
            return web.Response(status=204, headers={"x-user": "nobody"})
        return web.Response(status=401, headers={"www-authenticate": "Basic"}, text="who are you?")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    context = None
    if identity is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        show(context, identity)
    site = web.TCPSite(runner, HOST, 0, ssl_context=context)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield AuthService(Endpoint(HOST, port), asked)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def grpc_auth(identity: Certificate | None = None) -> AsyncIterator[AuthService]:
    """With an identity it speaks TLS."""
    asked: asyncio.Queue[Asked] = asyncio.Queue()

    async def check(request: CheckRequest, context: Any) -> CheckResponse:
        http = request.attributes.request.http
        headers = dict(http.headers)
        asked.put_nowait(Asked(http.method, http.path, http.host, headers, http.body.encode(), _authority(context)))
        if headers.get("authorization") == PASSWORD:
            user = HeaderValueOption(header=HeaderValue(key="x-user", value="ann"))
            return CheckResponse(ok_response=OkHttpResponse(headers=[user], headers_to_remove=["authorization"]))
        challenge = HeaderValueOption(header=HeaderValue(key="www-authenticate", value="Basic"))
        denied = DeniedHttpResponse(status=HttpStatus(code=401), headers=[challenge], body="who are you?")
        return CheckResponse(status={"code": _UNAUTHENTICATED}, denied_response=denied)

    handler = grpc.unary_unary_rpc_method_handler(
        check, CheckRequest.FromString, lambda answer: bytes(answer.SerializeToString())
    )
    server = grpc.aio.server()
    handlers = grpc.method_handlers_generic_handler("envoy.service.auth.v3.Authorization", {"Check": handler})
    server.add_generic_rpc_handlers((handlers,))
    if identity is None:
        port = server.add_insecure_port(f"{HOST}:0")
    else:
        pair = (identity.key.encode(), identity.certificate.encode())
        port = server.add_secure_port(f"{HOST}:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    try:
        yield AuthService(Endpoint(HOST, port), asked)
    finally:
        await server.stop(None)


def _authority(context: Any) -> str:
    """gRPC for Python does not show it among the metadata; its peer name does not tell it either."""
    return dict(context.invocation_metadata() or ()).get(":authority", "")

"""Run the embedded API server: certificates, store, first objects, HTTPS. (edge)

`python -m torana.embedded.apiserver.main --data-dir DIR --port PORT` for tests; `torana apiserver` otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvloop

from torana.api.crd import crd_manifest
from torana.api.field import Channel
from torana.embedded.apiserver import bootstrap, errors
from torana.embedded.apiserver.authn import Authenticator
from torana.embedded.apiserver.builtin import custom_kinds
from torana.embedded.apiserver.http import serve_https
from torana.embedded.apiserver.pod_logs import PodLogs
from torana.embedded.apiserver.server import ApiServer
from torana.embedded.apiserver.sqlite import Database
from torana.embedded.apiserver.store import Store
from torana.embedded.apiserver.tokens import Tokens
from torana.embedded.apiserver.writer import timestamp
from torana.embedded.apiserver.writing import Write
from torana.embedded.pki import ensure_kubeconfigs, ensure_pki

log = logging.getLogger(__name__)

MANAGER = "torana"


@dataclass(frozen=True)
class ApiServerOptions:
    """Where the state is and where to listen. Port 0 takes a free one."""

    data_dir: Path
    port: int = 6443
    host: str = "127.0.0.1"
    channel: Channel = "experimental"


async def serve(options: ApiServerOptions, on_ready: Callable[[int], None] = lambda _port: None) -> None:
    """Serve until cancelled. `on_ready(port)` is called when the API answers and the kubeconfigs are written."""
    ensure_pki(options.data_dir)
    store = Store(Database(options.data_dir / "apiserver" / "state.db"))
    store.start()
    try:
        server = make_server(store, options)
        await install(server, options.channel)
        server.resume()

        def announce(port: int) -> None:
            ensure_kubeconfigs(options.data_dir, f"https://{options.host}:{port}")
            log.info("The API server listens on https://%s:%d", options.host, port)
            on_ready(port)

        await serve_https(server, options.host, options.port, options.data_dir / "pki", announce)
    finally:
        store.close()


def make_server(store: Store, options: ApiServerOptions) -> ApiServer:
    """The API over a store, with the keys of the data directory."""

    def account_uid(namespace: str, name: str) -> str:
        entry = store.collection("serviceaccounts").entries.get((namespace, name))
        return str(orjson.loads(entry.raw)["metadata"]["uid"]) if entry is not None else ""

    def find_node(name: str) -> bytes | None:
        entry = store.collection("nodes").entries.get(("", name))
        return entry.raw if entry is not None else None

    pki = options.data_dir / "pki"
    tokens = Tokens(pki / "sa.key", account_uid)
    return ApiServer(store, tokens, Authenticator(tokens, pki / "tokens.csv"), PodLogs(pki, find_node), options.channel)


async def install(server: ApiServer, channel: Channel) -> None:
    """Create the objects of a fresh Kubernetes that are missing, and bring those of ours up to date."""
    for name in bootstrap.NAMESPACES:
        await _ensure(server, "", "namespaces", {"metadata": {"name": name}}, replaces=False)
    group = "rbac.authorization.k8s.io"
    for role in bootstrap.cluster_roles():
        await _ensure(server, group, "clusterroles", role, replaces=True)
    for binding in bootstrap.cluster_role_bindings():
        await _ensure(server, group, "clusterrolebindings", binding, replaces=False)
    for kind in custom_kinds(channel):
        manifest = crd_manifest(kind, channel)
        await _ensure(server, "apiextensions.k8s.io", "customresourcedefinitions", manifest, replaces=True)


async def _ensure(server: ApiServer, group: str, plural: str, obj: dict[str, Any], *, replaces: bool) -> None:
    resource = server.catalog.find(group, plural)
    if resource is None:
        log.warning("%s cannot be installed: %s is not served", obj["metadata"]["name"], plural)
        return
    write = Write(resource, resource.storage, "", MANAGER, timestamp())
    name = obj["metadata"]["name"]
    copy = orjson.loads(orjson.dumps(obj))
    if server.store.collection(resource.key).latest(("", name)) is None:
        with contextlib.suppress(errors.ApiFailure) if not replaces else contextlib.nullcontext():
            await server.writer.create(write, copy, [])
    elif replaces:
        await server.writer.update(write, name, lambda live: (_merged(live, copy), []))


def _merged(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What we install replaces what we installed; labels and annotations of others stay."""
    meta = dict(live["metadata"])
    for field in ("labels", "annotations"):
        both = {**(meta.get(field) or {}), **(wanted["metadata"].get(field) or {})}
        if both:
            meta[field] = both
    return {**live, **wanted, "metadata": meta}


def main() -> None:
    """Command line of the API server alone."""
    parser = argparse.ArgumentParser(description="The embedded Kubernetes API server.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=6443)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--channel", choices=("standard", "experimental"), default="experimental")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = ApiServerOptions(arguments.data_dir, arguments.port, arguments.host, arguments.channel)
    uvloop.run(_run_until_signal(options))


async def _run_until_signal(options: ApiServerOptions) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(serve(options))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    main()

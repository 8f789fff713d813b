"""How does the node run? Caches, registration, log endpoint and Pods, with the small controllers beside them.

When this process ends, however it ends, the Pods' processes run on; the next node adopts them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from torana import __version__
from torana.api.core.config_map import CONFIG_MAP
from torana.api.core.pod import POD
from torana.api.core.secret import SECRET
from torana.api.core.service import SERVICE
from torana.api.kind import Ref
from torana.embedded.controllers import main as controllers
from torana.embedded.node.builtin_images import load_mappings
from torana.embedded.node.content import config_map_content, secret_content
from torana.embedded.node.handover import hand_over
from torana.embedded.node.kubelet import KubeletServer
from torana.embedded.node.pods import Pods, services_of
from torana.embedded.node.registration import keep_registered
from torana.embedded.node.setting import AddressBook, NodeSetting
from torana.kube.cache import Cache
from torana.kube.client import Client
from torana.kube.config import Access
from torana.kube.events import Recorder
from torana.kube.reflector import reflect

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NodeOptions:
    """What a node needs to know. `images` are `PATTERN=COMMAND` mappings and win over `image_file`'s."""

    data_dir: Path
    kubeconfig: Path
    images: tuple[str, ...] = ()
    image_file: Path | None = None
    run_controllers: bool = True
    """False against a cluster that has its own controllers."""
    pod_network: str = "127.88.0.0/16"
    balancer_network: str = "127.77.0.0/16"
    """Loopback networks for Pods and for Services of type LoadBalancer. Nodes on one machine need different ones."""


async def serve(options: NodeOptions) -> None:
    """Runs until cancelled. Raises `ValueError` for unusable mappings or networks, `ConfigError` for the kubeconfig."""
    directory = options.data_dir / "node"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    mappings = load_mappings(options.images, options.image_file)
    hand_over()
    pod_network, balancer_network = IPv4Network(options.pod_network), IPv4Network(options.balancer_network)
    async with (
        Client.from_kubeconfig(options.kubeconfig, user_agent="torana-node") as client,
        Recorder(client, "torana-node", node_name(client.access)) as recorder,
    ):
        caches = Caches()
        api_host, api_port = api_address(client.access)
        setting = NodeSetting(
            name=node_name(client.access),
            data_dir=options.data_dir,
            client=client,
            mappings=mappings,
            secret=caches.secret,
            config_map=caches.config_map,
            services=lambda namespace: services_of(caches.services, namespace),
            addresses=AddressBook(directory / "last-address", pod_network),
            recorder=recorder,
            api_host=api_host,
            api_port=api_port,
        )
        pods = Pods(setting, caches.pods)
        server = KubeletServer(pods, client.access.ca, directory)
        await server.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(keep_registered(client, setting.name, server.port, __version__))
                group.create_task(setting.logs.run())
                if options.run_controllers:
                    group.create_task(controllers.run(client, balancer_network))
                for cache in caches.all:
                    group.create_task(reflect(client, cache.kind, cache.apply))
                await asyncio.gather(*(cache.wait_synced() for cache in caches.all))
                for cache in (caches.services, caches.secrets, caches.config_maps):
                    cache.on_changes(pods.wake_namespaces)
                await pods.begin()
                log.info("node %s is ready", setting.name)
        finally:
            await pods.stop()
            await server.stop()
            await setting.prober.close()


class Caches:
    """Local copies of what Pods are made of."""

    def __init__(self) -> None:
        self.pods = Cache(POD)
        self.services = Cache(SERVICE, {"namespace": lambda service: (service.metadata.namespace,)})
        self.secrets = Cache(SECRET)
        self.config_maps = Cache(CONFIG_MAP)
        self.all = (self.pods, self.services, self.secrets, self.config_maps)

    def secret(self, ref: Ref) -> Mapping[str, bytes] | None:
        found = self.secrets.get(ref)
        return None if found is None else secret_content(found)

    def config_map(self, ref: Ref) -> Mapping[str, bytes] | None:
        found = self.config_maps.get(ref)
        return None if found is None else config_map_content(found)


def node_name(access: Access) -> str:
    """The name in the client certificate (`system:node:<name>`), else this host's."""
    if access.client_certificate:
        certificate = x509.load_pem_x509_certificate(access.client_certificate)
        for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if str(attribute.value).startswith("system:node:"):
                return str(attribute.value).removeprefix("system:node:")
    return socket.gethostname().lower()


def api_address(access: Access) -> tuple[str, str]:
    """Host and port of the API server."""
    parts = urlsplit(access.server)
    return parts.hostname or "", str(parts.port or 443)


def main() -> None:
    parser = argparse.ArgumentParser(prog="torana.embedded.node.main", description="Runs Pods as local processes.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--image", action="append", default=[], metavar="PATTERN=COMMAND")
    parser.add_argument("--image-file", type=Path)
    parser.add_argument("--no-controllers", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = NodeOptions(
        given.data_dir, given.kubeconfig, tuple(given.image), given.image_file, not given.no_controllers
    )

    async def run() -> None:
        task = asyncio.ensure_future(serve(options))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    main()

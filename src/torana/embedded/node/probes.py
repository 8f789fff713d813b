"""How is a container asked whether it is well? One probe, one answer: httpGet, tcpSocket, exec or grpc.

An edge. Pods that share an address (a Service's, during a rollout) also share ports, and then any of them may answer
on such a port: their probes should use what is the process's own: `exec`, or httpGet with the annotation
`node.torana.dev/probe-socket`, which names a Unix socket below the container's root to ask instead of address and port.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from torana.api.core.container import Container
from torana.api.core.probe import Probe
from torana.embedded.node.probing import ProbeTiming


def timing_of(probe: Probe, eager: bool) -> ProbeTiming:
    return ProbeTiming(
        period_s=float(probe.period_seconds or 10),
        timeout_s=float(probe.timeout_seconds or 1),
        initial_delay_s=float(probe.initial_delay_seconds or 0),
        success_threshold=probe.success_threshold or 1,
        failure_threshold=probe.failure_threshold or 3,
        eager=eager,
    )


def port_number(port: int | str, container: Container) -> int:
    """The number of a port given by number or by the name of a container port. Raises `ValueError`."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    for declared in container.ports:
        if declared.name == port:
            return declared.container_port
    raise ValueError(f'container "{container.name}" has no port named "{port}"')


class Prober:
    """Runs probes. Holds one HTTP session without certificate checks, as kubelet's."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        probe: Probe,
        container: Container,
        address: str,
        environ: Mapping[str, str],
        directory: Path,
        socket: str = "",
    ) -> str:
        """Empty when the probe succeeded, else why it failed. `directory` is the container's root."""
        timeout_s = float(probe.timeout_seconds or 1)
        try:
            async with asyncio.timeout(timeout_s):
                if probe.http_get is not None and socket:
                    return await _http_on_socket(probe, directory / socket)
                if probe.http_get is not None:
                    return await self._http(probe, container, address)
                if probe.tcp_socket is not None:
                    host = probe.tcp_socket.host or address
                    return await _tcp(host, port_number(probe.tcp_socket.port, container))
                if probe.exec is not None:
                    return await run_command(probe.exec.command, environ, directory)
                if probe.grpc is not None:
                    return await _grpc(f"{address}:{probe.grpc.port}", probe.grpc.service or "")
        except TimeoutError:
            return f"no answer within {timeout_s:g} s"
        except (OSError, ValueError, aiohttp.ClientError) as error:
            return str(error) or type(error).__name__
        return "the probe has no handler"

    async def _http(self, probe: Probe, container: Container, address: str) -> str:
        action = probe.http_get
        assert action is not None
        if self._session is None:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connector = aiohttp.TCPConnector(ssl=context, force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "kube-probe/torana"})
        scheme = (action.scheme or "HTTP").lower()
        path = (action.path or "/").lstrip("/")
        url = f"{scheme}://{action.host or address}:{port_number(action.port, container)}/{path}"
        headers = {header.name: header.value for header in action.http_headers}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            return _judge(response.status)


def _judge(status: int) -> str:
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


async def _http_on_socket(probe: Probe, socket: Path) -> str:
    assert probe.http_get is not None
    # The name of a Unix socket may have 107 characters only; by way of its directory's descriptor any path will do.
    directory = os.open(socket.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{directory}/{socket.name}")
    finally:
        os.close(directory)
    try:
        path = "/" + (probe.http_get.path or "/").lstrip("/")
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status_line = (await reader.readline()).split()
        return _judge(int(status_line[1])) if len(status_line) > 1 else "the socket was closed without an answer"
    finally:
        writer.close()


async def _tcp(host: str, port: int) -> str:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    return ""


async def run_command(command: Sequence[str], environ: Mapping[str, str], directory: Path) -> str:
    """Empty when the command exited with 0. It is killed when this task is cancelled. Raises `OSError`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environ),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode == 0:
        return ""
    return f"command exited with {process.returncode}: {output[-200:].decode('utf-8', 'replace').strip()}"


async def _grpc(target: str, service: str) -> str:
    import grpc

    name = service.encode()
    # grpc.health.v1.HealthCheckRequest{service = 1}; the response's status = 1 is SERVING when it is 1.
    request = bytes([0x0A, len(name)]) + name if name else b""
    async with grpc.aio.insecure_channel(target) as channel:
        call = channel.unary_unary("/grpc.health.v1.Health/Check")
        try:
            answer: bytes = await call(request)
        except grpc.aio.AioRpcError as error:
            return f"gRPC health check: {error.code().name} {error.details()}"
    return "" if answer == b"\x08\x01" else "gRPC health check: not SERVING"

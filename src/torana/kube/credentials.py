"""Who are we, right now? Keeps tokens and certificates fresh: files are read again, exec plugins run again.

An edge: reads files, runs the exec plugin, reads the clock.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import os
import ssl
import tempfile
import time
from typing import Any

import orjson
from multidict import CIMultiDict

from torana.kube.config import Access, ExecPlugin
from torana.kube.errors import ConfigError

TOKEN_FILE_FRESH_S = 60.0
"""The kubelet rotates projected tokens long before they expire; client-go re-reads them once a minute too."""
EXPIRY_MARGIN_S = 30.0
PLUGIN_TIMEOUT_S = 60.0


class Credentials:
    """The current headers and TLS context of an `Access`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token = access.token
        self._token_until = 0.0
        self._certificate, self._key = access.client_certificate, access.client_key
        self._ssl: ssl.SSLContext | None = None
        self._refreshing = asyncio.Lock()

    @property
    def is_refreshable(self) -> bool:
        """A 401 may be cured by asking again."""
        return self._access.token_file is not None or self._access.exec_plugin is not None

    def expire(self) -> None:
        """The API server refused what we have: get it anew before the next request."""
        self._token_until = 0.0

    async def headers(self) -> CIMultiDict[str]:
        if self.is_refreshable and time.monotonic() >= self._token_until:
            async with self._refreshing:
                if time.monotonic() >= self._token_until:
                    await self._refresh()
        headers: CIMultiDict[str] = CIMultiDict()
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        elif self._access.username:
            pair = f"{self._access.username}:{self._access.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        if self._access.impersonate_user:
            headers["Impersonate-User"] = self._access.impersonate_user
        for group in self._access.impersonate_groups:
            headers.add("Impersonate-Group", group)
        return headers

    def ssl_context(self) -> ssl.SSLContext | bool:
        """TLS context with our CA and client certificate; `True` (aiohttp's default) for plain http."""
        if not self._access.server.startswith("https:"):
            return True
        if self._ssl is None:
            self._ssl = _ssl_context(self._access, self._certificate, self._key)
        return self._ssl

    async def _refresh(self) -> None:
        if self._access.exec_plugin is not None:
            await self._run_plugin(self._access.exec_plugin)
            return
        assert self._access.token_file is not None
        try:
            self._token = self._access.token_file.read_text().strip()
        except OSError as error:
            raise ConfigError(f"token file {self._access.token_file}: {error.strerror}") from error
        self._token_until = time.monotonic() + TOKEN_FILE_FRESH_S

    async def _run_plugin(self, plugin: ExecPlugin) -> None:
        status = await run_plugin(plugin, self._access)
        self._token = str(status.get("token") or "")
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        if certificate and key:
            self._certificate, self._key = str(certificate).encode(), str(key).encode()
            self._ssl = None
        self._token_until = time.monotonic() + _seconds_left(status.get("expirationTimestamp"), time.time())


async def run_plugin(plugin: ExecPlugin, access: Access) -> dict[str, Any]:
    """The `status` of the ExecCredential that the plugin prints."""
    command = os.path.join(plugin.directory, plugin.command) if "/" in plugin.command else plugin.command
    environ = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": _exec_info(plugin, access)}
    hint = f"\n{plugin.install_hint}" if plugin.install_hint else ""
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *plugin.args,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ConfigError(f"exec plugin {command}: {error.strerror}{hint}") from error
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(), PLUGIN_TIMEOUT_S)
    except TimeoutError as error:
        process.kill()
        raise ConfigError(f"exec plugin {command} did not finish within {PLUGIN_TIMEOUT_S:.0f} s") from error
    if process.returncode != 0:
        said = stderr.decode("utf-8", "replace").strip()[:500]
        raise ConfigError(f"exec plugin {command} ended with code {process.returncode}: {said}{hint}")
    try:
        status = orjson.loads(stdout).get("status")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise ConfigError(f"exec plugin {command} did not print an ExecCredential") from error
    if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
        raise ConfigError(f"exec plugin {command} gave neither status.token nor status.clientCertificateData")
    return status


def _exec_info(plugin: ExecPlugin, access: Access) -> str:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        spec["cluster"] = {
            "server": access.server,
            "certificate-authority-data": base64.b64encode(access.ca).decode(),
            "insecure-skip-tls-verify": access.skip_verify,
        }
    return orjson.dumps({"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}).decode()


def _seconds_left(expiration: object, now: float) -> float:
    """Seconds until the credential must be fetched again; far away when it does not expire."""
    if not isinstance(expiration, str) or not expiration:
        return float("inf")
    try:
        expires = datetime.datetime.fromisoformat(expiration).timestamp()
    except ValueError:
        return 0.0
    return max(expires - now - EXPIRY_MARGIN_S, 1.0)


def _ssl_context(access: Access, certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=access.ca.decode() if access.ca else None)
    # Python 3.13 made VERIFY_X509_STRICT the default; many cluster CAs lack the extensions it asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if access.skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate and key:
        # The ssl module loads certificates from files only; an unlinked memory file keeps the key off the disk.
        directory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.NamedTemporaryFile(dir=directory) as pem:
            pem.write(certificate.rstrip() + b"\n" + key)
            pem.flush()
            try:
                context.load_cert_chain(pem.name)
            except ssl.SSLError as error:
                raise ConfigError(f"the client certificate and key for {access.server} do not load: {error}") from error
    return context

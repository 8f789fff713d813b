"""How does the controller prove to proxies who it is, for as long as it runs?"""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from torana.controller.identity import ServerIdentity
from torana.infra.certificates import KeyPair, issue_authority, issue_client, issue_server

START = datetime.now(UTC)


def shake_hands(port: int, authority: KeyPair, client: Path | None) -> str:
    """Serial number of the certificate that the server shows."""
    context = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    context.set_alpn_protocols(["h2"])
    if client is not None:
        context.load_cert_chain(client)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="torana-xds") as secure,
    ):
        # With TLS 1.3 a server refuses a client's certificate only after the handshake, so something is to be read.
        if not secure.recv(1):
            raise ConnectionResetError
        return str((secure.getpeercert() or {})["serialNumber"])


async def test_a_new_certificate_is_shown_when_the_old_one_nears_its_end(tmp_path: Path) -> None:
    now = START
    authority = issue_authority(START)
    identity = ServerIdentity(
        lambda: issue_server(authority, ["torana-xds"], START), authority.certificate_pem, clock=lambda: now
    )
    client = write(tmp_path, issue_client(authority, "spiffe://torana/gateway/shop/web", START))
    server = grpc.aio.server()
    port = server.add_secure_port("127.0.0.1:0", identity.credentials())
    await server.start()
    try:
        first, second = [await asyncio.to_thread(shake_hands, port, authority, client) for _ in range(2)]
        now += timedelta(days=61)
        third = await asyncio.to_thread(shake_hands, port, authority, client)
    finally:
        await server.stop(None)
    assert first == second
    assert first != third


@pytest.mark.parametrize("certificate", ["none", "a stranger's"])
async def test_a_client_without_a_certificate_of_the_authority_is_refused(tmp_path: Path, certificate: str) -> None:
    authority, stranger = issue_authority(START), issue_authority(START)
    identity = ServerIdentity(lambda: issue_server(authority, ["torana-xds"], START), authority.certificate_pem)
    client = None
    if certificate != "none":
        client = write(tmp_path, issue_client(stranger, "spiffe://torana/gateway/shop/web", START))
    server = grpc.aio.server()
    port = server.add_secure_port("127.0.0.1:0", identity.credentials())
    await server.start()
    try:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(shake_hands, port, authority, client)
    finally:
        await server.stop(None)


def write(directory: Path, pair: KeyPair) -> Path:
    path = directory / "client.pem"
    path.write_bytes(pair.certificate_pem + bytes(pair.key_pem))
    return path

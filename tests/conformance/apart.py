"""Runs a program that listens on all addresses as a Pod among Pods: `python apart.py PORT,PORT… COMMAND…`.

Pods of the embedded node are processes in one network, each with an address of its own; a program that binds the
wildcard takes its port from all others. Here the program gets a network of its own, and what arrives at the Pod's
address is handed over, byte by byte and reset by reset. `53/udp` is a UDP port. Needs the right to make network
namespaces.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
from functools import partial
from typing import cast

CLONE_NEWNET = 0x40000000
CHUNK = 65536
ABORT = struct.pack("ii", 1, 0)
LOOPBACK = "127.0.0.1"


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter) -> None:
    """Bytes from one end to the other; an end passes on as an end, a reset as a reset."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        for one in (end for end in (writer, other) if not end.is_closing()):
            one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            one.transport.abort()


async def join(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        writer.transport.abort()
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(pump(reader, inner_writer, writer))
        group.create_task(pump(inner_reader, writer, inner_writer))
    for one in (writer, inner_writer):
        one.close()


class Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams of each client to the program from a socket of its own, and the answers back."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.inner: dict[tuple[str, int], socket.socket] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr not in self.inner:
            inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            inner.setblocking(False)
            inner.connect((LOOPBACK, self.port))
            self.inner[addr] = inner
            asyncio.get_running_loop().add_reader(inner, self._answer, inner, addr)
        with contextlib.suppress(OSError):
            self.inner[addr].send(data)

    def _answer(self, inner: socket.socket, addr: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            self.transport.sendto(inner.recv(CHUNK), addr)


def outer_sockets(ports: list[str], address: str) -> list[tuple[int, socket.socket]]:
    """Bound in the network of all Pods, before this process leaves it."""
    bound = []
    for port, _, protocol in (one.partition("/") for one in ports):
        outer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
        outer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        outer.bind((address, int(port)))
        bound.append((int(port), outer))
    return bound


def leave_network() -> None:
    """This process and its children are in a network with nothing but a loopback of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace for the program")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


async def serve(outers: list[tuple[int, socket.socket]], command: list[str]) -> int:
    """Runs the program until it ends; gives its exit status."""
    program = await asyncio.create_subprocess_exec(*command)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, program.terminate)
    for port, outer in outers:
        if outer.type == socket.SOCK_DGRAM:
            await loop.create_datagram_endpoint(partial(Datagrams, port), sock=outer)
        else:
            await asyncio.start_server(partial(join, port), sock=outer)
    return await program.wait()


if __name__ == "__main__":
    bound = outer_sockets(sys.argv[1].split(","), os.environ["TORANA_POD_IP"])
    leave_network()
    sys.exit(asyncio.run(serve(bound, sys.argv[2:])))

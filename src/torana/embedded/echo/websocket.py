"""How are WebSocket frames echoed? A pure machine over bytes (RFC 6455): every data frame comes back as it came."""

from __future__ import annotations

import base64
import hashlib

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, PING, PONG = 8, 9, 10


def accept_key(key: str) -> str:
    """Value of `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def frame(opcode: int, payload: bytes, final: bool = True) -> bytes:
    """An unmasked frame, as a server sends it."""
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 65536:
        return head + b"\x7e" + len(payload).to_bytes(2, "big") + payload
    return head + b"\x7f" + len(payload).to_bytes(8, "big") + payload


class WebSocketEcho:
    """Feed it what came; it returns what to send. `closed` after a close frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.closed = False

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        replies = []
        while not self.closed:
            taken = self._take()
            if taken is None:
                break
            final, opcode, payload = taken
            if opcode == CLOSE:
                self.closed = True
                replies.append(frame(CLOSE, payload[:2]))
            elif opcode == PING:
                replies.append(frame(PONG, payload))
            elif opcode != PONG:
                replies.append(frame(opcode, payload, final))
        return b"".join(replies)

    def _take(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        masked, length, start = buffer[1] & 0x80, buffer[1] & 0x7F, 2
        if length >= 126:
            width = 2 if length == 126 else 8
            if len(buffer) < start + width:
                return None
            length = int.from_bytes(buffer[start : start + width], "big")
            start += width
        mask = bytes(buffer[start : start + 4]) if masked else b""
        start += 4 if masked else 0
        if len(buffer) < start + length:
            return None
        payload = bytes(buffer[start : start + length])
        if mask:
            stream = (mask * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(length, "big")
        final, opcode = bool(buffer[0] & 0x80), buffer[0] & 0x0F
        del buffer[: start + length]
        return final, opcode, payload

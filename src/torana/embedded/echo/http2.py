"""How is HTTP/2 spoken, as far as an echo server needs it? A machine over bytes (RFC 9113): bytes in, requests and
bytes out.

No priorities, no push. Flow control is kept in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from torana.embedded.echo.hpack import Header, HpackDecoder, HpackError, encode

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
PROTOCOL_ERROR, COMPRESSION_ERROR = 1, 9
LARGEST_FRAME = 16384
FIRST_WINDOW = 65535


class StreamRequest(msgspec.Struct, frozen=True):
    """A whole request, with its pseudo-headers first."""

    stream: int
    headers: tuple[Header, ...]
    body: bytes


class _Stream:
    def __init__(self, window: int) -> None:
        self.headers: tuple[Header, ...] = ()
        self.body = bytearray()
        self.window = window
        self.unsent = b""
        self.trailers: bytes | None = None
        self.answered = False


class Http2Server:
    """One connection. `output` gathers what to send; take it with `take`."""

    def __init__(self) -> None:
        self.closed = False
        self._input = bytearray()
        self._output = bytearray(_frame(SETTINGS, 0, 0, b""))
        self._streams: dict[int, _Stream] = {}
        self._decoder = HpackDecoder()
        self._window = FIRST_WINDOW
        self._peer_window = FIRST_WINDOW
        self._block: tuple[int, int, bytes] | None = None
        self._has_preface = False

    def take(self) -> bytes:
        out = bytes(self._output)
        self._output.clear()
        return out

    def feed(self, data: bytes) -> list[StreamRequest]:
        """The requests that `data` completed. After an error of the peer's `closed` is true."""
        self._input += data
        if not self._has_preface:
            if len(self._input) < len(PREFACE):
                return []
            if not self._input.startswith(PREFACE):
                self._fail(PROTOCOL_ERROR)
                return []
            del self._input[: len(PREFACE)]
            self._has_preface = True
        requests: list[StreamRequest] = []
        while not self.closed and len(self._input) >= 9:
            length = int.from_bytes(self._input[:3], "big")
            if len(self._input) < 9 + length:
                break
            kind, flags = self._input[3], self._input[4]
            stream = int.from_bytes(self._input[5:9], "big") & 0x7FFFFFFF
            payload = bytes(self._input[9 : 9 + length])
            del self._input[: 9 + length]
            try:
                requests += self._frame(kind, flags, stream, payload)
            except HpackError:
                self._fail(COMPRESSION_ERROR)
            except IndexError:
                self._fail(PROTOCOL_ERROR)
        return requests

    def respond(
        self, stream: int, headers: Iterable[Header], body: bytes, trailers: Iterable[Header] | None = None
    ) -> None:
        """Answers a request; what the windows do not let through yet follows when they open."""
        state = self._streams.get(stream)
        if state is None:
            return
        is_all = not body and trailers is None
        self._output += _frame(HEADERS, END_HEADERS | (END_STREAM if is_all else 0), stream, encode(headers))
        state.unsent, state.answered = body, True
        state.trailers = None if trailers is None else encode(trailers)
        if is_all:
            del self._streams[stream]
        else:
            self._send(stream, state)

    def reset(self, stream: int) -> None:
        if self._streams.pop(stream, None) is not None:
            self._output += _frame(RST_STREAM, 0, stream, (2).to_bytes(4, "big"))

    # --- frames ---

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> list[StreamRequest]:
        if kind == HEADERS:
            payload = _unpadded(payload, flags)
            payload = payload[5:] if flags & PRIORITY else payload
            return self._headers(stream, flags & END_STREAM, flags & END_HEADERS, payload)
        if kind == CONTINUATION and self._block is not None:
            owner, ends, before = self._block
            return self._headers(owner, ends, flags & END_HEADERS, before + payload)
        if kind == DATA:
            return self._data(stream, flags, payload)
        if kind == SETTINGS and not flags & ACK:
            self._settings(payload)
        elif kind == PING and not flags & ACK:
            self._output += _frame(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            self._widen(stream, int.from_bytes(payload[:4], "big") & 0x7FFFFFFF)
        elif kind == RST_STREAM:
            self._streams.pop(stream, None)
        return []

    def _headers(self, stream: int, ends_stream: int, ends_headers: int, block: bytes) -> list[StreamRequest]:
        if not ends_headers:
            self._block = (stream, ends_stream, block)
            return []
        self._block = None
        headers = tuple(self._decoder.decode(block))
        state = self._streams.get(stream)
        if state is None:
            state = self._streams[stream] = _Stream(self._peer_window)
            state.headers = headers
        # A second block on a stream holds trailers, which nobody asks for.
        return self._request(stream, state) if ends_stream else []

    def _data(self, stream: int, flags: int, payload: bytes) -> list[StreamRequest]:
        if payload:
            size = len(payload).to_bytes(4, "big")
            self._output += _frame(WINDOW_UPDATE, 0, 0, size)
        state = self._streams.get(stream)
        if state is None:
            return []
        state.body += _unpadded(payload, flags)
        if flags & END_STREAM:
            return self._request(stream, state)
        if payload:
            self._output += _frame(WINDOW_UPDATE, 0, stream, len(payload).to_bytes(4, "big"))
        return []

    def _request(self, stream: int, state: _Stream) -> list[StreamRequest]:
        return [StreamRequest(stream, state.headers, bytes(state.body))]

    def _settings(self, payload: bytes) -> None:
        for at in range(0, len(payload) - 5, 6):
            name, value = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big")
            if name == 4:
                for state in self._streams.values():
                    state.window += value - self._peer_window
                self._peer_window = value
        self._output += _frame(SETTINGS, ACK, 0, b"")
        self._send_all()

    def _widen(self, stream: int, by: int) -> None:
        if stream == 0:
            self._window += by
        elif stream in self._streams:
            self._streams[stream].window += by
        self._send_all()

    # --- sending ---

    def _send_all(self) -> None:
        for stream, state in tuple(self._streams.items()):
            if state.answered:
                self._send(stream, state)

    def _send(self, stream: int, state: _Stream) -> None:
        while state.unsent:
            size = min(len(state.unsent), self._window, state.window, LARGEST_FRAME)
            if size <= 0:
                return
            part, state.unsent = state.unsent[:size], state.unsent[size:]
            self._window -= size
            state.window -= size
            is_last = not state.unsent and state.trailers is None
            self._output += _frame(DATA, END_STREAM if is_last else 0, stream, part)
        if state.trailers is not None:
            self._output += _frame(HEADERS, END_HEADERS | END_STREAM, stream, state.trailers)
        del self._streams[stream]

    def _fail(self, code: int) -> None:
        self._output += _frame(GOAWAY, 0, 0, bytes(4) + code.to_bytes(4, "big"))
        self.closed = True


def _unpadded(payload: bytes, flags: int) -> bytes:
    return payload[1 : len(payload) - payload[0]] if flags & PADDED else payload


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

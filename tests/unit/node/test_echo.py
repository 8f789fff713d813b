"""What the echo stand-in answers, in all its modes."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from torana.embedded.echo import dns_mode, tcp_mode, udp_mode
from torana.embedded.echo.hpack import HpackDecoder, HpackError, decode_huffman, encode
from torana.embedded.echo.http2 import PREFACE, Http2Server
from torana.embedded.echo.http_answer import Request, answer, canonical, parse_duration
from torana.embedded.echo.settings import Context, TlsFiles, read_settings
from torana.embedded.echo.websocket import WebSocketEcho, accept_key

CONTEXT = Context("ns", "in", "svc", "pod-1")
ADDRESS = "127.88.254.1"


def ask(target: str, *headers: tuple[str, str], attempts: dict[str, int] | None = None) -> Any:
    request = Request("GET", target, "HTTP/1.1", "example.com", headers)
    return answer(request, CONTEXT, "3000", "127.0.0.1:5", None, {} if attempts is None else attempts)


class TestHttpAnswers:
    def test_the_request_comes_back_as_json(self) -> None:
        made = ask("/a//b?x=1", ("x-my-ID", "1"), ("X-My-Id", "2"))
        body = json.loads(made.body)
        assert body["path"] == "/a//b?x=1"
        assert body["headers"] == {"X-My-Id": ["1", "2"]}
        assert (body["host"], body["method"], body["namespace"], body["pod"]) == ("example.com", "GET", "ns", "pod-1")
        assert ("Content-Type", "application/json") in made.headers
        assert made.log == "Echoing back request made to /a//b?x=1 to client (127.0.0.1:5)"

    @pytest.mark.parametrize(("name", "expected"), [("backend", "Backend"), ("x-B3-id", "X-B3-Id"), ("a b", "a b")])
    def test_header_names_are_canonical(self, name: str, expected: str) -> None:
        assert canonical(name) == expected

    def test_response_headers_can_be_asked_for(self) -> None:
        made = ask("/", ("X-Echo-Set-Header", "X-a:b,X-c: d,X-a:e"))
        assert made.headers[:2] == (("X-a", "b,e"), ("X-c", "d"))
        assert ask("/", ("X-Echo-Set-Header", "")).status == 200

    def test_a_status_can_be_asked_for(self) -> None:
        assert ask("/status/503").status == 503
        assert ask("/status/many").status == 400

    def test_a_retried_request_succeeds_after_as_many_attempts_as_asked(self) -> None:
        attempts: dict[str, int] = {}
        target = "/retry/x?uuid=u&succeedAfter=2&responseCode=500"
        assert [ask(target, attempts=attempts).status for _ in range(3)] == [500, 500, 200]
        assert ask("/retry/x?uuid=u&succeedAfter=1", attempts=attempts).reset
        assert ask("/retry/x").status == 400

    def test_a_delay_can_be_asked_for(self) -> None:
        assert ask("/?delay=1m1.5s").delay_s == 61.5
        assert parse_duration("100ms") == pytest.approx(0.1)
        with pytest.raises(ValueError, match="duration"):
            parse_duration("soon")

    def test_health(self) -> None:
        assert ask("/health").body == b"OK"


class TestWebSocket:
    def test_frames_come_back_unmasked(self) -> None:
        masked = bytes([0x81, 0x82, 1, 2, 3, 4]) + bytes([ord("h") ^ 1, ord("i") ^ 2])
        echo = WebSocketEcho()
        assert echo.feed(masked[:3]) == b""
        assert echo.feed(masked[3:]) == b"\x81\x02hi"

    def test_the_key_of_the_rfc(self) -> None:
        assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class TestHttp2:
    def test_huffman_of_the_rfc(self) -> None:
        assert decode_huffman(bytes.fromhex("f1e3c2e5f23a6ba0ab90f4ff")) == b"www.example.com"
        with pytest.raises(HpackError):
            decode_huffman(b"\x00\x00\x00\xff\xff\xff\xff")

    def test_the_requests_of_the_rfc_share_a_dynamic_table(self) -> None:
        decoder = HpackDecoder()
        first = decoder.decode(bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff"))
        second = decoder.decode(bytes.fromhex("828684be5886a8eb10649cbf"))
        assert first[-1] == (":authority", "www.example.com")
        assert second[-2:] == [(":authority", "www.example.com"), ("cache-control", "no-cache")]

    def test_what_is_encoded_can_be_decoded(self) -> None:
        headers = [(":status", "200"), ("x-long", "v" * 300)]
        assert HpackDecoder().decode(encode(headers)) == headers

    def test_a_large_answer_waits_for_the_window(self) -> None:
        server = Http2Server()
        block = encode([(":method", "GET"), (":path", "/")])
        headers = len(block).to_bytes(3, "big") + b"\x01\x05" + (1).to_bytes(4, "big") + block
        (request,) = server.feed(PREFACE + headers)
        server.take()
        server.respond(request.stream, [(":status", "200")], b"x" * 100_000)
        sent = server.take().count(b"x")
        assert sent == 65535
        widen = b"\x00\x00\x04\x08\x00"
        server.feed(widen + bytes(4) + (1 << 20).to_bytes(4, "big"))
        server.feed(widen + (1).to_bytes(4, "big") + (1 << 20).to_bytes(4, "big"))
        assert sent + server.take().count(b"x") == 100_000

    def test_something_else_than_http2_ends_the_connection(self) -> None:
        server = Http2Server()
        server.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert server.closed


class TestLinesAndDatagrams:
    def test_the_lines_of_the_tcp_protocol(self) -> None:
        settings = read_settings({"NAMESPACE": "ns", "POD_NAME": "p"}, "tcp")
        assert tcp_mode.reply("PING", settings, None) == b"PONG\n"
        assert tcp_mode.reply("IS_TLS", settings, {}) == b"true\n"
        assert tcp_mode.reply("WHAT", settings, None) == b""
        told = json.loads(tcp_mode.reply("TEST", settings, {"serverName": "a"}))
        assert (told["pod"], told["isTLS"], told["tls"]["serverName"]) == ("p", True, "a")

    def test_a_datagram_is_answered_by_json(self) -> None:
        assert json.loads(udp_mode.reply(b"hi", CONTEXT)) == {
            "request": "hi",
            "namespace": "ns",
            "ingress": "in",
            "service": "svc",
            "pod": "pod-1",
        }

    def test_a_dns_question_is_refused_under_its_id(self) -> None:
        question = b"\x03foo\x00\x00\x01\x00\x01"
        query = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + question
        reply = dns_mode.reply(query)
        assert reply[:2] == b"\x12\x34"
        assert reply[2] & 0x80
        assert reply[3] == dns_mode.REFUSED
        assert reply[12:] == question
        assert dns_mode.reply(reply) == b""
        assert dns_mode.reply(query[:14]) == b""


class TestSettings:
    @pytest.mark.parametrize(
        ("variable", "mode"), [("GRPC_ECHO_SERVER", "grpc"), ("TCP_ECHO_SERVER", "tcp"), ("UDP_ECHO_SERVER", "udp")]
    )
    def test_the_environment_chooses_the_mode(self, variable: str, mode: str) -> None:
        assert read_settings({variable: "1"}).mode == mode
        assert read_settings({}).mode == "http"

    def test_both_spellings_of_the_key_s_variable_count(self) -> None:
        for name in ("TLS_SERVER_PRIVKEY", "TLS_SERVER_PRIV_KEY"):
            assert read_settings({"TLS_SERVER_CERT": "c", name: "k"}).tls == TlsFiles("c", "k")

    def test_a_port_that_is_no_number_is_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match="HTTP_PORT"):
            read_settings({"HTTP_PORT": "x"})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate with its key in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "abc.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("abc.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "pair.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return file


class Server:
    """A running echo process; `wait(text)` until its log has the text."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def wait(self, text: str) -> None:
        assert self._process.stdout is not None
        async with asyncio.timeout(10):
            while text not in (line := await self._process.stdout.readline()).decode():
                assert line, "the echo server ended"


@pytest.fixture
async def start() -> AsyncIterator[Any]:
    processes: list[asyncio.subprocess.Process] = []

    async def begin(ready: str, **environ: str) -> Server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            "torana.embedded.echo",
            stdout=asyncio.subprocess.PIPE,
            env={"TORANA_POD_IP": ADDRESS, "POD_NAME": "pod-1", "NAMESPACE": "ns", **environ},
        )
        processes.append(process)
        server = Server(process)
        await server.wait(ready)
        return server

    yield begin
    for process in processes:
        process.terminate()
        await process.wait()


async def test_https_tells_of_the_connection_and_of_the_client_s_certificate(start: Any, certificate: Path) -> None:
    pair, pem = str(certificate), certificate.read_text()  # noqa: ASYNC240 (a test may wait for a small file)
    await start("(https)", TLS_SERVER_CERT=pair, TLS_SERVER_PRIVKEY=pair, TLS_CLIENT_CACERTS=pair)
    context = ssl.create_default_context(cafile=pair)
    context.load_cert_chain(pair)
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        url = f"https://{ADDRESS}:8443/x"
        async with session.get(url, server_hostname="abc.example.com") as response:
            told = (await response.json())["tls"]
    assert told["serverName"] == "abc.example.com"
    assert told["version"] == "TLSv1.3"
    (sent,) = told["peerCertificates"]
    assert sent in pem


async def test_a_websocket_echoes_text_and_bytes(start: Any) -> None:
    await start("(h2c)")
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://{ADDRESS}:3000/ws") as socket:
        await socket.send_str("hello")
        assert (await socket.receive()).data == "hello"
        await socket.send_bytes(b"\x00" * 70_000)
        assert (await socket.receive()).data == b"\x00" * 70_000


async def test_grpc_answers_echo_and_not_echo_three(start: Any) -> None:
    await start("plaintext", GRPC_ECHO_SERVER="1")
    service = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/"
    async with grpc.aio.insecure_channel(f"{ADDRESS}:3000") as channel:
        answered = await channel.unary_unary(f"{service}Echo")(b"", metadata=(("x-a", "b"),))
        assert b"pod-1" in answered
        assert service.encode() + b"Echo" in answered
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"{service}EchoThree")(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED

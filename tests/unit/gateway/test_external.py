"""What does an XBackend come to, and who may speak what with it?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.kind import ObjectRef, Ref
from torana.api.references import BackendObjectReference
from torana.api.x_backend import EXPERIMENTAL_GROUP, XBackend
from torana.gateway.authorities import Bundle, named
from torana.gateway.backends import BackendVerdict, Speech
from torana.gateway.certificates import KeyPair
from torana.gateway.external import KIND, ExternalBackend, cluster, judge, resolve
from torana.proxy.tls import Authorities, PeerName

SYSTEM = named(b"the system's")
TARGET = ObjectRef(EXPERIMENTAL_GROUP, KIND, "shop", "api")


class Everything:
    """Every reference is granted; only the Secret `good` holds a pair."""

    def is_granted(self, asker: ObjectRef, target: ObjectRef) -> bool:
        return True

    def bundle(self, kind: str, ref: Ref) -> Bundle | None:
        return Bundle(b"a certificate") if ref.name == "good" else None

    def key_pair(self, secret: Ref) -> KeyPair | None:
        return KeyPair(b"chain") if secret.name == "good" else None


def judged(system: Authorities | None = SYSTEM, **spec: Any) -> ExternalBackend:
    document = {
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {
            "type": "ExternalHostname",
            "externalHostname": {"hostname": "API.example.com"},
            "port": {"port": 443},
            **spec,
        },
    }
    return judge(msgspec.convert(document, XBackend), Everything(), lambda: system)


def asked(backend: ExternalBackend | None, speech: Speech, **ref: Any) -> BackendVerdict:
    return resolve(msgspec.convert({"name": "api", **ref}, BackendObjectReference), "p", TARGET, backend, speech)


@pytest.mark.parametrize(
    ("protocol", "spoken"),
    [
        ("", {"http": "http1", "grpc": "http2", "tcp": "tcp"}),
        ("HTTP", {"http": "http1", "grpc": "http2"}),
        ("HTTP11", {"http": "http1"}),
        ("HTTP2", {"http": "http2", "grpc": "http2"}),
        ("H2C", {"http": "http2", "grpc": "http2"}),
        ("TCP", {"tcp": "tcp"}),
    ],
)
def test_the_protocol_decides_which_routes_can_use_a_backend(protocol: str, spoken: dict[str, str]) -> None:
    backend = judged(protocol=protocol)
    speeches: tuple[Speech, ...] = ("http", "grpc", "tcp", "udp")
    found = {speech: asked(backend, speech) for speech in speeches}
    assert {speech: one.cluster.protocol for speech, one in found.items() if one.cluster is not None} == spoken
    assert {one.finding.reason for one in found.values() if one.finding is not None} == {"UnsupportedProtocol"}


def test_tls_without_details_is_for_the_hosts_own_name() -> None:
    tls = judged(tls={"mode": "ServerOnly"}).tls
    assert tls is not None
    assert (tls.server_name, tls.names, tls.authorities) == (
        "api.example.com", (PeerName("dns", "api.example.com"),), SYSTEM
    )  # fmt: skip


def test_a_certificate_is_shown_where_both_sides_do() -> None:
    backend = judged(tls={"mode": "ClientAndServer", "clientCertificateRef": {"name": "good"}})
    key = asked(backend, "http").cluster
    assert key is not None
    shown = cluster(key, backend).tls
    assert shown is not None
    assert shown.client_certificate == f"client/shop/XBackend/api:443~{backend.guard}"
    passed_on = cluster(key.passed_on, backend)
    assert passed_on.tls is None, "bytes that are TLS already"


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"externalHostname": {"hostname": "10.0.0.1"}}, "spec.externalHostname.hostname"),
        ({"externalHostname": {"hostname": "web.shop.svc.cluster.local"}}, "spec.externalHostname.hostname"),
        ({"protocol": "MCP"}, "spec.protocol"),
        ({"protocol": "H2C", "tls": {"mode": "ServerOnly"}}, "spec.protocol"),
        ({"system": None, "tls": {"mode": "ServerOnly"}}, "spec.tls.validation"),
        ({"tls": {"mode": "ClientAndServer"}}, "spec.tls.clientCertificateRef"),
        (
            {"tls": {"mode": "ClientAndServer", "clientCertificateRef": {"name": "absent"}}},
            "spec.tls.clientCertificateRef",
        ),
    ],
)
def test_nothing_is_sent_to_a_backend_with_a_mistake(spec: dict[str, Any], path: str) -> None:
    backend = judged(**spec)
    assert backend.not_accepted is not None
    assert (backend.not_accepted.reason, backend.not_accepted.path) == ("Invalid", path)
    verdict = asked(backend, "http")
    assert verdict.finding is not None
    assert verdict.finding.reason == "InvalidBackend"
    assert verdict.cluster is not None
    assert cluster(verdict.cluster, backend).refusal


def test_another_port_than_the_backends_is_not_found() -> None:
    verdict = asked(judged(), "http", port=80)
    assert verdict.finding is not None
    assert verdict.finding.reason == "BackendNotFound"

"""How a cluster speaks TLS: the name asked for, whom it trusts, what names it takes, and the certificate it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from torana.envoy import messages as pb
from torana.envoy.resource import Key, Resource, ResourceType, from_message
from torana.proxy.tls import Authorities, PeerName, UpstreamTls

_ALPN = {"http1": ("http/1.1",), "http2": ("h2",)}


def render_authorities(authorities: Authorities) -> Resource:
    """The SDS resource with the certificates that are trusted."""
    message = pb.Secret(
        name=authorities.name, validation_context={"trusted_ca": {"inline_bytes": bytes(authorities.pem)}}
    )
    return from_message(ResourceType.SDS, authorities.name, message)


def originate_tls(tls: UpstreamTls, protocol: str) -> pb.TransportSocket:
    """The transport socket of a cluster that speaks this protocol."""
    names = [matcher for name in tls.names for matcher in _matchers(name)]
    common = pb.CommonTlsContext(
        alpn_protocols=_ALPN.get(protocol, ()),
        combined_validation_context={
            "default_validation_context": {"match_typed_subject_alt_names": names},
            "validation_context_sds_secret_config": pb.SdsSecretConfig(name=tls.authorities.name, sds_config=pb.ads()),
        },
    )
    if tls.client_certificate:
        common.tls_certificate_sds_secret_configs.add(name=tls.client_certificate, sds_config=pb.ads())
    context = pb.UpstreamTlsContext(common_tls_context=common, sni=tls.server_name)
    return pb.TransportSocket(name="envoy.transport_sockets.tls", typed_config=pb.packed(context))


def needs_of(tls: UpstreamTls) -> tuple[Key, ...]:
    """The secrets that Envoy asks for before it uses the cluster."""
    names = (tls.authorities.name, tls.client_certificate)
    return tuple((ResourceType.SDS, name) for name in names if name)


def _matchers(name: PeerName) -> Iterable[pb.SubjectAltNameMatcher]:
    """Envoy takes a certificate with a wildcard for an exact name by itself; a wildcard asked for needs both ways."""
    if name.type == "uri":
        yield pb.SubjectAltNameMatcher(san_type=pb.SubjectAltNameMatcher.URI, matcher={"exact": name.value})
        return
    yield pb.SubjectAltNameMatcher(san_type=pb.SubjectAltNameMatcher.DNS, matcher={"exact": name.value})
    if name.value.startswith("*."):
        label = r"[^.*]+" + re.escape(name.value[1:])
        yield pb.SubjectAltNameMatcher(san_type=pb.SubjectAltNameMatcher.DNS, matcher={"safe_regex": {"regex": label}})

"""How certificates become SDS resources, and how TLS contexts refer to them."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.resource import Resource, ResourceType, from_message
from torana.proxy.secret import Certificate


def render_secret(certificate: Certificate) -> Resource:
    """The SDS resource with chain and private key."""
    message = pb.Secret(
        name=certificate.name,
        tls_certificate={
            "certificate_chain": {"inline_bytes": bytes(certificate.chain_pem)},
            "private_key": {"inline_bytes": bytes(certificate.key_pem)},
        },
    )
    return from_message(ResourceType.SDS, certificate.name, message, origins=(certificate.origin,))


HTTP_ALPN = ("h2", "http/1.1")


def terminate_tls(certificates: tuple[str, ...], alpn: tuple[str, ...] = HTTP_ALPN) -> pb.TransportSocket:
    """The transport socket that ends TLS with these certificates, fetched by name, and offers these protocols."""
    secrets = [pb.SdsSecretConfig(name=name, sds_config=pb.ads()) for name in certificates]
    context = pb.DownstreamTlsContext(
        common_tls_context={"alpn_protocols": alpn, "tls_certificate_sds_secret_configs": secrets}
    )
    return pb.TransportSocket(name="envoy.transport_sockets.tls", typed_config=pb.packed(context))

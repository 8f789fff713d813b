"""How certificates become SDS resources, and how TLS contexts refer to them."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.resource import Resource, ResourceType, from_message
from torana.proxy.secret import Certificate
from torana.proxy.tls import ClientValidation


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


def terminate_tls(
    certificates: tuple[str, ...], alpn: tuple[str, ...] = HTTP_ALPN, validation: ClientValidation | None = None
) -> pb.TransportSocket:
    """The transport socket that ends TLS with these certificates, fetched by name, and offers these protocols."""
    secrets = [pb.SdsSecretConfig(name=name, sds_config=pb.ads()) for name in certificates]
    context = pb.DownstreamTlsContext(
        common_tls_context={"alpn_protocols": alpn, "tls_certificate_sds_secret_configs": secrets}
    )
    if validation is not None:
        _ask_for_certificate(context, validation)
    return pb.TransportSocket(name="envoy.transport_sockets.tls", typed_config=pb.packed(context))


def _ask_for_certificate(context: pb.DownstreamTlsContext, validation: ClientValidation) -> None:
    """The authorities stand in the listener itself, so that they never change without it, nor it without them."""
    context.require_client_certificate.value = validation.is_required
    checked = context.common_tls_context.validation_context
    checked.trusted_ca.inline_bytes = bytes(validation.authorities.pem)
    if not validation.is_required:
        checked.trust_chain_verification = pb.CertificateValidationContext.ACCEPT_UNTRUSTED

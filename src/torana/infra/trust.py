"""Where do the authority and the proxies' certificates live? In Secrets, so that every controller replica shares
them.

The authority is made once, as Secret `torana-xds-ca` in the controller's namespace. Replicas that start together all
try to create it; the API server lets one win, and the others take the winner's.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from torana.api.core.namespace import NAMESPACE
from torana.api.core.secret import SECRET
from torana.api.gateway import Gateway
from torana.api.kind import Ref
from torana.envoy.bootstrap import XDS_SERVER_NAME
from torana.infra.apply import InfraApplier
from torana.infra.certificates import KeyPair, is_issued_by, issue_authority, issue_client, issue_server, needs_renewal
from torana.infra.names import spiffe_id
from torana.infra.plan import certificate_outline
from torana.kube.client import Client
from torana.kube.errors import ApiError
from torana.proxy.secret import Redacted

CONTROLLER_NAMESPACE = "torana-system"
AUTHORITY_NAME = "torana-xds-ca"

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Trust:
    """The controller's certificates. `open` it once; the rest needs the authority that it loads."""

    def __init__(self, client: Client, *, namespace: str = CONTROLLER_NAMESPACE, clock: Clock = utc_now) -> None:
        self._client = client
        self._ref = Ref(namespace, AUTHORITY_NAME)
        self._clock = clock
        self._authority: KeyPair | None = None
        self._issued: dict[str, KeyPair] = {}

    async def open(self) -> None:
        """Loads the authority, or makes it. Raises a `KubeError`, or `ValueError` when the Secret holds something
        else."""
        self._authority = await self._load() or await self._create()

    @property
    def authority_pem(self) -> bytes:
        """What xDS clients and server verify each other with."""
        return self._opened.certificate_pem

    def server_certificate(self, hosts: Sequence[str] = (XDS_SERVER_NAME,)) -> KeyPair:
        """A new certificate for the xDS server; each replica keeps its own, in memory only."""
        return issue_server(self._opened, hosts, self._clock())

    async def ensure_certificate(self, gateway: Gateway, applier: InfraApplier) -> str:
        """Afterwards the Gateway's Secret holds a certificate that is good for a while; returns the certificate's
        hash.

        Raises `ForeignObject`, `StillLeaving`, or a `KubeError`.
        """
        outline = certificate_outline(gateway)
        identity = spiffe_id(gateway.metadata.namespace, gateway.metadata.name)
        pair = self._issued.get(gateway.metadata.uid)
        if pair is None or not self._is_good(pair, identity):
            live = await applier.read(gateway, outline)
            pair = _pair_of(live) if live else None
        if pair is None or not self._is_good(pair, identity):
            pair = issue_client(self._opened, identity, self._clock())
        await applier.ensure_object(gateway, {**outline, "data": secret_data(pair, self.authority_pem)})
        self._issued[gateway.metadata.uid] = pair
        return pair.hash

    def drop(self, gateway_uid: str) -> None:
        """Frees the memory of a deleted Gateway."""
        self._issued.pop(gateway_uid, None)

    def _is_good(self, pair: KeyPair, identity: str) -> bool:
        is_ours = is_issued_by(pair.certificate_pem, self.authority_pem, identity)
        return is_ours and not needs_renewal(pair.certificate_pem, self._clock())

    @property
    def _opened(self) -> KeyPair:
        if self._authority is None:
            raise RuntimeError("Trust.open was not awaited")
        return self._authority

    async def _load(self) -> KeyPair | None:
        try:
            live = await self._client.get(SECRET, self._ref)
        except ApiError as error:
            if error.is_not_found:
                return None
            raise
        pair = _pair_of(live)
        if pair is None:
            raise ValueError(
                f'Secret "{self._ref}": data must have tls.crt and tls.key of the xDS authority; '
                "delete the Secret to have a new authority made"
            )
        return pair

    async def _create(self) -> KeyPair:
        pair = issue_authority(self._clock())
        secret = {
            "metadata": {"name": self._ref.name, "namespace": self._ref.namespace},
            "type": "kubernetes.io/tls",
            "data": secret_data(pair, pair.certificate_pem),
        }
        try:
            await self._client.create(SECRET, secret)
        except ApiError as error:
            if error.is_not_found:
                await self._create_namespace()
                return await self._create()
            if not error.is_already_exists:
                raise
            return await self._load() or await self._create()
        return pair

    async def _create_namespace(self) -> None:
        try:
            await self._client.create(NAMESPACE, {"metadata": {"name": self._ref.namespace}})
        except ApiError as error:
            if not error.is_already_exists:
                raise


def secret_data(pair: KeyPair, authority_pem: bytes) -> dict[str, str]:
    """The `data` of a `kubernetes.io/tls` Secret."""
    parts = {"tls.crt": pair.certificate_pem, "tls.key": bytes(pair.key_pem), "ca.crt": authority_pem}
    return {name: base64.b64encode(content).decode() for name, content in parts.items()}


def _pair_of(secret: Mapping[str, Any]) -> KeyPair | None:
    data = secret.get("data") or {}
    try:
        certificate, key = (base64.b64decode(data[name], validate=True) for name in ("tls.crt", "tls.key"))
    except (KeyError, ValueError):
        return None
    return KeyPair(certificate, Redacted(key)) if certificate and key else None

"""Stage 1: classes → our Gateways → their listeners, judged."""

from __future__ import annotations

from typing import Any

from torana.api.kind import ObjectRef, Ref
from torana.derive.engine import Engine
from torana.derive.look import Look
from torana.gateway import classes, client_certificate, listeners
from torana.gateway.authorities import Bundle, read_config_map, read_secret
from torana.gateway.certificates import KeyPair, read_key_pair
from torana.gateway.client_certificate import ClientCertificate
from torana.gateway.gateways import ManagedGateway, manage
from torana.gateway.grants import Asker, is_granted
from torana.gateway.stages.sources import Sources


class Listeners:
    """Listeners are keyed by ListenerKey. Routes look at `owners` and `shapes`, which change seldom."""

    def __init__(self, engine: Engine, sources: Sources, controller_names: frozenset[str]) -> None:
        self.sources = sources
        self.classes = engine.map(
            "classes", sources.gateway_classes, lambda ref, one, look: classes.judge(one, controller_names)
        )
        self.key_pairs = engine.map("key_pairs", sources.secrets, _key_pair)
        self.bundles = {
            "ConfigMap": engine.map(
                "config_map_bundles", sources.config_maps, lambda _, one, look: read_config_map(one)
            ),
            "Secret": engine.map("secret_bundles", sources.secrets, lambda _, one, look: read_secret(one)),
        }
        self.gateways = engine.map("gateways", sources.gateways, self._manage)
        self.owners = engine.map("owners", self.gateways, lambda ref, one, look: one.gateway_class.controller_name)
        self.listeners = engine.derive(
            "listeners",
            self.gateways,
            self._judge,
            {
                "gateway": lambda key, one: [key.gateway],
                "bind": lambda key, one: [one.shape.bind] if one.is_servable else [],
                "certificate": lambda key, one: [(key.gateway, ref.secret) for ref in one.certificates],
            },
        )
        self.client_certificates = engine.map("client_certificate_verdicts", self.gateways, self._client_certificate)
        self.shapes = engine.map(
            "shapes", self.listeners, lambda key, one, look: one.shape, {"gateway": lambda key, one: [key.gateway]}
        )
        self.serving = engine.map(
            "serving",
            self.listeners,
            lambda key, one, look: one.shape if one.is_servable else None,
            {"bind": lambda key, shape: [shape.bind]},
        )

    def _manage(self, ref: Ref, gateway: Any, look: Look) -> ManagedGateway | None:
        return manage(gateway, look.get(self.classes, Ref("", gateway.spec.gateway_class_name)))

    def _judge(self, ref: Ref, managed: ManagedGateway, look: Look) -> dict[Any, Any]:
        if managed.finding is not None:
            return {}
        return listeners.judge_all(managed.object, managed.gateway_class.name, Seen(self, look))

    def _client_certificate(self, ref: Ref, managed: ManagedGateway, look: Look) -> ClientCertificate | None:
        return client_certificate.judge(managed.object, Seen(self, look))


class Seen:
    """Grants, key pairs and authorities, through the look of one task."""

    def __init__(self, stage: Listeners, look: Look) -> None:
        self.stage, self.look = stage, look

    def is_granted(self, asker: ObjectRef, target: ObjectRef) -> bool:
        grants = self.stage.sources.grants.index("namespace")
        return is_granted(self.look, grants, Asker(asker.group, asker.kind, asker.namespace), target)

    def key_pair(self, secret: Ref) -> KeyPair | None:
        return self.look.get(self.stage.key_pairs, secret)

    def bundle(self, kind: str, ref: Ref) -> Bundle | None:
        return self.look.get(self.stage.bundles[kind], ref)


def _key_pair(ref: Ref, secret: Any, look: Look) -> KeyPair | None:
    """Only Secrets that could be meant as key pairs are read."""
    if secret.type == "kubernetes.io/tls" or "tls.crt" in secret.data:
        return read_key_pair(secret)
    return KeyPair(problem=f"type is {secret.type or 'Opaque'} and data has no tls.crt; use type kubernetes.io/tls")

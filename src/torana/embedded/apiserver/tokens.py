"""How does a service account prove who it is? With a JSON web token signed by the API server (ES256)."""

from __future__ import annotations

import base64
import binascii
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from torana.embedded.apiserver.request import User

ISSUER = "https://kubernetes.default.svc.cluster.local"
DEFAULT_LIFETIME_S = 3600
MIN_LIFETIME_S = 600
MAX_LIFETIME_S = 365 * 24 * 3600
KEPT_CHECKS = 1024


class Tokens:
    """Signs and checks service account tokens. `account_uid(namespace, name)` tells the uid of a live account."""

    def __init__(self, key_file: Path, account_uid: Callable[[str, str], str]) -> None:
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_file} is not an elliptic curve key; remove it to have a new one made")
        self._key = key
        self._account_uid = account_uid
        self._checked: dict[str, dict[str, Any]] = {}

    def issue(
        self, namespace: str, name: str, audiences: list[str], lifetime_s: int, bound: dict[str, Any] | None = None
    ) -> tuple[str, int]:
        """A token for a service account and the second it expires."""
        now = int(time.time())
        lifetime_s = min(max(lifetime_s, MIN_LIFETIME_S), MAX_LIFETIME_S)
        account = {"name": name, "uid": self._account_uid(namespace, name)}
        private: dict[str, Any] = {"namespace": namespace, "serviceaccount": account}
        if bound:
            private[bound.get("kind", "").lower()] = {"name": bound.get("name", ""), "uid": bound.get("uid", "")}
        claims = {
            "aud": audiences or [ISSUER],
            "exp": now + lifetime_s,
            "iat": now,
            "nbf": now,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": private,
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }
        signed = f"{_encode(orjson.dumps({'alg': 'ES256', 'typ': 'JWT'}))}.{_encode(orjson.dumps(claims))}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}", now + lifetime_s

    def user(self, token: str) -> User | None:
        """The user of a token, if it is ours, has not expired and its account still lives."""
        claims = self._claims(token)
        if claims is None or not claims.get("nbf", 0) <= time.time() < claims.get("exp", 0):
            return None
        private = claims.get("kubernetes.io") or {}
        namespace, account = private.get("namespace", ""), private.get("serviceaccount") or {}
        name = account.get("name", "")
        if not name or self._account_uid(namespace, name) != account.get("uid"):
            return None
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return User(f"system:serviceaccount:{namespace}:{name}", groups, account["uid"])

    def _claims(self, token: str) -> dict[str, Any] | None:
        known = self._checked.get(token)
        if known is not None:
            return known
        try:
            head, body, signature = token.split(".")
            raw = _decode(signature)
            if orjson.loads(_decode(head)).get("alg") != "ES256" or len(raw) != 64:
                return None
            der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            self._key.public_key().verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
            claims = orjson.loads(_decode(body))
        except (ValueError, binascii.Error, InvalidSignature, AttributeError):
            return None
        if not isinstance(claims, dict) or claims.get("iss") != ISSUER:
            return None
        if len(self._checked) >= KEPT_CHECKS:
            self._checked.clear()
        self._checked[token] = claims
        return claims


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

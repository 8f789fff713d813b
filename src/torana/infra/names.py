"""What are a Gateway's generated objects called, and which labels do they carry?

Names follow the recommendation of GEP-1762, `<gateway>-<class>`. A Gateway and its class are named by DNS subdomains
of up to 253 characters, a Service by a DNS label of up to 63 that starts with a letter: a name that does not fit is
changed as little as possible and ends in a hash of the original, so that two Gateways never share one by shortening.
"""

from __future__ import annotations

import hashlib
import re

GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name"
GATEWAY_CLASS_LABEL = "gateway.networking.k8s.io/gateway-class-name"
GATEWAY_ANNOTATION = "torana.dev/gateway"
"""Full name of the Gateway, which a label may have to shorten."""
APPLIED_HASH_ANNOTATION = "torana.dev/applied-hash"
CONFIG_HASH_ANNOTATION = "torana.dev/config-hash"
RESERVED_PREFIXES = ("gateway.networking.k8s.io/", "torana.dev/")
"""Keys that `spec.infrastructure` may not set: Torana gives them a meaning."""

MAX_LABEL_LENGTH = 63
_HASH_LENGTH = 8
_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def proxy_name(gateway: str, gateway_class: str) -> str:
    """Name of every generated object: a DNS label (RFC 1035) of at most 63 characters."""
    wanted = f"{gateway}-{gateway_class}"
    if len(wanted) <= MAX_LABEL_LENGTH and _DNS_LABEL.fullmatch(wanted):
        return wanted
    plain = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if not plain[:1].isalpha():
        plain = f"gw-{plain}"
    return _shortened(plain, f"{gateway}/{gateway_class}")


def label_value(name: str) -> str:
    """`name` itself where it is a valid label value, else a shortened form that ends in its hash."""
    if len(name) <= MAX_LABEL_LENGTH and _LABEL_VALUE.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-_.")
    return _shortened(plain or "x", name)


def spiffe_id(namespace: str, gateway: str) -> str:
    """The identity in the client certificate of a Gateway's proxy; it may ask for this Gateway's configuration
    only."""
    return f"spiffe://torana/gateway/{namespace}/{gateway}"


def _shortened(plain: str, original: str) -> str:
    digest = hashlib.sha256(original.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{plain[: MAX_LABEL_LENGTH - _HASH_LENGTH - 1].rstrip('-_.')}-{digest}"

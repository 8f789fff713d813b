"""What bytes does a Secret or ConfigMap hold?"""

from __future__ import annotations

import base64
import binascii

from torana.api.core.config_map import ConfigMap
from torana.api.core.secret import Secret


def secret_content(secret: Secret) -> dict[str, bytes]:
    return {key: _decode(value) for key, value in secret.data.items()}


def config_map_content(config_map: ConfigMap) -> dict[str, bytes]:
    text = {key: value.encode() for key, value in config_map.data.items()}
    return text | {key: _decode(value) for key, value in config_map.binary_data.items()}


def _decode(value: str) -> bytes:
    """What is no base64 counts as empty: the API server does not let it in."""
    try:
        return base64.b64decode(value)
    except binascii.Error:
        return b""

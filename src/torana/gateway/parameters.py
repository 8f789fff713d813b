"""What may a ConfigMap say about the proxies of a Gateway, or of all Gateways of a class?

In: a parametersRef and the ConfigMap it names. Out: parameters, or what is wrong with them. Those of a Gateway go
before those of its class, one by one. Specification: GatewayClassSpec.parametersRef,
GatewayInfrastructure.parametersRef.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from torana.api.kind import ObjectRef, Ref
from torana.gateway.finding import Finding

ConfigMapOf = Callable[[Ref], Any]
"""The ConfigMap of that name, or None."""


class Parameters(msgspec.Struct, frozen=True, gc=False):
    """How a proxy is run, besides what the Gateway says. Empty and None: as usual."""

    replicas: int | None = None
    service_type: str = ""
    image: str = ""
    log_level: str = ""
    concurrency: int | None = None
    """Envoy's worker threads."""

    def over(self, others: Parameters) -> Parameters:
        """These, and where nothing is said the others."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) not in ("", None)}
        return msgspec.structs.replace(others, **said)


SERVICE_TYPES = ("LoadBalancer", "ClusterIP")
LOG_LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")
_MOST_REPLICAS = 100
_MOST_WORKERS = 128


class _Invalid(Exception):
    """A value that cannot be; says what can."""


def _count(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise _Invalid(f"is not a number from 1 to {most}")
        return int(text)

    return read


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise _Invalid(f"is not one of {', '.join(names)}")
        return text

    return read


def _image(text: str) -> str:
    if not text or any(each.isspace() for each in text):
        raise _Invalid("is not the name of an image")
    return text


KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "replicas": ("replicas", _count(_MOST_REPLICAS)),
    "serviceType": ("service_type", _one_of(SERVICE_TYPES)),
    "image": ("image", _image),
    "logLevel": ("log_level", _one_of(LOG_LEVELS)),
    "concurrency": ("concurrency", _count(_MOST_WORKERS)),
}
"""Key of the ConfigMap → field, and how its value is read."""


def resolve(ref: Any, namespace: str, path: str, config_map_of: ConfigMapOf) -> Parameters | Finding:
    """What the reference leads to. `namespace` is that of the ConfigMap."""
    if ref.group or ref.kind != "ConfigMap":
        kind = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
        return _finding(f"{kind} {ref.name} cannot hold parameters; use a ConfigMap", path)
    target = ObjectRef("", "ConfigMap", namespace, ref.name)
    config_map = config_map_of(Ref(namespace, ref.name))
    if config_map is None:
        return _finding(f"{target} does not exist", path)
    try:
        return _read(config_map)
    except _Invalid as problem:
        return _finding(f"{target}: {problem}", path)


def _read(config_map: Any) -> Parameters:
    said = {}
    for key in sorted({*config_map.data, *config_map.binary_data}):
        if key not in KEYS or key not in config_map.data:
            raise _Invalid(f"{key} is not known; there are {', '.join(KEYS)}")
        field, read = KEYS[key]
        text = config_map.data[key].strip()
        try:
            said[field] = read(text)
        except _Invalid as problem:
            raise _Invalid(f"{key}: {text!r} {problem}") from None
    return Parameters(**said)


def _finding(message: str, path: str) -> Finding:
    return Finding("InvalidParameters", message, path)

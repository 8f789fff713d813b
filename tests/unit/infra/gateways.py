"""Gateways and inputs for the tests of this folder."""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.gateway import Gateway
from torana.infra.plan import PlanInputs, Port


def a_gateway(name: str = "web", gateway_class: str = "torana", **spec: Any) -> Gateway:
    document = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "shop", "uid": "uid-of-web", "generation": 3},
        "spec": {
            "gatewayClassName": gateway_class,
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
            **spec,
        },
    }
    return msgspec.convert(document, Gateway)


def some_inputs(**changes: Any) -> PlanInputs:
    inputs = PlanInputs(home="embedded", xds_host="127.0.0.1", xds_port=18000, certificate_hash="c1", ports=(Port(80),))
    return msgspec.structs.replace(inputs, **changes)

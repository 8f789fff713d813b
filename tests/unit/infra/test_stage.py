"""Do parameters in the graph become what a proxy is made of?"""

from __future__ import annotations

from typing import Any

import msgspec

from torana.api.core.config_map import ConfigMap
from torana.api.gateway_class import GatewayClass
from torana.api.kind import Ref
from torana.api.meta import ObjectMeta
from torana.gateway.graph import Graph
from torana.infra.pod import PROXY_IMAGE
from torana.infra.stage import Infrastructure

from .gateways import a_gateway, some_inputs

NAME = "torana.dev/gateway-controller"
GATEWAY = Ref("shop", "web")


def made_of(gateway: dict[str, str] | None, gateway_class: dict[str, str] | None) -> tuple[Any, ...]:
    """Replicas, image and log level of a Gateway with these parameters, in a class with those."""
    graph = Graph([NAME])
    infrastructure = Infrastructure(graph.engine, graph, some_inputs())
    config_maps = {
        Ref("shop", name): ConfigMap(metadata=ObjectMeta(name=name, namespace="shop"), data=data)
        for name, data in (("own", gateway), ("shared", gateway_class))
        if data is not None
    }
    own = {"group": "", "kind": "ConfigMap", "name": "own"}
    shared = {"group": "", "kind": "ConfigMap", "name": "shared", "namespace": "shop"}
    class_spec = {"controllerName": NAME, **({"parametersRef": shared} if gateway_class is not None else {})}
    edits: dict[Any, dict[Ref, Any]] = {
        graph.sources.gateway_classes: {
            Ref("", "torana"): msgspec.convert({"metadata": {"name": "torana"}, "spec": class_spec}, GatewayClass)
        },
        graph.sources.gateways: {
            GATEWAY: a_gateway(infrastructure={"parametersRef": own} if gateway is not None else {})
        },
        graph.sources.config_maps: config_maps,
    }
    assert not graph.engine.settle(edits).failures
    inputs = infrastructure.inputs_of(GATEWAY)
    return inputs.replicas, inputs.image, inputs.log_level


def test_without_parameters_a_proxy_is_as_usual() -> None:
    assert made_of(None, None) == (None, PROXY_IMAGE, "warning")


def test_parameters_of_the_class_count_where_the_gateway_says_nothing() -> None:
    assert made_of({"replicas": "2"}, {"replicas": "3", "logLevel": "debug"}) == (2, PROXY_IMAGE, "debug")
    assert made_of(None, {"image": "envoy:1"}) == (None, "envoy:1", "warning")

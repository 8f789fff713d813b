"""Which parameters may a ConfigMap hold, and which of two say what counts?"""

from __future__ import annotations

import pytest

from torana.api.core.config_map import ConfigMap
from torana.api.kind import Ref
from torana.api.meta import ObjectMeta
from torana.api.references import LocalObjectReference
from torana.gateway.finding import Finding
from torana.gateway.parameters import KEYS, Parameters, resolve

REF = LocalObjectReference(group="", kind="ConfigMap", name="tuning")


def read(**data: str) -> Parameters | Finding:
    config_map = ConfigMap(metadata=ObjectMeta(name="tuning", namespace="edge"), data=data)
    return resolve(REF, "edge", "at", {Ref("edge", "tuning"): config_map}.get)


def test_every_parameter_is_read() -> None:
    said = read(replicas="3", serviceType="ClusterIP", image="envoy:1", logLevel="debug", concurrency=" 2\n")
    assert said == Parameters(3, "ClusterIP", "envoy:1", "debug", 2)
    assert {field for field, _ in KEYS.values()} == set(Parameters.__struct_fields__)


def test_an_empty_config_map_says_nothing() -> None:
    assert read() == Parameters()


@pytest.mark.parametrize(
    "data",
    [
        {"replicas": "0"},
        {"replicas": "-1"},
        {"replicas": "two"},
        {"replicas": "101"},
        {"replicas": "²"},
        {"serviceType": "NodePort"},
        {"image": ""},
        {"image": "a b"},
        {"logLevel": "WARNING"},
        {"concurrency": "0"},
        {"Replicas": "1"},
    ],
)
def test_what_cannot_be_is_told_with_its_key(data: dict[str, str]) -> None:
    found = read(**data)
    assert isinstance(found, Finding)
    assert found.reason == "InvalidParameters"
    assert next(iter(data)) in found.text


def test_the_gateways_own_parameters_go_before_those_of_its_class() -> None:
    assert Parameters(replicas=2).over(Parameters(replicas=1, log_level="info")) == Parameters(2, log_level="info")

"""What does a proxy start with?"""

from __future__ import annotations

import json
from typing import Any

from torana.envoy.bootstrap import BootstrapSettings, bootstrap, pod_overrides

SETTINGS = BootstrapSettings(
    xds_host="10.0.0.1", xds_port=18000, ca_path="ca.crt", certificate_path="tls.crt", key_path="tls.key"
)


def document(settings: BootstrapSettings = SETTINGS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bootstrap(settings))
    return found


def test_the_administration_interface_has_no_port() -> None:
    assert document()["admin"] == {"address": {"pipe": {"path": "@torana-admin"}}}
    assert "listeners" not in document()["static_resources"]


def test_the_control_plane_is_asked_by_delta_over_one_stream() -> None:
    dynamic = document()["dynamic_resources"]
    assert dynamic["ads_config"]["api_type"] == "DELTA_GRPC"
    assert "ads" in dynamic["lds_config"]
    assert "ads" in dynamic["cds_config"]


def test_names_are_resolved_and_addresses_are_not() -> None:
    for host, kind in (("10.0.0.1", "STATIC"), ("::1", "STATIC"), ("torana.torana-system.svc", "STRICT_DNS")):
        settings = BootstrapSettings(xds_host=host, xds_port=1, ca_path="a", certificate_path="b", key_path="c")
        assert document(settings)["static_resources"]["clusters"][0]["type"] == kind


def test_the_overrides_carry_references_for_kubernetes_to_expand() -> None:
    overrides = json.loads(pod_overrides(address="0.0.0.0", ready_address="$(POD_IP)"))
    assert overrides["node"]["metadata"]["address"] == "0.0.0.0"
    (listener,) = overrides["static_resources"]["listeners"]
    assert listener["address"]["socket_address"] == {"address": "$(POD_IP)", "port_value": 19003}

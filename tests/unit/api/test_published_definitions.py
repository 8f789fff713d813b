"""Are our definitions the same, in effect, as those that the Gateway API project published for v1.6.1?"""

from __future__ import annotations

from typing import get_args

import pytest
from tests.unit.api.published_facts import FIXTURES, definition_facts, rule_count

from torana.api.crd import crd_manifest
from torana.api.field import Channel
from torana.api.kind import Kind
from torana.api.reference_grant import REFERENCE_GRANT
from torana.api.registry import CUSTOM_KINDS
from torana.api.tls_route import TLS_ROUTE

CHANNELS: tuple[Channel, ...] = get_args(Channel)


def published(kind: Kind, channel: Channel) -> set[str]:
    lines = (FIXTURES / f"published-{channel}.txt").read_text().splitlines()
    return {line for line in lines if line.split(" ", 1)[0].split("/", 1)[0] == kind.kind}


@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        pytest.param(kind, channel, id=f"{kind.kind}-{channel}")
        for kind in CUSTOM_KINDS
        for channel in CHANNELS
        if channel == "experimental" or kind.channel == "standard"
    ],
)
def test_every_field_limit_default_and_rule_is_as_published(kind: Kind, channel: Channel) -> None:
    ours = set(definition_facts(crd_manifest(kind, channel)))
    theirs = published(kind, channel)
    assert theirs, "the fixture knows this kind"
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []


RULES = {
    # kind, version: rules in the standard and in the experimental channel
    ("GatewayClass", "v1"): (1, 1),
    ("Gateway", "v1"): (16, 16),
    ("ListenerSet", "v1"): (7, 7),
    ("HTTPRoute", "v1"): (89, 106),
    ("HTTPRoute", "v1beta1"): (89, 106),
    ("GRPCRoute", "v1"): (33, 36),
    ("TLSRoute", "v1"): (6, 6),
    ("TLSRoute", "v1alpha2"): (3, 4),
    ("TCPRoute", "v1"): (3, 3),
    ("TCPRoute", "v1alpha2"): (3, 4),
    ("UDPRoute", "v1"): (3, 3),
    ("UDPRoute", "v1alpha2"): (3, 4),
    ("ReferenceGrant", "v1beta1"): (0, 0),
    ("BackendTLSPolicy", "v1"): (8, 8),
    ("XBackend", "v1alpha1"): (None, 10),
    ("XBackendTrafficPolicy", "v1alpha1"): (None, 4),
    ("XMesh", "v1alpha1"): (None, 1),
}


@pytest.mark.parametrize(("kind", "version"), RULES)
def test_no_validation_rule_is_missing(kind: str, version: str) -> None:
    definition = next(known for known in CUSTOM_KINDS if known.kind == kind)
    standard, experimental = RULES[kind, version]
    if standard is not None:
        assert rule_count(crd_manifest(definition, "standard"), version) == standard
    assert rule_count(crd_manifest(definition, "experimental"), version) == experimental


def test_old_versions_are_served_by_the_experimental_channel_only_and_with_a_warning() -> None:
    for channel, served in zip(CHANNELS, (False, True), strict=True):
        versions = {version["name"]: version for version in crd_manifest(TLS_ROUTE, channel)["spec"]["versions"]}
        assert versions["v1"]["served"]
        for old in ("v1alpha2", "v1alpha3"):
            assert versions[old]["served"] is served
            assert versions[old]["deprecationWarning"].endswith("Please upgrade to v1.")


def test_a_kind_of_the_experimental_channel_has_no_standard_definition() -> None:
    for kind in CUSTOM_KINDS:
        if kind.channel == "experimental":
            with pytest.raises(ValueError, match="not in the standard channel"):
                crd_manifest(kind, "standard")


def test_reference_grants_are_stored_as_v1beta1() -> None:
    assert REFERENCE_GRANT.storage_version == "v1beta1"
    assert REFERENCE_GRANT.api_version == "gateway.networking.k8s.io/v1beta1"

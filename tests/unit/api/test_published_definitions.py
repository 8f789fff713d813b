"""Are our definitions the same, in effect, as those that the Gateway API project published for v1.6.1?"""

from __future__ import annotations

from typing import get_args

import pytest
from tests.unit.api.published_facts import FIXTURES, definition_facts, rule_count

from torana.api.crd import crd_manifest
from torana.api.field import Channel
from torana.api.gateway import GATEWAY
from torana.api.gateway_class import GATEWAY_CLASS
from torana.api.http_route import HTTP_ROUTE
from torana.api.kind import Kind
from torana.api.reference_grant import REFERENCE_GRANT
from torana.api.registry import CUSTOM_KINDS

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


@pytest.mark.parametrize(
    ("kind", "standard", "experimental"),
    [(GATEWAY_CLASS, 1, 1), (GATEWAY, 16, 16), (HTTP_ROUTE, 89, 106), (REFERENCE_GRANT, 0, 0)],
    ids=lambda value: getattr(value, "kind", value),
)
def test_no_validation_rule_is_missing(kind: Kind, standard: int, experimental: int) -> None:
    assert rule_count(crd_manifest(kind, "standard"), "v1") == standard
    assert rule_count(crd_manifest(kind, "experimental"), "v1") == experimental


def test_a_kind_of_the_experimental_channel_has_no_standard_definition() -> None:
    for kind in CUSTOM_KINDS:
        if kind.channel == "experimental":
            with pytest.raises(ValueError, match="not in the standard channel"):
                crd_manifest(kind, "standard")


def test_reference_grants_are_stored_as_v1beta1() -> None:
    assert REFERENCE_GRANT.storage_version == "v1beta1"
    assert REFERENCE_GRANT.api_version == "gateway.networking.k8s.io/v1beta1"

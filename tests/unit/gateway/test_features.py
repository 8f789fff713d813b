"""What does a GatewayClass claim?"""

from __future__ import annotations

from torana.gateway.features import EXPERIMENTAL, SUPPORTED, claimed


def test_the_claims_are_sorted_as_the_status_wants_them() -> None:
    assert list(SUPPORTED) == sorted(SUPPORTED)


def test_the_standard_channel_claims_nothing_that_its_fields_cannot_ask_for() -> None:
    assert claimed({"experimental"}) == SUPPORTED
    assert not EXPERIMENTAL & set(claimed({"standard"}))
    assert set(claimed({""})) == set(SUPPORTED) - EXPERIMENTAL


def test_every_experimental_feature_is_one_of_the_supported() -> None:
    assert set(SUPPORTED) >= EXPERIMENTAL


def test_nothing_is_claimed_for_meshes() -> None:
    assert [name for name in SUPPORTED if name.startswith("Mesh")] == []

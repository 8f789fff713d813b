"""Does a GatewayClass say whether the installed CRDs are those that this controller is made for?"""

from __future__ import annotations

import msgspec
import pytest

from torana.api.crd import BUNDLE_VERSION as GENERATED
from torana.api.gateway_class import GatewayClass
from torana.api.kind import Ref
from torana.gateway.graph import Graph
from torana.gateway.stages.sources import BundleVersion
from torana.gateway.status.classes import BUNDLE_VERSION
from torana.gateway.status.condition import Judgement

NAME = "torana.dev/gateway-controller"
CLASS = {"metadata": {"name": "torana"}, "spec": {"controllerName": NAME}}
GROUP = "gateway.networking.k8s.io"


def condition(*versions: BundleVersion) -> Judgement:
    """What the class says where CRDs of these versions are installed."""
    graph = Graph([NAME])
    edits = {
        graph.sources.gateway_classes: {Ref("", "torana"): msgspec.convert(CLASS, GatewayClass)},
        graph.sources.bundle_versions: {Ref("", f"crd-{n}"): version for n, version in enumerate(versions)},
    }
    assert not graph.engine.settle(edits).failures
    (found,) = (
        one for one in graph.reports.classes.items[Ref("", "torana")].conditions if one.type == "SupportedVersion"
    )
    return found


def test_the_crds_that_are_generated_here_are_the_supported_ones() -> None:
    assert GENERATED == BUNDLE_VERSION


def test_crds_of_the_supported_version_are_told_so_whatever_other_groups_have() -> None:
    found = condition(BundleVersion(GROUP, BUNDLE_VERSION), BundleVersion("example.com", "v9"))
    assert (found.status, found.reason) == (True, "SupportedVersion")


@pytest.mark.parametrize("other", ["v1.5.1", "v1.7.0", "", "nonsense"])
def test_one_crd_of_another_version_is_enough_to_say_no(other: str) -> None:
    found = condition(BundleVersion(GROUP, BUNDLE_VERSION), BundleVersion(GROUP, other))
    assert (found.status, found.reason) == (False, "UnsupportedVersion")
    assert (other or "without version") in found.message
    assert BUNDLE_VERSION in found.message


def test_without_crds_nothing_is_claimed() -> None:
    assert condition().status is False

"""How mirrors become request mirror policies."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.fractions import fraction
from torana.proxy.action import Mirror


def render_mirrors(mirrors: tuple[Mirror, ...]) -> list[pb.RouteAction.RequestMirrorPolicy]:
    """A policy per mirror that copies anything at all. Copies keep the Host header: no `-shadow` suffix."""
    return [
        pb.RouteAction.RequestMirrorPolicy(
            cluster=mirror.cluster,
            runtime_fraction={"default_value": fraction(mirror.numerator, mirror.denominator)},
            disable_shadow_host_suffix_append=True,
        )
        for mirror in mirrors
        if mirror.numerator > 0 and mirror.cluster
    ]

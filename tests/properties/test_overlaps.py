"""Are overlapping listeners found as by comparing each with each?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from torana.api.kind import Ref
from torana.gateway.hostnames import intersection
from torana.gateway.listeners import ListenerShape, gateway_ref
from torana.gateway.overlaps import overlaps

GATEWAY = Ref("default", "gw")
HOSTNAMES = st.sampled_from(
    ["", "*.com", "*.b.com", "*.a.b.com", "b.com", "a.b.com", "x.a.b.com", "com", "*.ab.com", "ab.com"]
)
SHAPES = st.builds(
    lambda port, protocol, hostname: ListenerShape(
        GATEWAY, gateway_ref(GATEWAY), "name", port, protocol, hostname, ("HTTPRoute",), "Same"
    ),
    st.sampled_from([443, 8443]),
    st.sampled_from(["HTTP", "HTTPS", "TLS"]),
    HOSTNAMES,
)


def are_overlapping(one: ListenerShape, other: ListenerShape) -> bool:
    return (
        one.port == other.port
        and "HTTP" not in (one.protocol, other.protocol)
        and intersection(one.hostname, other.hostname) is not None
    )


@given(st.lists(SHAPES, max_size=6))
def test_exactly_the_listeners_that_share_a_name_with_another_are_found(shapes: list[ListenerShape]) -> None:
    expected = [
        any(position != at and are_overlapping(shape, other) for at, other in enumerate(shapes))
        for position, shape in enumerate(shapes)
    ]
    assert [finding is not None for finding in overlaps(shapes)] == expected

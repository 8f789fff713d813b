"""To which Gateway does a certificate give access?"""

from __future__ import annotations

import pytest

from torana.api.kind import Ref
from torana.envoy.server import gateway_of


@pytest.mark.parametrize(
    ("uri", "gateway"),
    [
        ("spiffe://torana/gateway/shop/web", Ref("shop", "web")),
        ("spiffe://torana/gateway/shop/", None),
        ("spiffe://torana/gateway/shop/web/x", None),
        ("spiffe://torana/controller/shop/web", None),
        ("spiffe://other/gateway/shop/web", None),
        ("https://torana/gateway/shop/web", None),
        ("", None),
    ],
)
def test_only_the_uri_of_a_gateway_names_one(uri: str, gateway: Ref | None) -> None:
    assert gateway_of({"peer_uri": [uri.encode()]}) == gateway


def test_without_a_uri_there_is_no_gateway() -> None:
    assert gateway_of({"x509_common_name": [b"web"]}) is None

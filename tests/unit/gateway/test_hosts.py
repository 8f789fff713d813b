"""Which hostnames are wider than another?"""

from __future__ import annotations

from torana.gateway.hostnames import wider_domains


def test_wider_domains_come_by_how_specific_they_are() -> None:
    assert wider_domains("www.example.com") == ("*.example.com", "*.com", "*")
    assert wider_domains("*.example.com") == ("*.com", "*")
    assert wider_domains("com") == ("*",)
    assert wider_domains("*") == ()

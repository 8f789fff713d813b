"""What are a Gateway's generated objects called?"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from torana.infra.names import label_value, proxy_name

SUBDOMAIN = st.from_regex(
    r"[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?){0,3}", fullmatch=True
)
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def test_an_ordinary_name_is_gateway_and_class() -> None:
    assert proxy_name("web", "torana") == "web-torana"


def test_a_long_name_is_shortened_and_ends_in_a_hash() -> None:
    name = proxy_name("a" * 253, "torana")
    assert len(name) == 63
    assert re.fullmatch(r"a{54}-[0-9a-f]{8}", name)


def test_two_long_names_with_the_same_beginning_stay_apart() -> None:
    assert proxy_name("a" * 100, "torana") != proxy_name("a" * 101, "torana")


def test_a_name_that_differs_only_in_its_dots_stays_apart() -> None:
    assert proxy_name("a.b", "torana") != proxy_name("a-b", "torana")


def test_a_name_that_starts_with_a_digit_becomes_a_service_name() -> None:
    assert proxy_name("1st", "torana").startswith("gw-1st-torana-")


def test_a_label_keeps_a_name_that_fits() -> None:
    assert label_value("web.example") == "web.example"


@given(gateway=SUBDOMAIN, gateway_class=SUBDOMAIN)
def test_every_name_is_a_valid_service_name(gateway: str, gateway_class: str) -> None:
    assert SERVICE_NAME.fullmatch(proxy_name(gateway, gateway_class))


@given(gateway=st.text(max_size=300), gateway_class=st.text(max_size=300))
def test_even_a_name_that_no_api_server_would_take_gives_a_valid_one(gateway: str, gateway_class: str) -> None:
    assert SERVICE_NAME.fullmatch(proxy_name(gateway, gateway_class))


@given(name=st.text(max_size=300))
def test_every_label_value_is_valid(name: str) -> None:
    assert LABEL_VALUE.fullmatch(label_value(name))

"""Does the reference model say what the specification says in its own examples?"""

from __future__ import annotations

import pytest
from tests.reference import filters, hostnames
from tests.reference.matching import is_full_match

from torana.api.filters.header_modifier import HTTPHeader, HTTPHeaderFilter
from torana.api.filters.path_modifier import HTTPPathModifier
from torana.api.filters.redirect import HTTPRequestRedirectFilter


@pytest.mark.parametrize(
    ("listener", "route", "expected"),
    [
        ("www.example.com", "www.example.com", "www.example.com"),
        ("*.example.com", "www.example.com", "www.example.com"),
        ("*.example.com", "sub.domain.example.com", "sub.domain.example.com"),
        ("sub.domain.example.com", "*.example.com", "sub.domain.example.com"),
        ("*.com", "*.example.com", "*.example.com"),
        ("", "www.example.com", "www.example.com"),
        ("", "", ""),
        ("*.example.com", "example.com", None),
        ("*.example.com", "*.example.org", None),
        ("*.example.com", "www.notexample.com", None),
    ],
)
def test_hostnames_have_in_common_what_the_narrower_one_says(listener: str, route: str, expected: str | None) -> None:
    assert hostnames.intersection(listener, route) == expected
    assert hostnames.intersection(route, listener) == expected


def test_exact_names_are_more_precise_than_wildcards_and_long_wildcards_than_short_ones() -> None:
    ordered = ["", "*.com", "*.example.com", "x.com", "www.example.com"]
    assert [max(ordered[:end], key=hostnames.precision) for end in range(1, 6)] == ordered


@pytest.mark.parametrize(
    ("path", "prefix", "replacement", "expected"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
    ],
)
def test_prefixes_are_replaced_by_whole_elements(path: str, prefix: str, replacement: str, expected: str) -> None:
    modifier = HTTPPathModifier(type="ReplacePrefixMatch", replace_prefix_match=replacement)
    assert filters.with_path(path, modifier, prefix) == expected


@pytest.mark.parametrize(
    ("scheme", "port", "listener", "expected"),
    [
        ("", None, 80, "http://a.test/"),
        ("", None, 8080, "http://a.test:8080/"),
        ("https", None, 8080, "https://a.test/"),
        ("http", None, 8080, "http://a.test/"),
        ("https", 80, 80, "https://a.test:80/"),
        ("", 80, 8080, "http://a.test/"),
        ("", 8083, 80, "http://a.test:8083/"),
    ],
)
def test_a_location_has_the_port_of_filter_scheme_or_listener(
    scheme: str, port: int | None, listener: int, expected: str
) -> None:
    redirect = HTTPRequestRedirectFilter(scheme=scheme, port=port)
    assert filters.location(redirect, "http", listener, "a.test", "/", "") == expected


def test_headers_are_set_added_and_removed_in_any_letter_case() -> None:
    edits = HTTPHeaderFilter(
        set=(HTTPHeader(name="A", value="new"),),
        add=(HTTPHeader(name="B", value="2"), HTTPHeader(name="C", value="3")),
        remove=("D",),
    )
    assert filters.with_edits({"a": "old", "b": "1", "d": "4"}, edits) == {"a": "new", "b": "1,2", "c": "3"}


def test_expressions_match_the_whole_value() -> None:
    assert is_full_match("/a|/ab", "/ab")
    assert not is_full_match("/a", "/ab")

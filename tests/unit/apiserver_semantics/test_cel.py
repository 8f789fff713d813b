"""Does the CEL engine keep what our rules rely on? A change of the engine must keep this table true."""

from __future__ import annotations

from typing import Any

import pytest

from torana.embedded.apiserver.cel import CelFailure, CelSyntaxError, rule_engine

FAILURE = object()
"""The expression ends in an error."""

ABSENT: Any = object()

TABLE: list[tuple[str, Any, Any]] = [
    # Errors are absorbed by a side that decides, whichever it is.
    ("self.a == 1 || true", {}, True),
    ("true || self.a == 1", {}, True),
    ("self.a == 1 && false", {}, False),
    ("self.a == 1 || false", {}, FAILURE),
    ("size(self.a) > 0 || size(self.b) > 0", {"b": [1]}, True),
    ("self.exists(x, x.a == 1)", [{}, {"a": 1}], True),
    ("self.all(x, x.a == 1)", [{}, {"a": 2}], False),
    ("self.exists_one(x, x.a == 1)", [{}, {"a": 1}], FAILURE),
    # Presence.
    ("has(self.a)", {}, False),
    ("has(self.a)", {"a": None}, True),
    ("has(self.a.b)", {"a": {}}, False),
    ("has(self.a.b)", {}, FAILURE),
    # Text is counted in characters, and patterns are searched for.
    ("self.size() == 1", "é", True),
    ("size(self) == 1", "🙂", True),
    ("self.matches('b')", "abc", True),
    ("self.matches('^b')", "abc", False),
    ("self.matches('^a$')", "a\n", False),
    (r'self.matches(r"""^(?i)[a-z]+$""")', "ABC", True),
    (r"self.matches('\\d')", "٣", False),
    ("self.split('/')[0]", "a/b", "a"),
    ("self.substring(2)", "*.a", "a"),
    ("self.startsWith('a') && self.endsWith('c') && self.contains('b')", "abc", True),
    ("self.lowerAscii()", "AÉ", "aÉ"),
    ("self.find('[0-9]+')", "ab12c3", "12"),
    ("self.find('b(c)(d)')", "abcd", "bcd"),
    ("self.find('[0-9]')", "abc", ""),
    ("self.findAll('[0-9]')", "a1b2", ["1", "2"]),
    ("self.findAll('[0-9]', 1)", "a1b2", ["1"]),
    # Numbers and durations.
    ("self + 1", 1, 2),
    ("self + 1", 2**63 - 1, FAILURE),
    ("1 / self", 0, FAILURE),
    ("self == 1", 1.0, True),
    ("self == 1", True, False),
    ("self == '1'", 1, False),
    ("duration(self) > duration('1s')", "1001ms", True),
    ("duration(self) == duration('0s')", "0s", True),
    ("duration(self) > duration('1s')", "soon", FAILURE),
    # Lists and maps.
    ("self[1]", ["a"], FAILURE),
    ("self.all(k, k.size() < 3)", {"ab": 1}, True),
    ("'*' in self && self.size() > 1", ["*", "a"], True),
    ("self.filter(x, x > 1).map(x, x * 2)", [1, 2, 3], [4, 6]),
    ("self.isSorted()", [1, 2], True),
    ("self.sum() == 6 && self.min() == 1 && self.max() == 3", [1, 2, 3], True),
    ("self.?a.orValue('x')", {}, "x"),
    ("sets.contains(self, [1])", [1, 2], True),
    # Addresses.
    ("isIP(self)", "1.2.3.4", True),
    ("isIP(self)", "::1", True),
    ("isIP(self)", "::ffff:1.2.3.4", False),
    ("isIP(self)", "fe80::1%eth0", False),
    ("isIP(self)", "01.2.3.4", False),
    ("isIP(self)", "a.example.com", False),
    ("ip(self).family()", "::1", 6),
    ("ip(self).isLoopback()", "127.0.0.1", True),
    ("ip(self)", "x", FAILURE),
    ("isCIDR(self)", "10.0.0.0/8", True),
    ("isCIDR(self)", "10.0.0.0", False),
    ("cidr('10.0.0.0/8').containsIP(self)", "10.1.2.3", True),
    ("cidr('10.0.0.0/8').containsIP(ip(self))", "11.1.2.3", False),
    ("cidr(self).prefixLength()", "10.0.0.0/8", 8),
    ("cidr('10.0.0.0/8').containsCIDR(self)", "10.1.0.0/16", True),
    ("url(self).getHostname()", "https://[::1]:8080/a?b=c", "::1"),
    ("url(self).getPort()", "https://a:8080/", "8080"),
    ("isURL(self)", "no url", False),
    # Quantities and versions.
    ("quantity(self).isGreaterThan(quantity('1Gi'))", "2000Mi", True),
    ("quantity(self).compareTo(quantity('1000m'))", "1", 0),
    ("isQuantity(self)", "1Zi", False),
    ("semver(self).isLessThan(semver('1.10.0'))", "1.9.0", True),
    ("semver(self).isLessThan(semver('1.0.0'))", "1.0.0-rc.1", True),
    # Named formats yield an optional list of errors, and an optional is never null.
    ("format.dns1123Label().validate(self).hasValue()", "A", True),
    ("format.dns1123Label().validate(self).hasValue()", "a", False),
    ("!format.dns1123Label().validate(self).hasValue() && ('(' == '(')", "a", True),
    ("size(self) == 0 || format.dns1123Label().validate(self) == null", "a", False),
    ("format.named('dns1123Label').value().validate((self)).hasValue()", "a", False),
    ("format.dns1123Subdomain().validate(self).orValue([]).size()", "a_b", 1),
]


@pytest.mark.parametrize(("expression", "value", "expected"), TABLE)
def test_an_expression_yields(expression: str, value: Any, expected: Any) -> None:
    engine = rule_engine()
    result = engine.compile(expression).evaluate(engine.activation({"self": value}))
    if expected is FAILURE:
        assert isinstance(result, CelFailure)
    else:
        assert result == expected
        assert type(result) is type(expected)


@pytest.mark.parametrize("expression", ["self +", "self.unknown()", "unknown(self)", "'a' + 1", ""])
def test_what_is_not_cel_is_refused_when_compiled(expression: str) -> None:
    with pytest.raises(CelSyntaxError):
        rule_engine().compile(expression)


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(CelSyntaxError):
        rule_engine().compile("other == 1")


@pytest.mark.parametrize("value", [float("nan"), b"bytes", {1: 2}, [[[]]], 2**70, "\ud800"])
def test_no_value_brings_the_engine_down(value: Any) -> None:
    engine = rule_engine()
    try:
        result = engine.compile("self == 1").evaluate(engine.activation({"self": value}))
    except (RuntimeError, ValueError, OverflowError, UnicodeEncodeError, TypeError):
        return
    assert result is False or isinstance(result, CelFailure)

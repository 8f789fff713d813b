"""Is one check of clients stricter than another?"""

from __future__ import annotations

import pytest

from torana.gateway.authorities import named
from torana.proxy.tls import ClientValidation

_END = b"-----END CERTIFICATE-----\n"


def check(*authorities: bytes, is_required: bool = True) -> ClientValidation:
    return ClientValidation(named(b"".join(one + _END for one in authorities)), is_required)


@pytest.mark.parametrize(
    ("old", "new", "takes_all"),
    [
        (None, check(b"a"), False),
        (None, check(b"a", is_required=False), True),
        (check(b"a", is_required=False), check(b"a"), False),
        (check(b"a"), check(b"a", b"b"), True),
        (check(b"a", b"b"), check(b"b", b"a"), True),
        (check(b"a", b"b"), check(b"b"), False),
        (check(b"a"), check(b"b"), False),
        (check(b"a"), check(b"b", is_required=False), True),
    ],
)
def test_a_check_takes_whom_the_other_took_when_it_trusts_as_many_or_does_not_insist(
    old: ClientValidation | None, new: ClientValidation, takes_all: bool
) -> None:
    assert new.takes_all_of(old) is takes_all


def test_two_ways_of_checking_have_two_guards() -> None:
    ways = [check(b"a"), check(b"b"), check(b"a", b"b"), check(b"a", is_required=False)]
    assert len({one.guard for one in ways}) == len(ways)

"""Homes on one machine get addresses of their own, and the same ones again."""

from __future__ import annotations

import itertools
import os
import socket
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from torana.cli.stack.share import SHARES, NoShare, Share, claim_share, listening_addresses

PREFIX = f"torana-test-{os.getpid()}-"


def test_shares_do_not_overlap() -> None:
    shares = [Share(number) for number in range(SHARES)]
    assert str(shares[0].balancers) == "127.77.0.0/20"
    assert shares[15].first_balancer == "127.77.240.1"
    for one, other in itertools.combinations(shares, 2):
        assert not one.balancers.overlaps(other.balancers)
        assert not one.pods.overlaps(other.pods)


def test_two_homes_get_different_shares_and_each_its_own_again(tmp_path: Path) -> None:
    with claim_share(tmp_path / "one", PREFIX) as one, claim_share(tmp_path / "two", PREFIX) as two:
        assert one != two
    with claim_share(tmp_path / "two", PREFIX) as again:
        assert again == two


def test_a_remembered_share_that_another_home_took_is_replaced(tmp_path: Path) -> None:
    with claim_share(tmp_path / "one", PREFIX) as one:
        (tmp_path / "two").write_text(f"{one.number}\n")
        with claim_share(tmp_path / "two", PREFIX) as two:
            assert two != one


def test_a_share_with_left_over_listeners_is_free_only_to_its_own_home(tmp_path: Path) -> None:
    share = Share(13)
    with socket.create_server((share.first_balancer, 0)):
        assert IPv4Address(share.first_balancer) in listening_addresses(Path("/proc/net/tcp"))
        (tmp_path / "own").write_text("13\n")
        with claim_share(tmp_path / "own", PREFIX) as own:
            assert own == share


def test_when_all_shares_are_taken_it_says_so(tmp_path: Path) -> None:
    claims = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(SHARES)]
    try:
        for number, claim in enumerate(claims):
            claim.bind(f"\0{PREFIX}all-{number}")
        with pytest.raises(NoShare, match="all 16 shares"), claim_share(tmp_path / "share", f"{PREFIX}all-"):
            pass
    finally:
        for claim in claims:
            claim.close()

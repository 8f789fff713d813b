"""What does a proxy that connects late get?"""

from __future__ import annotations

from torana.envoy.board import Board
from torana.envoy.cluster import render_cluster
from torana.envoy.events import Offered, Rejected
from torana.envoy.resource import ResourceType
from torana.proxy.cluster import Cluster

OLD, NEW = render_cluster(Cluster("a")), render_cluster(Cluster("a", "http2"))
REFUSED = Rejected(ResourceType.CDS, "a", NEW.version, "no", kept=OLD)


def test_it_gets_everything_of_the_latest_revision() -> None:
    board = Board()
    other = render_cluster(Cluster("b"))
    board.apply(Offered(1, (OLD, other)))
    board.apply(Offered(2, (NEW,), (other.key,)))
    assert board.first_offer() == Offered(2, (NEW,))


def test_in_place_of_a_refused_version_it_gets_the_one_that_was_kept() -> None:
    board = Board()
    board.apply(Offered(1, (NEW,)))
    board.note_refused(REFUSED)
    assert board.first_offer().upserts == (OLD,)
    assert board.quarantined() == {NEW.key: NEW.version}


def test_without_a_kept_version_a_refused_resource_is_left_out() -> None:
    board = Board()
    board.apply(Offered(1, (NEW,)))
    board.note_refused(Rejected(ResourceType.CDS, "a", NEW.version, "no"))
    assert board.first_offer().upserts == ()


def test_a_changed_resource_has_a_clean_slate() -> None:
    board = Board()
    board.apply(Offered(1, (NEW,)))
    board.note_refused(REFUSED)
    board.apply(Offered(2, (OLD,)))
    assert (board.first_offer().upserts, board.quarantined()) == ((OLD,), {})


def test_a_refusal_of_what_is_no_longer_offered_is_not_remembered() -> None:
    board = Board()
    board.apply(Offered(1, (OLD,)))
    board.note_refused(REFUSED)
    assert board.quarantined() == {}

"""How does the conversation with one Envoy go, line by line?"""

from __future__ import annotations

from tests.playbooks.playbook import play

from torana.envoy.events import Acked, Nacked
from torana.envoy.resource import ResourceType
from torana.envoy.session import Session

START = """
    needs LDS web: RDS web
    >> offered 1: CDS a@1 EDS a@1 LDS web@1 RDS web@1
    >> asks CDS
    << send CDS a@1
    >> acks CDS
    >> asks EDS a
    << send EDS a@1
    >> acks EDS
    >> asks LDS
    << send LDS web@1
    >> acks LDS
    >> asks RDS web
    << send RDS web@1
    >> acks RDS
    << delivered 1
"""
"""A fresh Envoy gets cluster a, its endpoints, listener web and its route table."""


def test_a_fresh_envoy_is_led_from_clusters_to_routes() -> None:
    play(START)


def test_questions_before_the_first_offer_wait_for_it() -> None:
    play("""
        >> asks CDS
        >> asks LDS
        >> offered 1: CDS a@1 EDS a@1 LDS web@1
        << send CDS a@1
        >> asks EDS a
        << send EDS a@1
        >> acks EDS
        >> acks CDS
        << send LDS web@1
        >> acks LDS
        << delivered 1
    """)


def test_an_empty_gateway_is_delivered_once_envoy_took_the_empty_answers() -> None:
    play("""
        >> offered 1:
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS
        >> acks LDS
        << delivered 1
    """)


def test_a_changed_route_leaves_at_once() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2
    << send RDS web@2
    >> acks RDS
    << delivered 2
    """
    )


def test_an_offer_without_news_is_delivered_at_once() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@1 -CDS unknown
    << delivered 2
    """
    )


def test_a_route_waits_for_the_endpoints_of_its_new_cluster_and_the_old_one_goes_last() -> None:
    play(
        START
        + """
    >> offered 2: CDS b@1 EDS b@1 RDS web@2 -CDS a -EDS a
    << send CDS b@1
    >> acks CDS
    >> asks EDS b
    << send EDS b@1
    >> acks EDS
    << send RDS web@2
    >> acks RDS
    << send CDS -a
    >> acks CDS
    << delivered 2
    >> drops EDS a
    """
    )


def test_the_question_for_endpoints_may_come_before_the_answer_to_the_cluster() -> None:
    play(
        START
        + """
    >> offered 2: CDS b@1 EDS b@1 RDS web@2
    << send CDS b@1
    >> asks EDS b
    << send EDS b@1
    >> acks EDS
    >> acks CDS
    << send RDS web@2
    >> acks RDS
    << delivered 2
    """
    )


def test_changed_endpoints_and_a_changed_route_do_not_wait_for_each_other() -> None:
    play(
        START
        + """
    >> offered 2: EDS a@2 RDS web@2
    << send EDS a@2
    << send RDS web@2
    >> acks RDS
    >> acks EDS
    << delivered 2
    """
    )


def test_a_changed_cluster_gets_its_endpoints_again() -> None:
    play(
        START
        + """
    >> offered 2: CDS a@2 RDS web@2
    << send CDS a@2
    << send EDS a@1
    >> acks CDS
    >> acks EDS
    << send RDS web@2
    >> acks RDS
    << delivered 2
    """
    )


def test_offers_during_a_push_gather_and_the_latest_wins() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2
    << send RDS web@2
    >> offered 3: RDS web@3 EDS a@2
    >> offered 4: RDS web@4
    >> acks RDS
    << delivered 2
    << send EDS a@2
    << send RDS web@4
    >> acks EDS
    >> acks RDS
    << delivered 4
    """
    )


def test_a_change_that_is_taken_back_during_a_push_is_never_sent() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2
    << send RDS web@2
    >> offered 3: RDS web@3
    >> offered 4: RDS web@2
    >> acks RDS
    << delivered 2
    << delivered 4
    """
    )


def test_a_new_listener_is_delivered_only_with_its_route_table_and_certificate() -> None:
    play(
        START
        + """
    needs LDS tls: RDS tls, SDS cert
    >> offered 2: LDS tls@1 RDS tls@1 SDS cert@1
    << send LDS tls@1
    >> acks LDS
    >> asks SDS cert
    << send SDS cert@1
    >> asks RDS tls
    << send RDS tls@1
    >> acks SDS
    >> acks RDS
    << delivered 2
    """
    )


def test_a_removed_listener_goes_with_the_routes_and_before_the_clusters() -> None:
    play(
        START
        + """
    >> offered 2: -LDS web -RDS web -CDS a -EDS a
    << send LDS -web
    >> acks LDS
    << send CDS -a
    >> acks CDS
    << delivered 2
    """
    )


def test_scopes_go_before_their_host_leaves_a_shard_and_come_after_it_entered() -> None:
    play("""
        needs LDS web: SRDS *
        needs SRDS x: RDS shard
        needs SRDS y: RDS shard
        >> offered 1: LDS web@1 SRDS x@1 RDS shard@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1
        >> asks SRDS
        << send SRDS x@1
        >> acks LDS
        >> asks RDS shard
        << send RDS shard@1
        >> acks SRDS
        >> acks RDS
        << delivered 1
        >> offered 2: -SRDS x SRDS y@1 RDS shard@2
        << send SRDS -x
        << send RDS shard@2
        << send SRDS y@1
        >> acks SRDS
        >> acks RDS
        >> acks SRDS
        << delivered 2
    """)


def test_scopes_move_to_new_shards_only_when_envoy_has_these() -> None:
    play("""
        needs LDS web: SRDS *
        needs SRDS x: RDS old
        needs SRDS anchor: RDS new
        >> offered 1: LDS web@1 SRDS x@1 RDS old@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1
        >> acks LDS
        >> asks SRDS
        << send SRDS x@1
        >> acks SRDS
        >> asks RDS old
        << send RDS old@1
        >> acks RDS
        << delivered 1
        needs SRDS x: RDS new
        >> offered 2: SRDS anchor@1 RDS new@1 SRDS x@2 -RDS old
        << send SRDS anchor@1
        >> acks SRDS
        >> asks RDS new
        << send RDS new@1
        >> acks RDS
        << send SRDS x@2
        >> acks SRDS
        << delivered 2
        >> drops RDS old
    """)


def test_a_returning_envoy_moves_its_scopes_only_to_shards_it_has_by_then() -> None:
    play("""
        needs LDS web: SRDS *
        needs SRDS x: RDS new
        needs SRDS anchor: RDS new
        >> offered 1: LDS web@1 SRDS x@2 SRDS anchor@1 RDS new@1
        >> asks CDS
        << send CDS
        >> asks LDS holding web@1
        >> asks SRDS holding x@1 past@1
        >> asks RDS old holding old@1
        >> acks CDS
        << send LDS
        << send SRDS anchor@1
        >> acks LDS
        >> acks SRDS
        >> asks RDS new
        << send RDS new@1
        >> acks RDS
        << send SRDS x@2
        >> acks SRDS
        << delivered 1
        << send SRDS -past
        >> acks SRDS
        >> drops RDS old
    """)


def test_a_listener_that_leaves_its_shards_drains_with_its_old_scopes() -> None:
    play("""
        needs LDS web: SRDS *
        needs SRDS whole/x: RDS shard
        >> offered 1: LDS web@1 SRDS whole/x@1 RDS shard@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1
        >> acks LDS
        >> asks SRDS
        << send SRDS whole/x@1
        >> acks SRDS
        >> asks RDS shard
        << send RDS shard@1
        >> acks RDS
        << delivered 1
        needs LDS web: RDS whole
        >> offered 2: LDS web@2 RDS whole@1 -SRDS whole/x -RDS shard
        << send LDS web@2
        >> acks LDS
        >> asks RDS whole
        << send RDS whole@1
        >> acks RDS
        << delivered 2
        >> drops SRDS *
        >> drops RDS shard
        needs LDS web: SRDS *
        >> offered 3: LDS web@3 SRDS whole/x@1 RDS shard@2 -RDS whole
        << send LDS web@3
        >> acks LDS
        >> asks SRDS *
        << send SRDS whole/x@1
        >> acks SRDS
        >> asks RDS shard
        << send RDS shard@2
        >> acks RDS
        << delivered 3
    """)


def test_scopes_left_behind_go_before_the_listener_uses_scopes_again() -> None:
    play("""
        needs LDS web: SRDS *
        needs LDS other: SRDS *
        needs SRDS whole/x: RDS shard
        needs SRDS whole/y: RDS shard
        needs SRDS more/z: RDS others
        >> offered 1: LDS web@1 LDS other@1 SRDS whole/x@1 SRDS more/z@1 RDS shard@1 RDS others@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1 other@1
        >> acks LDS
        >> asks SRDS
        << send SRDS whole/x@1 more/z@1
        >> acks SRDS
        >> asks RDS shard others
        << send RDS shard@1 others@1
        >> acks RDS
        << delivered 1
        needs LDS web: RDS whole
        >> offered 2: LDS web@2 RDS whole@1 -SRDS whole/x -RDS shard
        << send LDS web@2
        >> acks LDS
        >> asks RDS whole
        << send RDS whole@1
        >> acks RDS
        << delivered 2
        needs LDS web: SRDS *
        >> offered 3: LDS web@3 SRDS whole/y@1 RDS shard@2 -RDS whole
        << send SRDS -whole/x
        << send RDS shard@2
        << send SRDS whole/y@1
        >> acks SRDS
        >> acks RDS
        >> acks SRDS
        << send LDS web@3
        >> acks LDS
        << delivered 3
    """)


def test_scopes_left_behind_go_before_a_scope_of_their_table_comes() -> None:
    play("""
        needs LDS web: SRDS *
        needs LDS more: SRDS *
        needs SRDS a/x: RDS one
        needs SRDS b/y: RDS two
        needs SRDS b/z: RDS two
        needs SRDS c/w: RDS three
        >> offered 1: LDS web@1 LDS more@1 SRDS a/x@1 SRDS b/y@1 SRDS c/w@1 RDS one@1 RDS two@1 RDS three@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1 more@1
        >> acks LDS
        >> asks SRDS
        << send SRDS a/x@1 b/y@1 c/w@1
        >> acks SRDS
        >> asks RDS one two three
        << send RDS one@1 two@1 three@1
        >> acks RDS
        << delivered 1
        >> offered 2: LDS web@2 -LDS more -SRDS b/y -SRDS c/w -RDS two -RDS three
        << send LDS -more
        >> acks LDS
        << send LDS web@2
        >> acks LDS
        << delivered 2
        >> offered 3: LDS web@3 SRDS b/z@1 RDS two@2
        << send SRDS -b/y
        << send RDS two@2
        << send SRDS b/z@1
        >> acks SRDS
        >> acks RDS
        >> acks SRDS
        << send LDS web@3
        >> acks LDS
        << delivered 3
    """)


def test_a_scope_goes_with_its_routes_even_while_another_listener_changes() -> None:
    play("""
        needs LDS web: SRDS *
        needs SRDS whole/x: RDS shard
        needs SRDS whole/*: RDS wild
        >> offered 1: LDS web@1 LDS other@1 SRDS whole/x@1 SRDS whole/*@1 RDS shard@1 RDS wild@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1 other@1
        >> acks LDS
        >> asks SRDS
        << send SRDS whole/x@1 whole/*@1
        >> acks SRDS
        >> asks RDS shard wild
        << send RDS shard@1 wild@1
        >> acks RDS
        << delivered 1
        >> offered 2: LDS other@2 -SRDS whole/* -RDS wild
        << send LDS other@2
        >> acks LDS
        << send SRDS -whole/*
        >> acks SRDS
        << delivered 2
    """)


def test_a_removed_listener_drains_with_its_scopes_until_a_listener_begins_to_use_scopes() -> None:
    play("""
        needs LDS web: SRDS *
        needs LDS more: SRDS *
        needs SRDS web/x: RDS shard
        needs SRDS web/z: RDS shard
        needs SRDS more/y: RDS other
        >> offered 1: LDS web@1 SRDS web/x@1 SRDS web/z@1 RDS shard@1 LDS more@1 SRDS more/y@1 RDS other@1
        >> asks CDS
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1 more@1
        >> acks LDS
        >> asks SRDS
        << send SRDS web/x@1 web/z@1 more/y@1
        >> acks SRDS
        >> asks RDS shard other
        << send RDS shard@1 other@1
        >> acks RDS
        << delivered 1
        >> offered 2: -LDS more -SRDS web/z -SRDS more/y -RDS other
        << send LDS -more
        >> acks LDS
        << send SRDS -web/z
        >> acks SRDS
        << delivered 2
        needs LDS third: SRDS *
        >> offered 3: LDS third@1
        << send SRDS -more/y
        >> acks SRDS
        << send LDS third@1
        >> acks LDS
        << delivered 3
    """)


def test_names_that_nobody_offers_are_answered_as_absent() -> None:
    play(
        START
        + """
    >> asks RDS other
    << send RDS -other
    >> acks RDS
    >> offered 2: RDS other@1
    << send RDS other@1
    >> acks RDS
    << delivered 2
    """
    )


def test_a_repeated_question_gets_the_answer_again() -> None:
    play(
        START
        + """
    >> drops EDS a
    >> asks EDS a
    << send EDS a@1
    >> asks EDS a
    << send EDS a@1
    """
    )


def test_a_single_rejected_resource_is_reported_and_the_last_good_version_stays() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2
    << send RDS web@2
    >> rejects RDS: bad regex
    << rejected RDS web@2: bad regex, keeps web@1
    << delivered 2
    >> asks RDS web
    << send RDS web@1
    """
    )


def test_while_an_old_route_table_is_kept_its_clusters_stay() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2 -CDS a -EDS a
    << send RDS web@2
    >> rejects RDS: bad regex
    << rejected RDS web@2: bad regex, keeps web@1
    << delivered 2
    >> offered 3: RDS web@3
    << send RDS web@3
    >> acks RDS
    << send CDS -a
    >> acks CDS
    << delivered 3
    """
    )


def test_a_rejected_version_is_not_tried_again_but_a_new_one_is() -> None:
    play(
        START
        + """
    >> offered 2: RDS web@2
    << send RDS web@2
    >> rejects RDS: bad regex
    << rejected RDS web@2: bad regex, keeps web@1
    << delivered 2
    >> offered 3: RDS web@2
    << delivered 3
    >> offered 4: RDS web@3
    << send RDS web@3
    >> acks RDS
    << delivered 4
    """
    )


def test_the_resource_named_in_the_message_is_singled_out_and_the_others_arrive() -> None:
    play(
        START
        + """
    >> offered 2: CDS good@1 CDS bad@1 CDS fine@1 EDS good@1 EDS bad@1 EDS fine@1 RDS web@2
    << send CDS good@1 bad@1 fine@1
    >> rejects CDS: cluster bad: no such filter
    << send CDS good@1 fine@1
    << send CDS bad@1
    >> acks CDS
    >> rejects CDS: no such filter
    << rejected CDS bad@1: no such filter
    >> asks EDS good fine
    << send EDS good@1 fine@1
    >> acks EDS
    << send RDS web@2
    >> acks RDS
    << delivered 2
    """
    )


def test_without_a_hint_the_guilty_resource_is_found_by_halves() -> None:
    play(
        START
        + """
    >> offered 2: CDS b@1 CDS c@1 CDS d@1 CDS e@1
    << send CDS b@1 c@1 d@1 e@1
    >> rejects CDS: ?
    << send CDS b@1 c@1
    << send CDS d@1 e@1
    >> rejects CDS: ?
    << send CDS b@1
    << send CDS c@1
    >> acks CDS
    >> rejects CDS: ?
    << rejected CDS b@1: ?
    >> acks CDS
    << delivered 2
    """
    )


def test_removals_still_happen_when_their_response_was_rejected() -> None:
    play("""
        needs LDS web: SRDS *
        >> offered 1: LDS web@1 SRDS x@1
        >> asks CDS holding old@1
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS web@1
        >> acks LDS
        >> asks SRDS
        << send SRDS x@1
        >> rejects SRDS: odd
        << rejected SRDS x@1: odd
        << delivered 1
        << send CDS -old
        >> acks CDS
    """)


def test_a_returning_envoy_gets_only_the_differences_in_order() -> None:
    play("""
        needs LDS web: RDS web
        >> offered 7: CDS a@1 EDS a@1 CDS b@1 EDS b@1 LDS web@1 RDS web@2
        >> asks CDS holding a@1 gone@1
        << send CDS b@1
        >> asks EDS a gone holding a@1 gone@1
        >> asks LDS holding web@1 old@1
        >> asks RDS web holding web@1
        >> acks CDS
        >> asks EDS b
        << send EDS b@1
        >> acks EDS
        << send LDS
        << send RDS web@2
        >> acks LDS
        >> acks RDS
        << delivered 7
        << send LDS -old
        >> acks LDS
        << send CDS -gone
        >> acks CDS
    """)


def test_a_returning_envoy_that_has_everything_is_asked_for_nothing_more() -> None:
    play("""
        needs LDS web: RDS web
        >> asks CDS holding a@1
        >> asks EDS a holding a@1
        >> asks LDS holding web@1
        >> asks RDS web holding web@1
        >> offered 7: CDS a@1 EDS a@1 LDS web@1 RDS web@1
        << send CDS
        >> acks CDS
        << send LDS
        >> acks LDS
        << delivered 7
    """)


def test_a_returning_envoy_whose_cluster_changed_meanwhile_gets_the_endpoints_again() -> None:
    play("""
        >> offered 7: CDS a@2 EDS a@1
        >> asks CDS holding a@1
        << send CDS a@2
        >> asks EDS a holding a@1
        << send EDS a@1
        >> acks CDS
        >> asks LDS
        >> acks EDS
        << send LDS
        >> acks LDS
        << delivered 7
    """)


def test_what_an_earlier_conversation_saw_refused_is_neither_sent_nor_taken_away() -> None:
    refused = {(ResourceType.CDS, "a"): "2"}
    play(
        """
        >> offered 7: CDS a@2
        >> asks CDS holding a@1
        << send CDS
        >> acks CDS
        >> asks LDS
        << send LDS
        >> acks LDS
        << delivered 7
    """,
        refused,
    )


def test_answers_to_unknown_nonces_change_nothing() -> None:
    session = Session()
    assert session.step(Acked("7")) == []
    assert session.step(Nacked("8", "late")) == []

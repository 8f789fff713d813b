"""Who has to give way among listeners that clash?"""

from __future__ import annotations

from torana.api.listener import Listener
from torana.gateway.conflicts import across, within


def listener(port: int, protocol: str = "HTTP", hostname: str = "") -> Listener:
    return Listener(name="any", port=port, protocol=protocol, hostname=hostname)


def reasons(found: dict[int, object]) -> dict[int, str]:
    return {position: finding.reason for position, finding in found.items()}  # type: ignore[attr-defined]


def test_within_one_object_all_that_clash_are_refused() -> None:
    listeners = [listener(80), listener(80), listener(80, hostname="a.example.com"), listener(81)]
    assert reasons(within(dict(enumerate(listeners)))) == {0: "HostnameConflict", 1: "HostnameConflict"}


def test_a_port_speaks_one_protocol() -> None:
    listeners = [listener(80), listener(80, "TCP"), listener(80, "UDP")]
    assert reasons(within(dict(enumerate(listeners)))) == {0: "ProtocolConflict", 1: "ProtocolConflict"}


def test_https_and_tls_share_a_port_by_server_name() -> None:
    listeners = [listener(443, "HTTPS", "a.example.com"), listener(443, "TLS", "b.example.com")]
    assert within(dict(enumerate(listeners))) == {}
    assert reasons(across(listeners[:1], [("set", (listener(443, "TLS", "a.example.com"),))])["set"]) == {
        0: "HostnameConflict"
    }


def test_the_gateway_goes_before_the_first_set_and_that_before_the_second() -> None:
    gateway = [listener(80)]
    first = (listener(80, "TCP"), listener(81))
    second = (listener(80), listener(81, "TCP"), listener(82))
    found = across(gateway, [("first", first), ("second", second)])
    assert reasons(found["first"]) == {0: "ProtocolConflict"}
    assert reasons(found["second"]) == {0: "HostnameConflict", 1: "ProtocolConflict"}


def test_a_clash_of_port_and_hostname_at_once_has_a_reason_of_its_own_in_a_set() -> None:
    gateway = [listener(80, hostname="a.example.com"), listener(80, "TCP")]
    mine = (listener(80, hostname="a.example.com"), listener(80, hostname="b.example.com"), *2 * (listener(81),))
    found = across(gateway, [("set", (*mine, listener(81, "TCP")))])
    assert reasons(found["set"]) == {
        0: "ListenerConflict",
        1: "ProtocolConflict",
        2: "ListenerConflict",
        3: "ListenerConflict",
        4: "ProtocolConflict",
    }
    of_gateway = within(dict(enumerate((*mine[2:], listener(81, "TCP")))))
    assert set(reasons(of_gateway).values()) == {"ProtocolConflict"}


def test_what_a_set_loses_is_free_for_the_next_one() -> None:
    clashing = (listener(81), listener(81))
    found = across([listener(80)], [("first", clashing), ("second", (listener(81),))])
    assert set(found["first"]) == {0, 1}
    assert found["second"] == {}


def test_a_listener_of_an_unknown_protocol_takes_nothing() -> None:
    found = across([], [("first", (listener(80, "example.com/x"),)), ("second", (listener(80),))])
    assert found["second"] == {}


def test_hostnames_are_compared_without_regard_to_case() -> None:
    found = across([listener(80, hostname="A.example.com")], [("set", (listener(80, hostname="a.example.com"),))])
    assert reasons(found["set"]) == {0: "HostnameConflict"}


def test_a_finding_does_not_tell_who_was_first() -> None:
    found = across([], [("team-a/secret", (listener(80),)), ("second", (listener(80),))])
    assert "secret" not in found["second"][0].text

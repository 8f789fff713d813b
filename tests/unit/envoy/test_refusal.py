"""What a user is told of Envoy's words when it refuses something."""

from __future__ import annotations

from torana.envoy.refusal import of_bind, readable


def test_a_port_that_is_taken_comes_with_the_remedy() -> None:
    found = of_bind("cannot bind '127.0.0.1:80': Address already in use")
    assert found.reason == "PortUnavailable"
    assert "stop it" in found.message


def test_a_listener_that_is_refused_for_another_reason_does_not_blame_the_port() -> None:
    assert of_bind("Failed to load trusted CA certificates from <inline>").reason == "Invalid"


def test_a_resource_that_envoy_writes_out_before_its_reason_is_left_out_with_its_keys() -> None:
    message = 'goo.gle/debugonly    \nname: "s"\nprivate_key {\n  inline_bytes: "KEY: x"\n}\n: Proto constraint failed'
    assert readable(message) == "Proto constraint failed"
    assert readable(f"Error adding cluster s: {message}") == "Error adding cluster s: Proto constraint failed"


def test_a_short_message_stays_as_it_is_and_a_long_one_is_cut() -> None:
    assert readable("no") == "no"
    assert len(readable("x" * 100_000)) < 3_000

"""What does a SessionPersistence come to?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.kind import Ref
from torana.api.session_persistence import SessionPersistence
from torana.gateway import sessions
from torana.gateway.finding import Finding
from torana.proxy.session import Session


def read(**fields: Any) -> Session | Finding:
    return sessions.read(msgspec.convert(fields, SessionPersistence), "0a", "p")


def test_nothing_said_is_a_cookie_of_our_own_that_never_ends() -> None:
    assert read() == Session("0a", "torana-session-0a")


def test_a_lifetime_is_told_to_the_client_only_when_it_is_permanent() -> None:
    assert read(absoluteTimeout="1m") == Session("0a", "torana-session-0a", lifetime_ms=60_000)
    assert read(absoluteTimeout="1m", cookieConfig={"lifetimeType": "Permanent"}) == Session(
        "0a", "torana-session-0a", lifetime_ms=60_000, is_permanent=True
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"type": "Url"}, "p.type"),
        ({"sessionName": "a b"}, "p.sessionName"),
        ({"sessionName": "a;b"}, "p.sessionName"),
        ({"sessionName": "Content-Length", "type": "Header"}, "p.sessionName"),
        ({"absoluteTimeout": "0h"}, "p.absoluteTimeout"),
        ({"absoluteTimeout": "soon"}, "p.absoluteTimeout"),
        ({"cookieConfig": {"lifetimeType": "Permanent"}}, "p.absoluteTimeout"),
        ({"cookieConfig": {"lifetimeType": "Eternal"}}, "p.cookieConfig.lifetimeType"),
    ],
)
def test_a_mistake_names_its_field(fields: dict[str, Any], path: str) -> None:
    found = read(**fields)
    assert isinstance(found, Finding)
    assert (found.reason, found.path) == ("UnsupportedValue", path)


def test_metadata_of_grpc_that_would_have_to_be_binary_carry_no_session() -> None:
    spec = msgspec.convert({"type": "Header", "sessionName": "X-Session-Bin"}, SessionPersistence)
    assert isinstance(sessions.read(spec, "0a", "p"), Session)
    found = sessions.read(spec, "0a", "p", is_grpc=True)
    assert isinstance(found, Finding)
    assert (found.reason, found.path) == ("UnsupportedValue", "p.sessionName")


def test_rules_have_identities_of_their_own() -> None:
    ref = Ref("shop", "web")
    identities = {
        sessions.rule_identity(kind, ref, rule)
        for kind in ("HTTPRoute", "GRPCRoute")
        for rule in ("a", "spec.rules[0]")
    }
    assert len(identities) == 4

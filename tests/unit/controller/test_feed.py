"""What becomes of objects that the API server has and we cannot read?"""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from torana.api.backend_tls_policy import BACKEND_TLS_POLICY
from torana.api.kind import Kind
from torana.api.reference_grant import REFERENCE_GRANT
from torana.controller.feed import read
from torana.gateway.finding import Finding
from torana.kube.change import Change, ChangeDecoder

TARGET = {"group": "", "kind": "Service", "name": "web"}
VALIDATION = {"hostname": "web.example.com", "wellKnownCACertificates": "System"}


def seen(kind: Kind, spec: Any, **more: Any) -> tuple[Any, Finding | None]:
    document = {"metadata": {"name": "x", "namespace": "n"}, "spec": spec, **more}
    change = ChangeDecoder(kind).event(json.dumps({"type": "ADDED", "object": document}).encode())
    assert isinstance(change, Change)
    return read(change)


def test_what_can_be_read_takes_part_as_it_is() -> None:
    found, finding = seen(BACKEND_TLS_POLICY, {"targetRefs": [TARGET], "validation": VALIDATION})
    assert (found.metadata.name, finding) == ("x", None)


def test_a_policy_that_can_be_read_in_part_takes_part_with_its_targets(caplog: pytest.LogCaptureFixture) -> None:
    found, finding = seen(BACKEND_TLS_POLICY, {"targetRefs": [TARGET], "validation": {**VALIDATION, "hostname": 5}})
    assert [one.name for one in found.spec.target_refs] == ["web"]
    assert finding is not None
    assert finding.path == "spec.validation.hostname"
    assert [(one.levelno, "is refused" in one.message) for one in caplog.records] == [(logging.WARNING, True)]


@pytest.mark.parametrize("targets", ["web", [{**TARGET, "name": 5}]])
def test_an_error_is_logged_where_nobody_knows_what_to_refuse(caplog: pytest.LogCaptureFixture, targets: Any) -> None:
    found, finding = seen(BACKEND_TLS_POLICY, {"targetRefs": targets, "validation": VALIDATION})
    assert found.spec.target_refs == ()
    assert finding is not None
    assert [one.levelno for one in caplog.records] == [logging.ERROR]
    assert "n/x" in caplog.text
    assert "spec.targetRefs" in caplog.text


def test_a_grant_that_cannot_be_read_grants_nothing() -> None:
    assert seen(REFERENCE_GRANT, {"from": 5, "to": [{"group": "", "kind": "Secret"}]}) == (None, None)


def test_a_status_that_cannot_be_read_closes_nothing() -> None:
    spec = {"targetRefs": [TARGET], "validation": VALIDATION}
    found, finding = seen(BACKEND_TLS_POLICY, spec, status={"ancestors": "none"})
    assert (found.metadata.name, finding) == ("x", None)

"""What a request becomes on the wire, which failures are tried again, and what an error says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import orjson
import pytest

from torana.api.kind import Ref
from torana.kube.client import Client
from torana.kube.config import Access
from torana.kube.errors import ApiError, Unreachable

from .fake_api import WIDGET, FakeApi, Widget, status_response

REF = Ref("default", "a")
PATH = "/apis/test.torana.dev/v1/namespaces/default/widgets"


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[Client]:
    async with Client(Access(server=api.url, token="t0ken")) as client:
        yield client


async def test_objects_come_plain_or_typed(api: FakeApi, client: Client) -> None:
    api.put("a", 3)
    assert (await client.get(WIDGET, REF))["spec"] == {"size": 3}
    typed = await client.get_typed(WIDGET, REF)
    assert isinstance(typed, Widget)
    assert typed.spec.size == 3
    assert api.headers[0]["Authorization"] == "Bearer t0ken"


async def test_a_typed_read_of_a_misfit_says_which_field(api: FakeApi, client: Client) -> None:
    api.put("a", "large")
    with pytest.raises(msgspec.ValidationError, match=r"\$\.spec\.size"):
        await client.get_typed(WIDGET, REF)


async def test_a_list_gives_the_version_to_watch_from(api: FakeApi, client: Client) -> None:
    api.put("a")
    api.put("b")
    items, version = await client.list(WIDGET, "default")
    assert [item["metadata"]["name"] for item in items] == ["a", "b"]
    assert version == str(api.version)


async def test_writes_carry_kind_and_version_and_the_right_content_type(api: FakeApi, client: Client) -> None:
    await client.create(WIDGET, {"metadata": {"name": "a", "namespace": "default"}})
    await client.patch(WIDGET, REF, {"spec": {}}, "apply", "status", field_manager="me", force=True)
    await client.patch(WIDGET, REF, [{"op": "remove", "path": "/spec"}], "json")
    created, applied, patched = api.requests
    assert created[:2] == ("POST", PATH)
    assert orjson.loads(api.bodies[0])["apiVersion"] == "test.torana.dev/v1"
    assert applied == ("PATCH", f"{PATH}/a/status", {"fieldManager": "me", "force": "true"})
    assert api.headers[1]["Content-Type"] == "application/apply-patch+yaml"
    assert orjson.loads(api.bodies[1])["kind"] == "Widget"
    assert api.headers[2]["Content-Type"] == "application/json-patch+json"
    assert patched[2] == {}


async def test_a_delete_can_be_guarded_by_uid(api: FakeApi, client: Client) -> None:
    api.put("a")
    await client.delete(WIDGET, REF, uid="u-1", propagation="Foreground")
    options = orjson.loads(api.bodies[0])
    assert options["preconditions"] == {"uid": "u-1"}
    assert options["propagationPolicy"] == "Foreground"


async def test_an_error_tells_status_reason_and_message(client: Client) -> None:
    with pytest.raises(ApiError, match="no such widget") as caught:
        await client.get(WIDGET, REF)
    assert caught.value.is_not_found
    assert caught.value.reason == "NotFound"


async def test_a_conflict_and_a_namesake_are_told_apart(api: FakeApi, client: Client) -> None:
    for reason, is_conflict in (("Conflict", True), ("AlreadyExists", False)):
        api.refuse = [status_response(409, reason, "no")]
        with pytest.raises(ApiError) as caught:
            await client.create(WIDGET, {"metadata": {"name": "a", "namespace": "default"}})
        assert (caught.value.is_conflict, caught.value.is_already_exists) == (is_conflict, not is_conflict)


async def test_reads_are_tried_again_after_server_errors(api: FakeApi, client: Client) -> None:
    api.put("a")
    api.refuse = [status_response(503, "ServiceUnavailable", "starting"), status_response(500, "Internal", "oops")]
    assert (await client.get(WIDGET, REF))["metadata"]["name"] == "a"
    assert len(api.requests) == 3


async def test_a_write_is_tried_again_only_when_it_was_not_taken(api: FakeApi, client: Client) -> None:
    api.refuse = [status_response(429, "TooManyRequests", "busy", **{"Retry-After": "0"})]
    await client.create(WIDGET, {"metadata": {"name": "a", "namespace": "default"}})
    assert len(api.requests) == 2
    api.refuse = [status_response(503, "ServiceUnavailable", "perhaps")]
    with pytest.raises(ApiError, match="perhaps"):
        await client.create(WIDGET, {"metadata": {"name": "a", "namespace": "default"}})
    assert len(api.requests) == 3


async def test_no_answer_is_not_an_api_error(unused_tcp_port: int) -> None:
    async with Client(Access(server=f"http://127.0.0.1:{unused_tcp_port}")) as client:
        with pytest.raises(Unreachable, match="did not answer POST"):
            await client.create(WIDGET, {"metadata": {"name": "a", "namespace": "default"}})


async def test_a_rotated_token_file_is_read_again_after_a_refusal(api: FakeApi, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    api.put("a")
    async with Client(Access(server=api.url, token_file=token)) as client:
        await client.get(WIDGET, REF)
        token.write_text("new\n")
        api.refuse = [status_response(401, "Unauthorized", "expired")]
        await client.get(WIDGET, REF)
    assert [headers["Authorization"] for headers in api.headers] == ["Bearer old", "Bearer old", "Bearer new"]


async def test_impersonation_names_user_and_groups(api: FakeApi) -> None:
    api.put("a")
    async with Client(Access(server=api.url, impersonate_user="u", impersonate_groups=("g", "h"))) as client:
        await client.get(WIDGET, REF)
    headers = api.headers[0]
    assert headers["Impersonate-User"] == "u"
    assert headers.getall("Impersonate-Group") == ["g", "h"]  # type: ignore[attr-defined]

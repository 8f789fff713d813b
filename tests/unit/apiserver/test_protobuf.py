"""Bodies in Kubernetes' protobuf encoding, as generated clients send them for built-in kinds."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.apiserver.rig import Api, Refused

from torana.embedded.apiserver import protobuf

PROTOBUF = "application/vnd.kubernetes.protobuf"


def field(number: int, value: bytes | int | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, api_version) + field(2, kind)) + field(2, raw) + field(3, "") + field(4, "")


def test_a_secret_is_decoded_with_its_bytes_as_base64() -> None:
    meta = field(1, "one") + field(3, "default") + field(5, "") + field(11, field(1, "a") + field(2, "b"))
    raw = field(1, meta) + field(2, field(1, "key") + field(2, b"\x00\xff")) + field(3, "Opaque")
    assert protobuf.decode(envelope("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "data": {"key": "AP8="},
        "metadata": {"name": "one", "namespace": "default", "labels": {"a": "b"}},
    }


def test_times_numbers_and_choices_take_their_json_form() -> None:
    port = field(3, 80) + field(4, field(1, 1) + field(3, "http")) + field(5, 0)
    created = field(8, field(1, 1_700_000_000))
    raw = field(1, field(1, "one") + created) + field(2, field(1, port))
    decoded = protobuf.decode(envelope("v1", "Service", raw))
    assert decoded["spec"] == {"ports": [{"port": 80, "targetPort": "http"}]}
    assert decoded["metadata"]["creationTimestamp"] == "2023-11-14T22:13:20Z"


def test_inner_messages_are_inlined_as_in_json() -> None:
    volume = field(1, "data") + field(2, field(2, b""))
    decoded = protobuf.decode(envelope("v1", "Pod", field(2, field(1, volume))))
    assert decoded["spec"]["volumes"] == [{"name": "data", "emptyDir": {}}]


def test_a_zero_counts_where_a_pointer_could_have_been_absent() -> None:
    assert protobuf.decode(envelope("apps/v1", "Deployment", field(2, field(1, 0))))["spec"] == {"replicas": 0}
    assert protobuf.decode(envelope("v1", "DeleteOptions", field(1, 0)))["gracePeriodSeconds"] == 0


@given(st.binary(max_size=200))
@example(b"\r\x00\x00")  # A number where a message is expected.
def test_garbage_is_refused_and_nothing_else(garbage: bytes) -> None:
    for body in (garbage, b"k8s\x00" + garbage, envelope("v1", "Pod", garbage)):
        with contextlib.suppress(protobuf.ProtobufError):
            protobuf.decode(body)


async def test_the_api_takes_protobuf_and_answers_json(api: Api) -> None:
    raw = field(1, field(1, "one")) + field(2, field(1, "key") + field(2, "value"))
    path = "/api/v1/namespaces/default/configmaps"
    created = await api.call("POST", path, envelope("v1", "ConfigMap", raw), type=PROTOBUF)
    assert created["data"] == {"key": "value"}
    with pytest.raises(Refused, match="no protobuf form") as refused:
        await api.call("POST", path, envelope("v1", "Unheard", raw), type=PROTOBUF)
    assert refused.value.code == 400

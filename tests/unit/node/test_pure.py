"""The node's decisions, without a node."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from torana.api.core.container import Container
from torana.api.core.pod import Pod
from torana.api.core.volume import Volume
from torana.api.kind import Ref
from torana.embedded.node.addresses import POD_NETWORK, next_address
from torana.embedded.node.environment import container_environment
from torana.embedded.node.expansion import expand
from torana.embedded.node.images import ImageMapping, Unmapped, parse_mapping, parse_mapping_file, resolve
from torana.embedded.node.inputs import Missing, PodFacts, Sources
from torana.embedded.node.kubelet import is_trusted, parse_query
from torana.embedded.node.launch import plan_launch
from torana.embedded.node.logs import LogMark, LogQuery, select, start_offset
from torana.embedded.node.mounts import mount_rewriter, rewrite
from torana.embedded.node.probing import ProbeTiming, begin, observe
from torana.embedded.node.quantity import divide_up
from torana.embedded.node.restart import next_backoff, wants_restart
from torana.embedded.node.volumes import Content, realise

ENVOY = ImageMapping("*envoyproxy/envoy*", ("/opt/envoy",), ("envoy",))


def facts(**metadata: Any) -> PodFacts:
    body = {
        "metadata": {"name": "web-1", "namespace": "ns", "uid": "u1", "labels": {"app": "web"}, **metadata},
        "spec": {"containers": [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}]},
    }
    return PodFacts(msgspec.convert(body, Pod), "127.88.0.2", "node-1")


def container(**fields: Any) -> Container:
    return msgspec.convert({"name": "main", "image": "img", **fields}, Container)


def sources(secrets: dict[str, dict[str, bytes]], config_maps: dict[str, dict[str, bytes]] | None = None) -> Sources:
    def read(objects: dict[str, dict[str, bytes]]) -> Any:
        return lambda ref: objects.get(Ref(*ref).name)

    return Sources(read(secrets), read(config_maps or {}))


class TestImages:
    def test_args_follow_the_mapped_command(self) -> None:
        assert resolve([ENVOY], "docker.io/envoyproxy/envoy:v1.40", (), ("-c", "x")) == ("/opt/envoy", "-c", "x")

    def test_a_command_that_names_the_image_s_program_means_the_mapped_one(self) -> None:
        argv = resolve([ENVOY], "envoyproxy/envoy:v1", ("/usr/local/bin/envoy", "-c", "x"), ("-l", "info"))
        assert argv == ("/opt/envoy", "-c", "x", "-l", "info")

    def test_any_other_command_replaces_the_mapped_one(self) -> None:
        assert resolve([ENVOY], "envoyproxy/envoy:v1", ("/bin/sh", "-c"), ("true",)) == ("/bin/sh", "-c", "true")

    @pytest.mark.parametrize("pattern", ["example.org/app", "example.org/app:1.0", "app", "example.org/*", "*app*"])
    def test_a_pattern_fits_with_and_without_tag(self, pattern: str) -> None:
        assert resolve([ImageMapping(pattern, ("x",))], "example.org/app:1.0", (), ()) == ("x",)

    def test_a_digest_is_no_part_of_the_name(self) -> None:
        assert resolve([ImageMapping("example.org/app", ("x",))], "example.org/app@sha256:abc", (), ()) == ("x",)

    def test_an_unmapped_image_says_how_to_map_it(self) -> None:
        unmapped = resolve([ENVOY], "localhost:5000/app:1", (), ())
        assert isinstance(unmapped, Unmapped)
        assert "--image 'localhost:5000/app=COMMAND'" in unmapped.message

    def test_mappings_are_read_from_text_and_from_a_file(self) -> None:
        assert parse_mapping("a/*=run 'it all'") == ImageMapping("a/*", ("run", "it all"))
        read = parse_mapping_file({"images": {"a": "run it", "b": {"command": ["run"], "programs": ["b"]}}})
        assert read == (ImageMapping("a", ("run", "it")), ImageMapping("b", ("run",), ("b",)))

    @pytest.mark.parametrize("text", ["", "=x", "a=", "a"])
    def test_a_malformed_mapping_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="PATTERN=COMMAND"):
            parse_mapping(text)


class TestEnvironment:
    def test_the_downward_api_tells_of_the_pod(self) -> None:
        env = [
            {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
            for name, path in (
                ("N", "metadata.name"),
                ("IP", "status.podIP"),
                ("L", "metadata.labels['app']"),
                ("NODE", "spec.nodeName"),
                ("SA", "spec.serviceAccountName"),
            )
        ]
        found = container_environment(container(env=env), facts(), sources({}))
        assert isinstance(found, dict)
        assert {key: found[key] for key in ("N", "IP", "L", "NODE", "SA")} == {
            "N": "web-1",
            "IP": "127.88.0.2",
            "L": "web",
            "NODE": "node-1",
            "SA": "default",
        }
        assert found["TORANA_POD_IP"] == "127.88.0.2"

    def test_env_wins_over_env_from_and_sees_what_came_before(self) -> None:
        wanted = container(
            envFrom=[{"prefix": "P_", "secretRef": {"name": "s"}}],
            env=[{"name": "P_a", "value": "over"}, {"name": "both", "value": "$(P_a)/$(P_b)"}],
        )
        found = container_environment(wanted, facts(), sources({"s": {"a": b"1", "b": b"2"}}))
        assert isinstance(found, dict)
        assert found["both"] == "over/2"

    def test_a_missing_key_holds_the_container_back_unless_it_is_optional(self) -> None:
        def wanted(optional: bool) -> Container:
            reference = {"name": "s", "key": "no", "optional": optional}
            return container(env=[{"name": "A", "valueFrom": {"secretKeyRef": reference}}])

        missing = container_environment(wanted(False), facts(), sources({"s": {}}))
        assert missing == Missing("CreateContainerConfigError", 'couldn\'t find key no in secret "s"')
        found = container_environment(wanted(True), facts(), sources({}))
        assert isinstance(found, dict)
        assert "A" not in found

    def test_a_resource_is_told_in_units_of_its_divisor(self) -> None:
        reference = {"resource": "limits.memory", "divisor": "1Mi"}
        wanted = container(
            resources={"limits": {"memory": "1Gi"}}, env=[{"name": "M", "valueFrom": {"resourceFieldRef": reference}}]
        )
        found = container_environment(wanted, facts(), sources({}))
        assert isinstance(found, dict)
        assert found["M"] == "1024"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A", "$A"), ("a$(A)b$(A)", "a1b1"), ("$", "$")],
    )
    def test_references_expand_as_in_kubernetes(self, text: str, expected: str) -> None:
        assert expand(text, {"A": "1"}) == expected

    @pytest.mark.parametrize(
        ("text", "divisor", "expected"), [("250m", "1", 1), ("1Gi", "1Mi", 1024), ("2", "1m", 2000)]
    )
    def test_quantities_round_up(self, text: str, divisor: str, expected: int) -> None:
        assert divide_up(text, divisor) == expected


class TestVolumes:
    def test_a_secret_becomes_files_with_their_modes(self) -> None:
        volume = msgspec.convert(
            {
                "name": "v",
                "secret": {"secretName": "s", "defaultMode": 0o400, "items": [{"key": "tls.crt", "path": "crt"}]},
            },
            Volume,
        )
        found = realise(volume, facts(), sources({"s": {"tls.crt": b"x", "other": b"y"}}))
        assert isinstance(found, Content)
        assert {path: (file.data, file.mode) for path, file in found.files.items()} == {"crt": (b"x", 0o400)}

    def test_what_does_not_exist_yet_is_missing_unless_it_is_optional(self) -> None:
        def volume(optional: bool) -> Volume:
            return msgspec.convert({"name": "v", "configMap": {"name": "c", "optional": optional}}, Volume)

        assert isinstance(realise(volume(False), facts(), sources({})), Missing)
        assert realise(volume(True), facts(), sources({})) == Content({})

    def test_projected_sources_lie_side_by_side(self) -> None:
        volume = msgspec.convert(
            {
                "name": "v",
                "projected": {
                    "sources": [
                        {"secret": {"name": "s"}},
                        {"configMap": {"name": "c"}},
                        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
                    ]
                },
            },
            Volume,
        )
        found = realise(volume, facts(), sources({"s": {"a": b"1"}}, {"c": {"b": b"2"}}))
        assert isinstance(found, Content)
        assert {path: file.data for path, file in found.files.items()} == {
            "a": b"1",
            "b": b"2",
            "labels": b'app="web"',
        }


class TestMounts:
    def test_only_whole_mount_paths_are_rewritten(self) -> None:
        pattern = mount_rewriter("/r", ["/etc/tls", "/etc/tls/sub/"])
        text = "/etc/tls/crt,/etc/tls=/etc/tls2 x/etc/tls a:/etc/tls/sub/k"
        expected = "/r/etc/tls/crt,/r/etc/tls=/etc/tls2 x/etc/tls a:/r/etc/tls/sub/k"
        assert rewrite(text, pattern, "/r") == expected

    def test_commands_args_and_variables_lead_to_the_volumes(self) -> None:
        wanted = container(
            image="envoyproxy/envoy:v1", args=["-c", "$(CONF)"], volumeMounts=[{"name": "v", "mountPath": "/etc/conf"}]
        )
        launch = plan_launch(wanted, {"CONF": "/etc/conf/a.yaml"}, {"PATH": "/bin"}, "/tmp/no-root", [ENVOY])
        assert not isinstance(launch, Missing)
        assert launch.argv == ("/opt/envoy", "-c", "/tmp/no-root/etc/conf/a.yaml")
        assert launch.environ["CONF"] == "/tmp/no-root/etc/conf/a.yaml"
        assert launch.environ["PATH"] == "/bin"


class TestProbing:
    def test_until_the_first_success_a_probe_is_asked_every_tenth_of_a_second(self) -> None:
        timing = ProbeTiming(period_s=10)
        state = observe(timing, begin(timing, 0.0, passing=False), False, 0.0)
        assert state.due == pytest.approx(0.1)
        assert observe(timing, state, True, 0.1).due == pytest.approx(10.1)

    def test_eager_failures_count_as_one_per_period(self) -> None:
        timing = ProbeTiming(period_s=10, failure_threshold=3)
        state = begin(timing, 0.0, passing=False)
        now = 0.0
        while not state.failed:
            state = observe(timing, state, False, now)
            now = state.due
        assert now == pytest.approx(20.0, abs=0.3)

    def test_a_passing_probe_fails_only_after_its_threshold(self) -> None:
        timing = ProbeTiming(failure_threshold=2)
        state = observe(timing, begin(timing, 0.0, passing=False), True, 0.0)
        state = observe(timing, state, False, 10.0)
        assert state.passing
        assert not observe(timing, state, False, 20.0).passing

    def test_success_may_take_several_answers(self) -> None:
        timing = ProbeTiming(success_threshold=2)
        state = observe(timing, begin(timing, 0.0, passing=False), True, 0.0)
        assert not state.passing
        assert observe(timing, state, True, 0.1).passing


class TestRestarts:
    def test_the_first_restart_is_immediate_and_the_waits_double_up_to_five_minutes(self) -> None:
        waits = [-1.0]
        for _ in range(8):
            waits.append(next_backoff(waits[-1], ran_s=1.0))
        assert waits[1:] == [0, 10, 20, 40, 80, 160, 300, 300]

    def test_a_container_that_ran_long_starts_afresh(self) -> None:
        assert next_backoff(300.0, ran_s=601.0) == 0

    def test_the_policy_decides(self) -> None:
        assert wants_restart("Always", 0)
        assert wants_restart("OnFailure", 1)
        assert not wants_restart("OnFailure", 0)
        assert not wants_restart("Never", 1)


class TestAddresses:
    def test_addresses_are_given_in_turn_and_reused_late(self) -> None:
        assert next_address(POD_NETWORK, set(), "") == "127.88.0.2"
        assert next_address(POD_NETWORK, {"127.88.0.3"}, "127.88.0.2") == "127.88.0.4"
        assert next_address(POD_NETWORK, set(), "127.88.255.254") == "127.88.0.2"


class TestLogs:
    MARKS = [LogMark(4, 100.0), LogMark(8, 200.0)]
    DATA = b"one\ntwo\n"

    def test_lines_since_a_time(self) -> None:
        assert select(self.DATA, 0, self.MARKS, LogQuery(since=150.0)) == b"two\n"
        assert start_offset(self.MARKS, 150.0) == 4

    def test_the_last_lines(self) -> None:
        assert select(self.DATA, 0, self.MARKS, LogQuery(tail_lines=1)) == b"two\n"
        assert select(self.DATA, 0, self.MARKS, LogQuery(tail_lines=0)) == b""

    def test_times_before_lines(self) -> None:
        stamped = select(self.DATA, 0, self.MARKS, LogQuery(timestamps=True))
        assert stamped.splitlines()[0] == b"1970-01-01T00:01:40.000000000Z one"

    def test_options_are_read_from_the_query(self) -> None:
        query = parse_query({"sinceTime": "1970-01-01T00:00:50Z", "tailLines": "5", "follow": "true"}, 0.0)
        assert (query.since, query.tail_lines, query.follow) == (50.0, 5, True)
        assert parse_query({"sinceSeconds": "10"}, 100.0).since == 90.0

    def test_a_malformed_option_is_refused(self) -> None:
        with pytest.raises(ValueError, match="tailLines"):
            parse_query({"tailLines": "many"}, 0.0)

    def test_only_the_api_server_and_administrators_may_read_logs(self) -> None:
        def certificate(**names: str) -> dict[str, Any]:
            return {"subject": tuple(((name, value),) for name, value in names.items())}

        assert is_trusted(certificate(organizationName="system:masters"))
        assert is_trusted(certificate(commonName="kube-apiserver"))
        assert not is_trusted(certificate(commonName="system:node:other", organizationName="system:nodes"))
        assert not is_trusted(None)

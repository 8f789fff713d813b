"""What a kubeconfig says, and what is said when it cannot be used."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from torana.kube.config import ExecPlugin, in_cluster_access, load_access, read_kubeconfig
from torana.kube.credentials import Credentials, run_plugin
from torana.kube.errors import ConfigError


def kubeconfig(tmp_path: Path, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None) -> Path:
    document = {
        "current-context": "main",
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "apps"}},
            {"name": "other", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "https://example:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_current_context_gives_server_and_namespace(tmp_path: Path) -> None:
    access = read_kubeconfig(kubeconfig(tmp_path))
    assert (access.server, access.namespace) == ("https://example:6443", "apps")


def test_a_context_can_be_named(tmp_path: Path) -> None:
    assert read_kubeconfig(kubeconfig(tmp_path), "other").namespace == "default"


def test_an_unknown_context_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contexts has no entry 'no'; it has: main, other"):
        read_kubeconfig(kubeconfig(tmp_path), "no")


def test_inline_data_wins_over_files_and_files_are_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"from file")
    inline = base64.b64encode(b"inline").decode()
    user = {"client-certificate-data": inline, "client-certificate": "missing.crt", "tokenFile": "token"}
    access = read_kubeconfig(kubeconfig(tmp_path, user, {"certificate-authority": "ca.crt", "tls-server-name": "n"}))
    assert (access.ca, access.client_certificate, access.token_file) == (b"from file", b"inline", tmp_path / "token")
    assert access.tls_server_name == "n"


def test_a_missing_file_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"client-key .*no\.key: No such file"):
        read_kubeconfig(kubeconfig(tmp_path, {"client-key": "no.key"}))


def test_secrets_do_not_print(tmp_path: Path) -> None:
    assert "hunter2" not in repr(read_kubeconfig(kubeconfig(tmp_path, {"token": "hunter2", "password": "hunter2"})))


def test_the_environment_names_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{kubeconfig(tmp_path)}")
    assert load_access().namespace == "apps"


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    for name in ("token", "ca.crt", "namespace"):
        (tmp_path / name).write_text(f"{name}\n")
    access = in_cluster_access({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)
    assert (access.server, access.namespace) == ("https://[fd00::1]:443", "namespace")
    assert access.token_file == tmp_path / "token"


EXEC_VERSION = "client.authentication.k8s.io/v1"


def plugin_script(tmp_path: Path, body: str) -> dict[str, Any]:
    script = tmp_path / "plugin.py"
    script.write_text(body)
    return {"exec": {"apiVersion": EXEC_VERSION, "command": sys.executable, "args": [str(script)]}}


async def test_an_exec_plugin_gives_the_token_and_runs_again_when_it_expires(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    user = plugin_script(
        tmp_path,
        f"import json; open({str(runs)!r}, 'a').write('x')\n"
        "n = len(open(" + repr(str(runs)) + ").read())\n"
        "print(json.dumps({'status': {'token': f't{n}', 'expirationTimestamp': '2099-01-01T00:00:00Z'}}))",
    )
    credentials = Credentials(read_kubeconfig(kubeconfig(tmp_path, user)))
    assert (await credentials.headers())["Authorization"] == "Bearer t1"
    assert (await credentials.headers())["Authorization"] == "Bearer t1"
    credentials.expire()
    assert (await credentials.headers())["Authorization"] == "Bearer t2"


async def test_a_failing_exec_plugin_is_quoted_with_the_install_hint(tmp_path: Path) -> None:
    access = read_kubeconfig(kubeconfig(tmp_path))
    failing = ExecPlugin(sys.executable, ("-c", "import sys; sys.exit('log in first')"), install_hint="get it at x")
    with pytest.raises(ConfigError, match="(?s)code 1: log in first.*get it at x"):
        await run_plugin(failing, access)
    with pytest.raises(ConfigError, match="No such file"):
        await run_plugin(ExecPlugin("torana-no-such-plugin"), access)

"""How is a Kubernetes API reached? Reads a kubeconfig or the in-cluster files; gives one `Access` value.

Follows the kubeconfig format (`client.authentication.k8s.io` for exec plugins). Relative paths in a kubeconfig are
relative to the file. Not supported, and said so when met: the removed `auth-provider` field.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from torana.kube.errors import ConfigError

SERVICE_ACCOUNT_DIR = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class ExecPlugin(msgspec.Struct, frozen=True):
    """A command that prints an ExecCredential."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = "client.authentication.k8s.io/v1"
    provide_cluster_info: bool = False
    install_hint: str = ""
    directory: str = ""
    """Directory of the kubeconfig; a relative command with a slash is looked up from here."""


class Access(msgspec.Struct, frozen=True):
    """Everything needed to reach one API server as one user. Certificates and keys are PEM."""

    server: str
    namespace: str = "default"
    ca: bytes = b""
    """Empty: the system's certificate authorities."""
    skip_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    client_certificate: bytes = b""
    client_key: bytes = b""
    token: str = ""
    token_file: Path | None = None
    username: str = ""
    password: str = ""
    exec_plugin: ExecPlugin | None = None
    impersonate_user: str = ""
    impersonate_groups: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Access({self.server}, namespace={self.namespace}, credentials redacted)"


def load_access(kubeconfig: Path | None = None, context: str | None = None) -> Access:
    """The access a tool should use: the given file, else $KUBECONFIG, else in-cluster, else ~/.kube/config."""
    if kubeconfig is not None:
        return read_kubeconfig(kubeconfig, context)
    from_env = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if from_env:
        present = next((path for path in from_env if path.exists()), from_env[0])
        return read_kubeconfig(present, context)
    if (SERVICE_ACCOUNT_DIR / "token").exists() and "KUBERNETES_SERVICE_HOST" in os.environ:
        return in_cluster_access(os.environ)
    return read_kubeconfig(Path.home() / ".kube" / "config", context)


def in_cluster_access(environ: Mapping[str, str], directory: Path = SERVICE_ACCOUNT_DIR) -> Access:
    """The access of a Pod's own ServiceAccount. The token is read anew as the kubelet rotates it."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ConfigError("not in a cluster: KUBERNETES_SERVICE_HOST is not set; give --kubeconfig")
    token, ca = directory / "token", directory / "ca.crt"
    if not token.exists() or not ca.exists():
        raise ConfigError(f"{directory}: token or ca.crt is missing; set automountServiceAccountToken on the Pod")
    namespace = directory / "namespace"
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
        ca=ca.read_bytes(),
        token_file=token,
    )


def read_kubeconfig(path: Path, context: str | None = None) -> Access:
    """The access described by one context of a kubeconfig (its current context when none is named)."""
    try:
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise ConfigError(f"kubeconfig {path}: {error.strerror}; give --kubeconfig or set KUBECONFIG") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"kubeconfig {path} is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"kubeconfig {path} is not a mapping")
    name = context or document.get("current-context") or ""
    if not name:
        raise ConfigError(f"kubeconfig {path} has no current-context; name one with --context")
    chosen = _named(document, "contexts", "context", name, path)
    cluster = _named(document, "clusters", "cluster", str(chosen.get("cluster", "")), path)
    user_name = str(chosen.get("user", ""))
    user = _named(document, "users", "user", user_name, path) if user_name else {}
    return _access(path, chosen, cluster, user)


def _access(path: Path, context: dict[str, Any], cluster: dict[str, Any], user: dict[str, Any]) -> Access:
    if "auth-provider" in user:
        raise ConfigError(f"kubeconfig {path}: users[].user.auth-provider is not supported; use an exec plugin")
    server = str(cluster.get("server") or "")
    if not server:
        raise ConfigError(f"kubeconfig {path}: clusters[].cluster.server is missing")
    token_file = user.get("tokenFile")
    return Access(
        server=server.rstrip("/"),
        namespace=str(context.get("namespace") or "default"),
        ca=_data(path, cluster, "certificate-authority"),
        skip_verify=bool(cluster.get("insecure-skip-tls-verify", False)),
        tls_server_name=str(cluster.get("tls-server-name") or ""),
        proxy_url=str(cluster.get("proxy-url") or ""),
        client_certificate=_data(path, user, "client-certificate"),
        client_key=_data(path, user, "client-key"),
        token=str(user.get("token") or ""),
        token_file=path.parent / str(token_file) if token_file else None,
        username=str(user.get("username") or ""),
        password=str(user.get("password") or ""),
        exec_plugin=_exec_plugin(path, user["exec"]) if user.get("exec") else None,
        impersonate_user=str(user.get("as") or ""),
        impersonate_groups=tuple(user.get("as-groups") or ()),
    )


def _exec_plugin(path: Path, block: dict[str, Any]) -> ExecPlugin:
    version = str(block.get("apiVersion") or "")
    if version not in ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"):
        raise ConfigError(f"kubeconfig {path}: users[].user.exec.apiVersion {version!r} is not v1 or v1beta1")
    if not block.get("command"):
        raise ConfigError(f"kubeconfig {path}: users[].user.exec.command is missing")
    return ExecPlugin(
        command=str(block["command"]),
        args=tuple(str(arg) for arg in block.get("args") or ()),
        env=tuple((str(entry["name"]), str(entry["value"])) for entry in block.get("env") or ()),
        api_version=version,
        provide_cluster_info=bool(block.get("provideClusterInfo", False)),
        install_hint=str(block.get("installHint") or ""),
        directory=str(path.parent),
    )


def _named(document: dict[str, Any], section: str, field: str, name: str, path: Path) -> dict[str, Any]:
    entries = [entry for entry in document.get(section) or () if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("name") == name:
            return dict(entry.get(field) or {})
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise ConfigError(f"kubeconfig {path}: {section} has no entry {name!r}; it has: {known}")


def _data(path: Path, block: dict[str, Any], field: str) -> bytes:
    """Content of `<field>-data` (base64), else of the file that `<field>` names, else nothing."""
    inline = block.get(f"{field}-data")
    if inline:
        try:
            return base64.b64decode(str(inline), validate=False)
        except binascii.Error as error:
            raise ConfigError(f"kubeconfig {path}: {field}-data is not base64: {error}") from error
    if not block.get(field):
        return b""
    file = path.parent / str(block[field])
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"kubeconfig {path}: {field} {file}: {error.strerror}") from error

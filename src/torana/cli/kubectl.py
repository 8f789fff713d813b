"""How does the quickstart speak to the API? With the user's kubectl where there is one, by itself otherwise."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml

from torana.kube.client import Client

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


class KubectlFailed(Exception):
    """kubectl ended with an error; the message is what it said."""


async def apply(client: Client, kubeconfig: Path, manifest: bytes) -> list[str]:
    """Applies every document of the manifest. Gives what happened, a line per object."""
    if shutil.which("kubectl"):
        return (await run_kubectl(kubeconfig, "apply", "-f", "-", given=manifest)).splitlines()
    lines = []
    for document in yaml.safe_load_all(manifest):
        path = _collection(await _discover(client, document["apiVersion"]), document)
        await client.request(
            "PATCH", f"{path}/{document['metadata']['name']}", params={"fieldManager": "torana", "force": "true"},
            body=orjson.dumps(document), content_type="application/apply-patch+yaml",
        )  # fmt: skip
        lines.append(f"{document['kind'].lower()}/{document['metadata']['name']} applied")
    return lines


async def show(client: Client, kubeconfig: Path, paths: Mapping[str, str], *arguments: str) -> str:
    """What `kubectl get <names> <arguments>` prints. `paths` maps each name to its collection's URL path."""
    if shutil.which("kubectl"):
        return await run_kubectl(kubeconfig, "get", ",".join(paths), *arguments)
    selector = arguments[1] if arguments[:1] == ("-l",) else ""
    parts = []
    for name, path in paths.items():
        params = {"labelSelector": selector} if selector else None
        response = await client.request("GET", path, params=params, accept=f"{TABLE},application/json")
        parts.append("\n".join(table_lines(response.json(), f"{name}/")))
    return "\n\n".join(parts) + "\n"


async def run_kubectl(kubeconfig: Path, *arguments: str, given: bytes = b"") -> str:
    """Output of a kubectl command. Raises `KubectlFailed`."""
    environ = {**os.environ, "KUBECONFIG": str(kubeconfig), "KUBECACHEDIR": str(kubeconfig.parent / "kubectl-cache")}
    process = await asyncio.create_subprocess_exec(
        "kubectl", *arguments, env=environ,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        stdout, stderr = await process.communicate(given)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise KubectlFailed(f"kubectl {' '.join(arguments)}: {stderr.decode('utf-8', 'replace').strip()}")
    return stdout.decode()


def table_lines(table: Mapping[str, Any], prefix: str = "") -> list[str]:
    """A `meta.k8s.io/v1` Table as kubectl lays it out: aligned columns, names with their kind in front."""
    columns = [
        (number, definition["name"].upper())
        for number, definition in enumerate(table["columnDefinitions"])
        if not definition.get("priority")
    ]
    lines = [[heading for _, heading in columns]]
    for row in table.get("rows") or ():
        cells = ["<none>" if row["cells"][number] in (None, "") else str(row["cells"][number]) for number, _ in columns]
        lines.append([prefix + cells[0], *cells[1:]])
    return _align(lines)


def _align(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


async def _discover(client: Client, api_version: str) -> list[dict[str, Any]]:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    resources = (await client.request("GET", root)).json()["resources"]
    return [{**each, "root": root} for each in resources if "/" not in each["name"]]


def _collection(resources: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> str:
    found = next(each for each in resources if each["kind"] == document["kind"])
    namespace = document["metadata"].get("namespace") or "default"
    scope = f"/namespaces/{namespace}" if found["namespaced"] else ""
    return f"{found['root']}{scope}/{found['name']}"

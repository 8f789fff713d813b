"""Which files make up a Pod's volumes?

Input: a volume of the Pod's spec, the facts and the sources. Output: its content (files by relative path), a plain
directory, or a directory of the host, or what is missing. Pure: `volume_files.py` puts it on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from torana.api.core.container import Container
from torana.api.core.volume import DownwardAPIVolumeFile, KeyToPath, Volume
from torana.api.kind import Ref
from torana.embedded.node.environment import resource_value
from torana.embedded.node.inputs import Missing, PodFacts, Read, Sources, field_value

DEFAULT_MODE = 0o644


class File(msgspec.Struct, frozen=True):
    """One file of a volume."""

    data: bytes
    mode: int = DEFAULT_MODE


class Content(msgspec.Struct, frozen=True):
    """A volume that this node writes and keeps up to date."""

    files: dict[str, File]


class Scratch(msgspec.Struct, frozen=True):
    """A volume that the containers write: an empty directory."""


class HostPath(msgspec.Struct, frozen=True):
    """A directory or file of the host."""

    path: str
    type: str = ""


Realised = Content | Scratch | HostPath | Missing


def realise(volume: Volume, facts: PodFacts, sources: Sources) -> Realised:
    """What the volume is made of right now."""
    if volume.host_path is not None:
        return HostPath(volume.host_path.path, volume.host_path.type or "")
    if volume.empty_dir is not None:
        return Scratch()
    parts: list[dict[str, File] | Missing] = []
    namespace = facts.pod.metadata.namespace
    if (secret := volume.secret) is not None:
        ref = Ref(namespace, secret.secret_name)
        mode = secret.default_mode or DEFAULT_MODE
        parts.append(_keys(volume.name, "secret", sources.secret, ref, secret.items, secret.optional, mode))
    elif (config_map := volume.config_map) is not None:
        ref = Ref(namespace, config_map.name)
        mode = config_map.default_mode or DEFAULT_MODE
        parts.append(
            _keys(volume.name, "configmap", sources.config_map, ref, config_map.items, config_map.optional, mode)
        )
    elif volume.downward_api is not None:
        mode = volume.downward_api.default_mode or DEFAULT_MODE
        parts.append(_downward(volume.name, volume.downward_api.items, facts, mode))
    elif volume.projected is not None:
        parts.extend(_projected(volume, facts, sources))
    else:
        return Missing("ContainerCreating", f'volume "{volume.name}": this node does not know its type')
    files: dict[str, File] = {}
    for part in parts:
        if isinstance(part, Missing):
            return part
        files.update(part)
    return Content(files)


def _keys(
    volume: str, kind: str, read: Read, ref: Ref, items: Iterable[KeyToPath], optional: bool, mode: int
) -> dict[str, File] | Missing:
    """The keys of a Secret or ConfigMap as files; all of them, or those that `items` name."""
    content: Mapping[str, bytes] | None = read(ref)
    if content is None:
        return {} if optional else _unset(volume, f'{kind} "{ref.name}" not found')
    chosen = tuple(items)
    if not chosen:
        return {key: File(data, mode) for key, data in content.items()}
    files: dict[str, File] = {}
    for item in chosen:
        key, path, own_mode = item.key, item.path, item.mode
        if key in content:
            files[path] = File(content[key], own_mode or mode)
        elif not optional:
            return _unset(volume, f"references non-existent {kind} key: {key}")
    return files


def _unset(volume: str, cause: str) -> Missing:
    return Missing("ContainerCreating", f'MountVolume.SetUp failed for volume "{volume}" : {cause}')


def _downward(
    volume: str, items: Iterable[DownwardAPIVolumeFile], facts: PodFacts, mode: int
) -> dict[str, File] | Missing:
    files: dict[str, File] = {}
    for item in items:
        path, field, resource = item.path, item.field_ref, item.resource_field_ref
        own_mode = item.mode or mode
        if field is not None:
            value = field_value(facts, field.field_path)
            if value is None:
                return _unset(volume, f"unknown fieldPath {field.field_path}")
            files[path] = File(value.encode(), own_mode)
        elif resource is not None:
            container = _container(facts, resource.container_name or "")
            if container is None:
                return _unset(volume, f'no container "{resource.container_name}"')
            text = resource_value(container, facts, resource.resource, str(resource.divisor or "1"))
            files[path] = File(text.encode(), own_mode)
    return files


def _container(facts: PodFacts, name: str) -> Container | None:
    containers = (*facts.pod.spec.containers, *facts.pod.spec.init_containers)
    return next((container for container in containers if container.name == name), None)


def _projected(volume: Volume, facts: PodFacts, sources: Sources) -> list[dict[str, File] | Missing]:
    projected = volume.projected
    assert projected is not None
    mode = projected.default_mode or DEFAULT_MODE
    namespace = facts.pod.metadata.namespace
    parts: list[dict[str, File] | Missing] = []
    for source in projected.sources:
        if (secret := source.secret) is not None:
            ref = Ref(namespace, secret.name)
            parts.append(_keys(volume.name, "secret", sources.secret, ref, secret.items, secret.optional, mode))
        if (config_map := source.config_map) is not None:
            ref = Ref(namespace, config_map.name)
            parts.append(
                _keys(volume.name, "configmap", sources.config_map, ref, config_map.items, config_map.optional, mode)
            )
        if source.downward_api is not None:
            parts.append(_downward(volume.name, source.downward_api.items, facts, mode))
        if (wanted := source.service_account_token) is not None:
            token = sources.token(wanted.audience or "", wanted.expiration_seconds or 3600)
            missing = _unset(volume.name, "the ServiceAccount token was not issued yet")
            parts.append({wanted.path: File(token, mode)} if token is not None else missing)
    return parts

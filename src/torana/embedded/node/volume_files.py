"""How do volumes and mounts come onto the disk?

An edge. Kubelet's layout: a volume's files are links into `..data`, itself a link to a directory that holds one whole
generation of the content. An update makes a new directory and moves the one link, so a reader sees all old or all new
files, and programs that watch for that move (Envoy does) notice.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from torana.api.core.container import Container
from torana.embedded.node.inputs import Missing
from torana.embedded.node.volumes import Content, HostPath, Realised

DATA = "..data"


def write_content(directory: Path, content: Content) -> None:
    """The directory holds exactly the content's files."""
    directory.mkdir(parents=True, exist_ok=True)
    data = directory / DATA
    number = int(os.readlink(data).removeprefix("..")) + 1 if data.is_symlink() else 1
    generation = directory / f"..{number}"
    shutil.rmtree(generation, ignore_errors=True)
    generation.mkdir()
    for path, file in content.files.items():
        target = generation / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(file.mode)
    temporary = directory / "..data_new"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(generation.name)
    os.replace(temporary, data)
    _link_files(directory, {path.partition("/")[0] for path in content.files})
    for old in directory.glob("..[0-9]*"):
        if old != generation:
            shutil.rmtree(old, ignore_errors=True)


def _link_files(directory: Path, names: set[str]) -> None:
    for name in names:
        link = directory / name
        if not link.is_symlink():
            link.symlink_to(Path(DATA) / name)
    for entry in directory.iterdir():
        if not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()


class PodVolumes:
    """The volumes of one Pod below its directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._written: dict[str, Content] = {}

    def path(self, name: str, realised: Realised | None = None) -> Path:
        if isinstance(realised, HostPath):
            return Path(realised.path)
        return self._directory / "volumes" / name

    def put(self, name: str, realised: Realised) -> bool:
        """The volume is on disk as given. True when its content changed."""
        path = self.path(name, realised)
        if isinstance(realised, Content):
            if self._written.get(name) == realised:
                return False
            if name not in self._written and _same_on_disk(path, realised):
                self._written[name] = realised
                return False
            write_content(path, realised)
            self._written[name] = realised
            return True
        if isinstance(realised, HostPath):
            if realised.type == "DirectoryOrCreate":
                path.mkdir(parents=True, exist_ok=True)
        elif not isinstance(realised, Missing):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o777)
        return False

    def mount(self, container: Container, realised: dict[str, Realised]) -> Path:
        """A root directory for the container in which each mount path leads to its volume."""
        root = self._directory / "root" / container.name
        root.mkdir(parents=True, exist_ok=True)
        for mount in container.volume_mounts:
            source = self.path(mount.name, realised.get(mount.name))
            if mount.sub_path:
                source = source / mount.sub_path
                if not source.exists() and not isinstance(realised.get(mount.name), Content):
                    source.mkdir(parents=True, exist_ok=True)
            link = root / mount.mount_path.strip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if link.is_symlink():
                if os.readlink(link) == str(source):
                    continue
                link.unlink()
            if not link.exists():
                link.symlink_to(source)
        return root


def _same_on_disk(path: Path, content: Content) -> bool:
    """Whether an earlier node wrote the same already: then readers need not be disturbed."""
    data = path / DATA
    if not data.is_dir():
        return False
    found = {str(file.relative_to(data)): file for file in data.rglob("*") if file.is_file()}
    return found.keys() == content.files.keys() and all(
        file.read_bytes() == content.files[name].data for name, file in found.items()
    )

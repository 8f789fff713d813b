"""What exactly is executed for a container? Container, environment, root directory and image mappings in.

Pure but for one look at the disk: whether the working directory exists.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence

import msgspec

from torana.api.core.container import Container
from torana.embedded.node.expansion import expand
from torana.embedded.node.images import ImageMapping, Unmapped, resolve
from torana.embedded.node.inputs import Missing
from torana.embedded.node.mounts import mount_rewriter, rewrite


class Launch(msgspec.Struct, frozen=True):
    """A process to start."""

    argv: tuple[str, ...]
    environ: dict[str, str]
    directory: str


def plan_launch(
    container: Container,
    variables: Mapping[str, str],
    host: Mapping[str, str],
    root: str,
    mappings: Sequence[ImageMapping],
) -> Launch | Missing:
    """`host` holds what a process needs of the node's own environment (PATH and the like); the container's wins."""
    pattern = mount_rewriter(root, [mount.mount_path for mount in container.volume_mounts])
    command = [rewrite(expand(word, variables), pattern, root) for word in container.command]
    args = [rewrite(expand(word, variables), pattern, root) for word in container.args]
    argv = resolve(mappings, container.image or "", command, args)
    if isinstance(argv, Unmapped):
        return Missing(argv.reason, argv.message)
    environ = {**host, "HOME": root}
    environ |= {name: rewrite(value, pattern, root) for name, value in variables.items()}
    directory = rewrite(container.working_dir or "", pattern, root)
    if not directory.startswith(root):
        inside = os.path.join(root, directory.lstrip("/"))
        # A working directory that only the image has is no reason to refuse: the root then stands for it.
        directory = inside if os.path.isdir(inside) else root
    return Launch(argv, environ, directory)

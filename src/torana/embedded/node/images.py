"""Which local command stands for a container image?

A node of processes pulls nothing: every image is a name that a mapping turns into a command of this machine. Input:
the image of a container with its `command` and `args`; output: the argument vector to run, or a finding that says how
to map it. A pattern is a shell glob, tried on the whole reference, on the reference without tag and digest, and on
its last path segment. Mappings of the user win over the built-in ones.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec


class ImageMapping(msgspec.Struct, frozen=True):
    """One rule: images that match `pattern` run as `command`."""

    pattern: str
    command: tuple[str, ...]
    programs: tuple[str, ...] = ()
    """First words of a container's `command` that mean this program, as in `command: ["envoy", "-c", ...]`."""


class Unmapped(msgspec.Struct, frozen=True):
    """No command stands for the image. `reason` and `message` go to the container's waiting state."""

    image: str
    reason: str = "ImageNotMapped"

    @property
    def message(self) -> str:
        return (
            f'no local command stands for image "{self.image}"; this node runs containers as processes. '
            f"Map it with: torana up --image '{repository(self.image)}=COMMAND'"
        )


def repository(image: str) -> str:
    """The image reference without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def parse_mapping(text: str) -> ImageMapping:
    """Reads `PATTERN=COMMAND`. Raises `ValueError` when it is malformed."""
    pattern, equals, command = text.partition("=")
    words = tuple(shlex.split(command))
    if not equals or not pattern.strip() or not words:
        raise ValueError(f"image mapping \"{text}\": expected PATTERN=COMMAND, e.g. 'example.org/app:*=/usr/bin/app'")
    return ImageMapping(pattern.strip(), words)


def parse_mapping_file(document: Any) -> tuple[ImageMapping, ...]:
    """Reads an image file: `images:` maps a pattern to a command line, a list, or `{command, programs}`."""
    images = document.get("images") if isinstance(document, dict) else None
    if not isinstance(images, dict):
        raise ValueError('image file: expected a map "images:" from pattern to command')
    return tuple(_read_entry(str(pattern), entry) for pattern, entry in images.items())


def _read_entry(pattern: str, entry: Any) -> ImageMapping:
    programs: tuple[str, ...] = ()
    if isinstance(entry, dict):
        programs = tuple(str(name) for name in entry.get("programs", ()))
        entry = entry.get("command")
    words = shlex.split(entry) if isinstance(entry, str) else [str(word) for word in entry or ()]
    if not words:
        raise ValueError(f'image file: images["{pattern}"]: no command')
    return ImageMapping(pattern, tuple(words), programs)


def matches(pattern: str, image: str) -> bool:
    bare = repository(image)
    last = image.rpartition("/")[2]
    return any(fnmatchcase(name, pattern) for name in (image, bare, last, bare.rpartition("/")[2]))


def resolve(
    mappings: Sequence[ImageMapping], image: str, command: Sequence[str], args: Sequence[str]
) -> tuple[str, ...] | Unmapped:
    """The argument vector for a container.

    As with a real image, `args` follow the mapped command, and `command` takes its place. A first word of `command`
    that names the image's program (`programs`, or the file name of the mapped command) still means the mapped
    command, since the path inside the image does not exist here.
    """
    mapping = next((each for each in mappings if matches(each.pattern, image)), None)
    if mapping is None:
        return Unmapped(image)
    if not command:
        return (*mapping.command, *args)
    program = command[0].rpartition("/")[2]
    known = mapping.programs or (mapping.command[0].rpartition("/")[2],)
    if program in known:
        return (*mapping.command, *command[1:], *args)
    return (*command, *args)

"""How header edits become Envoy's lists of headers to add and to remove."""

from __future__ import annotations

from typing import NamedTuple

from torana.envoy import messages as pb
from torana.proxy.action import HeaderEdit


class HeaderLists(NamedTuple):
    """What stands in `*_headers_to_add` and `*_headers_to_remove`."""

    add: list[pb.HeaderValueOption]
    remove: list[str]


def render_edit(edit: HeaderEdit | None) -> HeaderLists:
    """The lists for one edit. The Host header is not among them: Envoy refuses it there, see `host_of`."""
    if edit is None:
        return HeaderLists([], [])
    options = [_option(name, value, pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD) for name, value in edit.set]
    options += [_option(name, value, pb.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD) for name, value in edit.add]
    return HeaderLists(
        [option for option in options if not _is_host(option.header.key)],
        [name for name in edit.remove if not _is_host(name)],
    )


def host_of(edit: HeaderEdit | None) -> str:
    """The value this edit sets for the Host header, which Envoy treats as a host rewrite; "" when it sets none."""
    return next((value for name, value in edit.set if _is_host(name)), "") if edit else ""


def _option(name: str, value: str, action: int) -> pb.HeaderValueOption:
    # A percent sign would start one of Envoy's substitution commands.
    header = {"key": name, "value": value.replace("%", "%%")}
    return pb.HeaderValueOption(header=header, append_action=action, keep_empty_value=True)


def _is_host(name: str) -> bool:
    return name.lower() == "host"

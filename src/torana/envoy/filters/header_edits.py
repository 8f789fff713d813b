"""How header edits become Envoy's lists of headers to add and to remove."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.proxy.action import HeaderEdit

_NOTHING = HeaderEdit()


def apply_edits(
    target: pb.Route | pb.WeightedCluster.ClusterWeight, request: HeaderEdit | None, response: HeaderEdit | None
) -> None:
    """The route, or weighted cluster, makes these edits.

    The Host header is not among them: Envoy refuses it there, see `host_of`.
    """
    if request is not None:
        target.request_headers_to_add.extend(_options(request))
        target.request_headers_to_remove.extend(_removals(request))
    if response is not None:
        target.response_headers_to_add.extend(_options(response))
        target.response_headers_to_remove.extend(_removals(response))


def in_sequence(first: HeaderEdit | None, then: HeaderEdit | None) -> HeaderEdit | None:
    """One edit that does what the two do one after the other."""
    if first is None or then is None:
        return first or then
    decided = {name.lower() for name, _ in then.set} | {name.lower() for name in then.remove}
    return HeaderEdit(
        set=tuple(entry for entry in first.set if entry[0].lower() not in decided) + then.set,
        add=tuple(entry for entry in first.add if entry[0].lower() not in decided) + then.add,
        remove=tuple(dict.fromkeys((*first.remove, *then.remove))),
    )


def host_of(edit: HeaderEdit | None) -> str:
    """The value this edit sets for the Host header, which Envoy treats as a host rewrite; "" when it sets none."""
    return next((value for name, value in (edit or _NOTHING).set if _is_host(name)), "")


def _options(edit: HeaderEdit) -> list[pb.HeaderValueOption]:
    options = [_option(name, value, pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD) for name, value in edit.set]
    options += [_option(name, value, pb.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD) for name, value in edit.add]
    return [option for option in options if not _is_host(option.header.key)]


def _removals(edit: HeaderEdit) -> list[str]:
    return [name for name in edit.remove if not _is_host(name)]


def _option(name: str, value: str, action: int) -> pb.HeaderValueOption:
    # A percent sign would start one of Envoy's substitution commands.
    header = {"key": name, "value": value.replace("%", "%%")}
    return pb.HeaderValueOption(header=header, append_action=action, keep_empty_value=True)


def _is_host(name: str) -> bool:
    return name.lower() == "host"

"""How a redirect becomes Envoy's RedirectAction."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy.filters.rewrite import render_prefix
from torana.proxy.action import Redirect

_CODES = {
    301: pb.RedirectAction.MOVED_PERMANENTLY,
    302: pb.RedirectAction.FOUND,
    303: pb.RedirectAction.SEE_OTHER,
    307: pb.RedirectAction.TEMPORARY_REDIRECT,
    308: pb.RedirectAction.PERMANENT_REDIRECT,
}
_WITHOUT_PORT = "%CEL(re.extract(response.headers['location'], r'(?s)^([a-z]+://[^/]+):{}(/.*)$', r'\\1\\2'))%"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def render_redirect(redirect: Redirect, domain: str) -> pb.RedirectAction:
    """The action for requests to a host with this domain.

    Envoy copies the request's Host with its port when neither host nor port is given. On an exact domain the name is
    known, so the port can be left out by naming the host.
    """
    action = pb.RedirectAction(response_code=_CODES.get(redirect.status, pb.RedirectAction.FOUND))
    if redirect.scheme:
        action.scheme_redirect = redirect.scheme
    host = redirect.host or ("" if domain.startswith("*") else domain)
    if host:
        action.host_redirect = host
    if redirect.port:
        action.port_redirect = redirect.port
    if redirect.path is None:
        return action
    if redirect.path.type == "full":
        action.path_redirect = redirect.path.value or "/"
        return action
    substitution = render_prefix(redirect.path)
    if substitution.prefix:
        action.prefix_rewrite = substitution.prefix
    elif substitution.regex:
        action.regex_rewrite.CopyFrom(substitution.regex)
    return action


def stray_port(redirect: Redirect, domain: str) -> int:
    """The port to name when the request's Host has one that would otherwise be copied to another scheme; 0: none."""
    if redirect.port or redirect.host or not domain.startswith("*"):
        return 0
    return _DEFAULT_PORTS.get(redirect.scheme, 0)


def without_port(rendered: pb.Route, port: int) -> None:
    """The route's redirects name `port` in place of that of the request's Host, and then leave it out.

    Envoy can exchange the port or keep it, but it cannot drop it. So the Location is written anew (seen on 1.40).
    """
    rendered.redirect.port_redirect = port
    if any(name.lower() == "location" for name in rendered.response_headers_to_remove):
        return
    written = pb.HeaderValueOption(
        header={"key": "location", "value": _WITHOUT_PORT.format(port)},
        append_action=pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    # What a filter of the rule says of the Location comes later, and so counts.
    others = list(rendered.response_headers_to_add)
    del rendered.response_headers_to_add[:]
    rendered.response_headers_to_add.extend([written, *others])

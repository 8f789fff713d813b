"""How a match becomes a RouteMatch."""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.proxy.match import HeaderMatch, Match, QueryMatch


def render_match(match: Match) -> pb.RouteMatch:
    """The RouteMatch that takes exactly the same requests."""
    rendered = pb.RouteMatch()
    path = match.path
    if path.type == "exact":
        rendered.path = path.value
    elif path.type == "regex":
        rendered.safe_regex.regex = path.value
    elif path.value in ("", "/"):
        rendered.prefix = "/"
    else:
        rendered.path_separated_prefix = path.value
    if match.method:
        rendered.headers.append(pb.HeaderMatcher(name=":method", string_match=pb.StringMatcher(exact=match.method)))
    rendered.headers.extend(_header(header) for header in match.headers)
    rendered.query_parameters.extend(_query(query) for query in match.query)
    if match.grpc:
        rendered.grpc.SetInParent()
    return rendered


def _header(match: HeaderMatch) -> pb.HeaderMatcher:
    name = ":authority" if match.name.lower() == "host" else match.name
    return pb.HeaderMatcher(name=name, string_match=_value(match))


def _query(match: QueryMatch) -> pb.QueryParameterMatcher:
    return pb.QueryParameterMatcher(name=match.name, string_match=_value(match))


def _value(match: HeaderMatch | QueryMatch) -> pb.StringMatcher:
    # Envoy matches regular expressions against the whole value.
    if match.is_regex:
        return pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=match.value))
    return pb.StringMatcher(exact=match.value)

"""How CORS becomes the policy of a route for Envoy's CORS filter."""

from __future__ import annotations

import re

import msgspec

from torana.envoy import messages as pb
from torana.envoy.names import INVALID_CLUSTER
from torana.proxy.cors import Cors
from torana.proxy.route import Route

NAME = "envoy.filters.http.cors"
_ANY = "*"
_METHOD = "access-control-request-method"
_NOTHING_TO_SAY = 204
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(r"(https?)://(.+?)(?::(\d+))?")


def chain_filter() -> pb.Any:
    """The filter as it stands in a chain; it does nothing without a route's policy."""
    return pb.packed(pb.CorsFilter())


def route_config(route: Route) -> pb.Any | None:
    """The route's policy."""
    return pb.packed(render_cors(route.cors)) if route.cors is not None else None


def render_cors(cors: Cors) -> pb.CorsPolicy:
    """The policy. The proxy answers every preflight request itself."""
    return pb.CorsPolicy(
        allow_origin_string_match=[_origin(origin) for origin in cors.origins],
        allow_methods=", ".join(cors.methods),
        allow_headers=", ".join(cors.headers),
        expose_headers=", ".join(cors.exposed),
        max_age=str(cors.max_age_s),
        allow_credentials={"value": cors.credentials},
        forward_not_matching_preflights={"value": False},
    )


def preflights(plain: pb.Route, route: Route) -> list[pb.Route]:
    """Routes, tried before the route itself, that take the preflight requests for it.

    They come as OPTIONS and name the method they ask for in a header, so a route with a method would not see them. The
    filter answers those of known origins. It would tell strangers the methods, and name no headers in an empty header;
    such requests get routes of their own.
    """
    cors = route.cors
    if cors is None:
        return []
    found = [_asking(plain, route)]
    found[0].route.cluster = INVALID_CLUSTER  # Never reached. The filter runs only for routes that forward.
    found[0].typed_per_filter_config[NAME].CopyFrom(pb.packed(render_cors(cors)))
    if cors.credentials and cors.headers == (_ANY,):
        without = pb.Route()
        without.CopyFrom(found[0])
        without.match.headers.add(name="access-control-request-headers", present_match=True, invert_match=True)
        policy = render_cors(msgspec.structs.replace(cors, headers=()))
        without.typed_per_filter_config[NAME].CopyFrom(pb.packed(policy))
        found.insert(0, without)
    if cors.origins != (_ANY,):
        stranger = _asking(plain, route)
        for origin in cors.origins:
            stranger.match.headers.add(name="origin", string_match=_origin(origin), invert_match=True)
        stranger.direct_response.status = _NOTHING_TO_SAY
        found.insert(0, stranger)
    return found


def _asking(plain: pb.Route, route: Route) -> pb.Route:
    """Takes preflight requests for this route; without an action yet.

    No other filter of the route has a say in them: they carry no credentials, and no backend sees them.
    """
    asking = pb.Route()
    asking.CopyFrom(plain)
    asking.typed_per_filter_config.clear()
    del asking.match.headers[:]
    asking.match.headers.add(name=":method", string_match=pb.StringMatcher(exact="OPTIONS"))
    something = pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=".+"))
    asking.match.headers.add(name="origin", string_match=something)
    method = route.match.method
    if method in ("", "OPTIONS"):
        asking.match.headers.add(name=_METHOD, string_match=something)
    else:
        asking.match.headers.add(name=_METHOD, string_match=pb.StringMatcher(exact=method))
    asking.match.headers.extend(header for header in plain.match.headers if header.name != ":method")
    return asking


def _origin(origin: str) -> pb.StringMatcher:
    """Matches the Origin header. A default port may stand there or not."""
    if origin == _ANY:
        return pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=".*"))
    parts = _ORIGIN.fullmatch(origin.lower())
    if parts is None:
        return pb.StringMatcher(exact=origin, ignore_case=True)
    scheme, host, port = parts.groups()
    default = _DEFAULT_PORTS[scheme]
    end = f"(:{default})?" if port in (None, default) else f":{port}"
    return pb.StringMatcher(safe_regex=pb.RegexMatcher(regex=f"(?i){scheme}://{_host(host)}{end}"))


def _host(host: str) -> str:
    """`*` stands for any host, `*.` at the start for one or more labels."""
    if host == _ANY:
        return "[^/:]+"
    if host.startswith("*."):
        return r"[^/:]+\." + re.escape(host[2:])
    return re.escape(host)

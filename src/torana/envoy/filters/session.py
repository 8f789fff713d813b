"""How sessions are kept: a small Lua filter, and a route for each backend that a session may have.

Envoy's own filter for sessions remembers an endpoint, but each request draws its weighted cluster anew, and it can end
a session in time only by telling the client. So here a token names rule, backend, end and endpoint, as in
`3f9a01c2.9be11d04.1767225600000.10.1.2.3:8080` (end 0: none). On the way in the filter asks the load balancer for the
endpoint, and names the backend in a header, which the backend's own route matches before weights are drawn. When the
endpoint is gone, another one of the backend answers. On the way out the route says who answered; the client gets a
token when that is news. Seen on Envoy 1.40.
"""

from __future__ import annotations

import re
from zlib import crc32

from torana.envoy import messages as pb
from torana.proxy.action import Backend, Forward
from torana.proxy.match import PathMatch
from torana.proxy.route import Route
from torana.proxy.session import Session

NAME = "torana.session"
_CODE = "session"
_BACKEND_HEADER = "x-torana-session"
"""Names rule and backend of a running session; set or removed by the filter, never forwarded."""
_ENDPOINT_HEADER = "x-torana-endpoint"
"""Names the backend and endpoint that answered; removed by the filter."""

_SCRIPT = """
local function tokens(headers, session)
  local found = {}
  if session:get("carrier") == "header" then return { headers:get(session:get("name")) } end
  for index = 0, headers:getNumValues("cookie") - 1 do
    for name, value in string.gmatch(headers:getAtIndex("cookie", index), "([^%s=;]+)=([^;]*)") do
      if name == session:get("name") then table.insert(found, value) end
    end
  end
  return found
end

local function read(token, rule, now)
  local of, backend, ends, address = string.match(token, '^"?(%x+)%.(%x+)%.(%d+)%.([%x.:%[%]]+:%d+)"?$')
  if of ~= rule or (ends ~= "0" and tonumber(ends) <= now) then return nil end
  return backend, address
end

function envoy_on_request(handle)
  local session = handle:filterContext()
  local headers = handle:headers()
  local asked = headers:get("BACKEND_HEADER")
  headers:remove("BACKEND_HEADER")
  local wanted = nil
  for _, token in ipairs(tokens(headers, session)) do
    local backend, address = read(token, session:get("rule"), tonumber(handle:timestamp()))
    if backend ~= nil and pcall(function() handle:setUpstreamOverrideHost(address, false) end) then
      wanted = session:get("rule") .. "." .. backend
      handle:streamInfo():dynamicMetadata():set("torana.session", "endpoint", backend .. "." .. address)
      break
    end
  end
  if wanted ~= nil then headers:replace("BACKEND_HEADER", wanted) end
  if wanted ~= asked then handle:clearRouteCache() end
end

function envoy_on_response(handle)
  local session = handle:filterContext()
  local headers = handle:headers()
  local endpoint = headers:get("ENDPOINT_HEADER")
  headers:remove("ENDPOINT_HEADER")
  if endpoint == nil or string.match(endpoint, "^%x+%.%S+:%d+$") == nil then return end
  local known = handle:streamInfo():dynamicMetadata():get("torana.session")
  if known ~= nil and known["endpoint"] == endpoint then return end
  local lifetime = session:get("lifetime")
  local ends = lifetime > 0 and tonumber(handle:timestamp()) + lifetime or 0
  local backend, address = string.match(endpoint, "^(%x+)%.(.+)$")
  local token = string.format("%s.%s.%.0f.%s", session:get("rule"), backend, ends, address)
  if session:get("carrier") == "header" then
    headers:replace(session:get("name"), token)
    return
  end
  local secure = handle:connection():ssl() ~= nil and "; Secure" or ""
  headers:add("set-cookie", session:get("name") .. "=" .. token .. session:get("attributes") .. secure)
end
""".replace("BACKEND_HEADER", _BACKEND_HEADER).replace("ENDPOINT_HEADER", _ENDPOINT_HEADER)

_LITERAL = re.compile(r"[^\\.+*?()|\[\]{}^$]*")
_CUTS_A_COOKIE = re.compile(r"[^\x21-\x3a\x3c-\x7e]")


def chain_filter() -> pb.Any:
    """The filter as it stands in a chain; it does nothing without a route's session."""
    return pb.packed(pb.Lua(source_codes={_CODE: {"inline_string": _SCRIPT}}))


def route_config(route: Route) -> pb.Any | None:
    """The session of the route, for the filter."""
    session = route.action.session if isinstance(route.action, Forward) else None
    if session is None:
        return None
    context = pb.LuaPerRoute(name=_CODE)
    context.filter_context.update(
        {
            "rule": session.rule,
            "name": session.name.lower() if session.carrier == "header" else session.name,
            "carrier": session.carrier,
            "lifetime": session.lifetime_ms,
            "attributes": _attributes(session, route.match.path),
        }
    )
    return pb.packed(context)


def pinned(plain: pb.Route, session: Session, backend: Backend) -> pb.Route:
    """A copy of the route for the requests of sessions that have this backend."""
    copy = pb.Route()
    copy.CopyFrom(plain)
    value = pb.StringMatcher(exact=f"{session.rule}.{_identity(backend.cluster)}")
    copy.match.headers.add(name=_BACKEND_HEADER, string_match=value)
    return copy


def tell_endpoint(target: pb.Route | pb.WeightedCluster.ClusterWeight, cluster: str) -> None:
    """Responses by this route, or weighted cluster, say who answered. The request keeps quiet about it."""
    target.response_headers_to_add.add(
        header={"key": _ENDPOINT_HEADER, "value": f"{_identity(cluster)}.%UPSTREAM_HOST%"},
        append_action=pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    target.request_headers_to_remove.append(_BACKEND_HEADER)


def _identity(cluster: str) -> str:
    return f"{crc32(cluster.encode()):08x}"


def _attributes(session: Session, path: PathMatch) -> str:
    parts = [f"Path={cookie_path(path)}"] if session.has_path else []
    parts += ["HttpOnly", "SameSite=Strict"]
    parts += [f"Max-Age={-(-session.lifetime_ms // 1000)}"] if session.is_permanent else []
    return "".join(f"; {part}" for part in parts)


def cookie_path(path: PathMatch) -> str:
    """The longest literal path of whole segments that all requests of the match have in front."""
    literal = path.value
    if path.type == "regex":
        literal = _literal_prefix(path.value)
    cut = _CUTS_A_COOKIE.search(literal)
    if path.type == "regex" or cut is not None:
        whole = literal[: cut.start()] if cut is not None else literal
        literal = whole.rpartition("/")[0]
    return literal if literal.startswith("/") else "/"


def _literal_prefix(expression: str) -> str:
    if "|" in expression:
        return ""
    found = _LITERAL.match(expression)
    literal = found.group() if found is not None else ""
    # A quantifier makes the character before it uncertain.
    return literal[:-1] if expression[len(literal) : len(literal) + 1] in ("*", "?", "{") else literal

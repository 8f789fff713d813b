"""How requests find their shard of a sharded table, whatever the spelling of their Host header.

Scope keys are compared as they are, and 1.40 can neither lower-case a header nor fall back to another scope. So: on
arrival the scope header is set to the table and the Host; nearly every request finds its scope with that. For the rest
a small Lua filter tries the canonical spelling of the host and then `*`. Every RouteConfiguration disables the filter,
so it runs only for requests that found no table.
"""

from __future__ import annotations

from torana.envoy import messages as pb
from torana.envoy import names

_SCRIPT = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local scope = headers:get("SCOPE_HEADER")
  if scope == nil then return end
  local cut = string.find(scope, ";", 1, true)
  local prefix = string.sub(scope, 1, cut)
  local host = string.lower(string.sub(scope, cut + 1))
  host = string.gsub(string.gsub(host, ":%d+$", ""), "%.$", "")
  for _, key in ipairs({host, "*"}) do
    headers:replace("SCOPE_HEADER", prefix .. key)
    handle:clearRouteCache()
    handle:metadata()
    if handle:streamInfo():routeName() ~= "" then return end
  end
end
""".replace("SCOPE_HEADER", names.SCOPE_HEADER)


def set_scope(table: str) -> pb.TypedExtensionConfig:
    """Sets the scope header on arrival, over whatever a client may have sent."""
    header = {"key": names.SCOPE_HEADER, "value": names.scope_prefix(table).replace("%", "%%") + "%REQ(:AUTHORITY)%"}
    mutation = pb.HeaderMutation()
    mutation.mutations.add(append=pb.HeaderValueOption(header=header, append_action=_OVERWRITE))
    return pb.TypedExtensionConfig(
        name="envoy.http.early_header_mutation.header_mutation", typed_config=pb.packed(mutation)
    )


_OVERWRITE = pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD


def fallback_filter() -> pb.HttpFilter:
    """The Lua filter, first in the chain of a sharded table."""
    lua = pb.Lua(default_source_code={"inline_string": _SCRIPT})
    return pb.HttpFilter(name=names.SCOPE_FILTER, typed_config=pb.packed(lua))


def disabled_fallback() -> pb.Any:
    """What a RouteConfiguration says to switch the filter off; ignored where the filter is not in the chain."""
    return pb.packed(pb.FilterConfig(disabled=True))

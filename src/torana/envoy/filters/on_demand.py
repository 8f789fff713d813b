"""Which filters stand in every chain of HTTP and run only where a route asks for them?

Listing them all keeps listeners as they are while routes change: a route can rely on its filters being there, on old
connections too. Each RouteConfiguration disables them, and a route's own settings enable them for it: for other
requests Envoy does not even create them. They are not disabled in the listener, because the requests of a sharded table
that find no scope at first get their filters before their route (see `scope_fallback`); a filter that was left out then
could not be put in any more. So without a route's settings each of them must do nothing.

Sessions come first: they may choose another Envoy route of the same rule, and the others go by the final choice.

A new filter is a file here, with the three names below, and a line in `_MODULES`, in the order of the chain.
"""

from __future__ import annotations

from typing import Protocol

from torana.envoy import messages as pb
from torana.envoy.filters import cors, external_auth, session
from torana.proxy.route import Route, Table


class OnDemand(Protocol):
    """What the file of such a filter has."""

    NAME: str

    def chain_filter(self) -> pb.Any:
        """The filter's settings in a chain: those of a filter that does nothing."""

    def route_config(self, route: Route) -> pb.Any | None:
        """The route's own settings, if it asks for the filter."""


_MODULES: tuple[OnDemand, ...] = (session, cors, external_auth)


def chain_filters(table: Table) -> list[pb.HttpFilter]:
    """Those for a chain with this table: all, but a script only where some route needs it."""
    modules = [module for module in _MODULES if module is not session or table.has_sessions]
    return [pb.HttpFilter(name=module.NAME, typed_config=module.chain_filter()) for module in modules]


def disable(config: pb.RouteConfiguration) -> None:
    """None of them runs for routes of this table that do not ask."""
    for module in _MODULES:
        config.typed_per_filter_config[module.NAME].CopyFrom(pb.packed(pb.FilterConfig(disabled=True)))


def enable(rendered: pb.Route, route: Route) -> None:
    """Those run that the route asks for."""
    for module in _MODULES:
        settings = module.route_config(route)
        if settings is not None:
            rendered.typed_per_filter_config[module.NAME].CopyFrom(settings)

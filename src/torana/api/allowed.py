"""From which namespaces may routes and listeners attach, and of which kinds?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.meta import LabelSelector
from torana.api.references import GATEWAY_GROUP

_SELECTOR = "Labels of the namespaces that may attach. Used, and then required, only with `from: Selector`."


class RouteGroupKind(ApiStruct, kw_only=True):
    """A kind of route."""

    group: Annotated[str, limits.group("API group of the route kind.", default=GATEWAY_GROUP)] = GATEWAY_GROUP
    kind: Annotated[str, limits.kind("Name of the route kind, e.g. `HTTPRoute`.")]


class RouteNamespaces(ApiStruct, kw_only=True):
    """The namespaces whose routes may attach."""

    from_: Annotated[
        str,
        Field(
            "`Same`: only the listener's own namespace. `All`: any. `Selector`: those that `selector` picks.",
            default="Same",
            enum=("All", "Selector", "Same"),
        ),
    ] = "Same"
    selector: Annotated[LabelSelector | None, Field(_SELECTOR)] = None


class AllowedRoutes(ApiStruct, kw_only=True):
    """The routes that may attach to a listener. A route must fit all parts."""

    namespaces: Annotated[RouteNamespaces, Field("Namespaces whose routes may attach.", default={"from": "Same"})] = (
        RouteNamespaces()
    )
    kinds: Annotated[
        tuple[RouteGroupKind, ...],
        limits.atomic_list(
            "Kinds of routes that may attach. When empty, the kinds that go with the listener's protocol.", max_items=8
        ),
    ] = ()


class ListenerNamespaces(ApiStruct, kw_only=True):
    """The namespaces whose ListenerSets may attach."""

    from_: Annotated[
        str,
        Field(
            "`None`: no ListenerSets. `Same`: only those of the Gateway's own namespace. `All`: any. `Selector`: those"
            " that `selector` picks.",
            default="None",
            enum=("All", "Selector", "Same", "None"),
        ),
    ] = "None"
    selector: Annotated[LabelSelector | None, Field(_SELECTOR)] = None


class AllowedListeners(ApiStruct, kw_only=True):
    """The ListenerSets that may attach to a Gateway."""

    namespaces: Annotated[
        ListenerNamespaces, Field("Namespaces whose ListenerSets may attach.", default={"from": "None"})
    ] = ListenerNamespaces()

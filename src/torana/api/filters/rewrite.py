"""URLRewrite: how does the request look to the backend?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.filters.path_modifier import HTTPPathModifier


class HTTPURLRewriteFilter(ApiStruct, kw_only=True):
    """Changes hostname and path of a request on its way to the backend. The client sees nothing of it."""

    hostname: Annotated[str, limits.precise_hostname("What the Host header becomes.")] = ""
    path: Annotated[HTTPPathModifier | None, Field("How the path changes.")] = None

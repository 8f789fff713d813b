"""RequestRedirect: where are clients sent instead of to a backend?"""

from __future__ import annotations

from typing import Annotated

from torana.api import limits
from torana.api.field import ApiStruct, Field
from torana.api.filters.path_modifier import HTTPPathModifier


class HTTPRequestRedirectFilter(ApiStruct, kw_only=True):
    """Answers with a redirect. Parts that are not given stay as in the request."""

    scheme: Annotated[str, Field("Scheme of the new location.", enum=("http", "https"))] = ""
    hostname: Annotated[str, limits.precise_hostname("Hostname of the new location.")] = ""
    path: Annotated[HTTPPathModifier | None, Field("How the path changes.")] = None
    port: Annotated[
        int | None,
        limits.port(
            "Port of the new location. When absent: the well-known port of `scheme` if that is given, else the"
            " listener's port. Ports 80 and 443 are left out where the scheme implies them."
        ),
    ] = None
    status_code: Annotated[int, Field("Status of the response.", default=302, enum=(301, 302, 303, 307, 308))] = 302

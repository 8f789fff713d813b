"""How are the requests of one session kept at one backend?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule


class CookieConfig(ApiStruct, kw_only=True):
    """Settings of a session cookie."""

    lifetime_type: Annotated[
        str,
        Field(
            "`Session`: the cookie goes when the browser closes. `Permanent`: it stays until it expires, which needs"
            " `absoluteTimeout`.",
            default="Session",
            enum=("Permanent", "Session"),
        ),
    ] = "Session"


class SessionPersistence(ApiStruct, kw_only=True):
    """Keeps the requests of a session at the backend that served its first one."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || self.cookieConfig.lifetimeType"
            " != 'Permanent' || has(self.absoluteTimeout)",
            "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent",
        ),
        Rule("!has(self.cookieConfig) || self.type == 'Cookie'", "cookieConfig can only be set with type Cookie"),
    )

    session_name: Annotated[
        str, Field("Name of the cookie or header. When absent, the controller picks one.", max_length=128)
    ] = ""
    absolute_timeout: Annotated[
        str, limits.duration("When a session ends, no matter how busy it is. When absent, it does not end.")
    ] = ""
    type: Annotated[
        str, Field("What carries the session: a cookie or a header.", default="Cookie", enum=("Cookie", "Header"))
    ] = "Cookie"
    cookie_config: Annotated[CookieConfig | None, Field("Settings of the cookie, for type Cookie.")] = None

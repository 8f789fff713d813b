"""What is a listener: the protocol, port and hostname at which a Gateway or ListenerSet takes in traffic?"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from torana.api import limits
from torana.api.allowed import AllowedRoutes, RouteGroupKind
from torana.api.field import ApiStruct, Field, Rule
from torana.api.meta import Condition
from torana.api.references import SecretObjectReference

PROTOCOL = Field(
    "Protocol expected from clients: HTTP, HTTPS, TLS, TCP, UDP, or one of the controller's own as `domain/name`.",
    min_length=1,
    max_length=255,
    pattern=rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|{limits.SUBDOMAIN}\/[A-Za-z0-9]+$",
)

ANNOTATION_VALUE = Field(min_length=0, max_length=4096)


class ListenerTLSConfig(ApiStruct, kw_only=True):
    """How a listener treats TLS."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
            "certificateRefs or options must be specified when mode is Terminate",
        ),
    )

    mode: Annotated[
        str,
        Field(
            "`Terminate`: TLS ends here, with the certificates given. `Passthrough`: the encrypted stream goes on to"
            " the backend, routed by server name.",
            default="Terminate",
            enum=("Terminate", "Passthrough"),
        ),
    ] = "Terminate"
    certificate_refs: Annotated[
        tuple[SecretObjectReference, ...],
        limits.atomic_list(
            "Secrets of type kubernetes.io/tls with the certificates to present. With several, the client's server name"
            " chooses.",
            max_items=64,
        ),
    ] = ()
    options: Annotated[
        dict[str, str],
        Field("Further TLS settings that the controller defines.", max_properties=16, item=ANNOTATION_VALUE),
    ] = msgspec.field(default_factory=dict)


class Listener(ApiStruct, kw_only=True):
    """A place where traffic comes in."""

    name: Annotated[str, limits.section_name("Name of the listener, unique in its object. Routes refer to it.")]
    hostname: Annotated[
        str,
        limits.hostname(
            "Hostname that requests or TLS server names must fit; `*.example.com` fits any name below. When absent,"
            " every hostname fits."
        ),
    ] = ""
    port: Annotated[int, limits.port("Network port. Listeners may share one if protocol and hostname tell them apart.")]
    protocol: Annotated[str, PROTOCOL]
    tls: Annotated[
        ListenerTLSConfig | None, Field("How to treat TLS. For HTTPS and TLS; not allowed for HTTP, TCP and UDP.")
    ] = None
    allowed_routes: Annotated[
        AllowedRoutes,
        Field("Which routes may attach.", default={"namespaces": {"from": "Same"}}),
    ] = AllowedRoutes()


_NO_TLS = Rule(
    "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
)
_HTTPS_TERMINATES = Rule(
    "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    "tls mode must be Terminate for protocol HTTPS",
)
_TLS_HAS_MODE = Rule(
    "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
    "tls mode must be set for protocol TLS",
)
_NO_HOSTNAME = Rule(
    "self.all(l, l.protocol in ['TCP', 'UDP']  ? (!has(l.hostname) || l.hostname == '') : true)",
    "hostname must not be specified for protocols ['TCP', 'UDP']",
)
_UNIQUE_NAME = Rule(
    "self.all(l1, self.exists_one(l2, l1.name == l2.name))", "Listener name must be unique within the Gateway"
)
_SAME_PLACE = (
    "l1.port == l2.port && l1.protocol == l2.protocol &&"
    " (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))"
)


def listener_rules(*, port_may_be_absent: bool = False) -> tuple[Rule, ...]:
    """The rules for a list of listeners."""
    if port_may_be_absent:
        unique_place = f"self.all(l1, !has(l1.port) || self.exists_one(l2, has(l2.port) && {_SAME_PLACE}))"
    else:
        unique_place = f"self.all(l1, self.exists_one(l2, {_SAME_PLACE}))"
    return (
        _NO_TLS,
        _HTTPS_TERMINATES,
        _TLS_HAS_MODE,
        _NO_HOSTNAME,
        _UNIQUE_NAME,
        Rule(unique_place, "Combination of port, protocol and hostname must be unique for each listener"),
    )


class ListenerStatus(ApiStruct, kw_only=True):
    """What the controller says about one listener."""

    name: Annotated[str, limits.section_name("Name of the listener.")]
    supported_kinds: Annotated[
        tuple[RouteGroupKind, ...],
        limits.atomic_list(
            "Kinds of routes that the listener takes: those it asks for, without the unknown ones.", max_items=8
        ),
    ] = ()
    attached_routes: Annotated[
        int,
        Field("Number of routes that this listener has accepted, even if they are in conflict.", format="int32"),
    ]
    conditions: Annotated[
        tuple[Condition, ...],
        limits.conditions("`Accepted`, `Programmed`, `ResolvedRefs`, `Conflicted`, and others."),
    ]

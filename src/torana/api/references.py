"""How does one object of the Gateway API name another?

Input and output are plain values; whether the named object exists, and whether it may be named, is judged elsewhere.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule

GATEWAY_GROUP = "gateway.networking.k8s.io"


class LocalObjectReference(ApiStruct, kw_only=True):
    """Names an object of the same namespace."""

    group: Annotated[str, limits.group("API group of the object; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the object, e.g. `ConfigMap`.")]
    name: Annotated[str, limits.object_name("Name of the object.")]


class ObjectReference(ApiStruct, kw_only=True):
    """Names an object of any namespace. Another namespace must permit it with a ReferenceGrant."""

    group: Annotated[str, limits.group("API group of the object; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the object, e.g. `ConfigMap`.")]
    name: Annotated[str, limits.object_name("Name of the object.")]
    namespace: Annotated[str, limits.namespace("Namespace of the object; when absent, that of the referrer.")] = ""


class SecretObjectReference(ApiStruct, kw_only=True):
    """Names an object that holds a certificate or key, usually a Secret."""

    group: Annotated[str, limits.group("API group of the object; empty for the core group.", default="")] = ""
    kind: Annotated[str, limits.kind("Kind of the object.", default="Secret")] = "Secret"
    name: Annotated[str, limits.object_name("Name of the object.")]
    namespace: Annotated[
        str,
        limits.namespace(
            "Namespace of the object; when absent, that of the referrer. Another namespace must permit it with a"
            " ReferenceGrant."
        ),
    ] = ""


class ParametersReference(ApiStruct, kw_only=True):
    """Names an object with further configuration of a cluster-scoped object."""

    group: Annotated[str, limits.group("API group of the parameters object; empty for the core group.")]
    kind: Annotated[str, limits.kind("Kind of the parameters object.")]
    name: Annotated[str, limits.object_name("Name of the parameters object.")]
    namespace: Annotated[
        str, limits.namespace("Namespace of the parameters object; absent when it is cluster-scoped.")
    ] = ""


class ParentReference(ApiStruct, kw_only=True):
    """Names what a route wants to attach to: a Gateway, a ListenerSet, or (for a mesh) a Service."""

    group: Annotated[str, limits.group("API group of the parent.", default=GATEWAY_GROUP)] = GATEWAY_GROUP
    kind: Annotated[
        str, limits.kind("Kind of the parent: Gateway, ListenerSet, or Service for mesh traffic.", default="Gateway")
    ] = "Gateway"
    namespace: Annotated[
        str,
        limits.namespace(
            "Namespace of the parent; when absent, that of the referrer. A Gateway in another namespace must allow"
            " routes from here in `allowedRoutes`."
        ),
    ] = ""
    name: Annotated[str, limits.object_name("Name of the parent.")]
    section_name: Annotated[
        str,
        limits.section_name(
            "Attach only to the section of this name: a listener of a Gateway or ListenerSet, a port of a Service."
            " When absent, attach to every section that accepts the route."
        ),
    ] = ""
    port: Annotated[
        int | None,
        limits.port(
            "Attach only to listeners with this port. Together with `sectionName`, both must fit. Prefer `sectionName`,"
            " which survives a change of the port."
        ),
    ] = None


class BackendObjectReference(ApiStruct, kw_only=True):
    """Names what receives traffic, usually a Service."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
            "Must have port for Service reference",
        ),
    )

    group: Annotated[str, limits.group("API group of the backend; empty for the core group.", default="")] = ""
    kind: Annotated[
        str,
        limits.kind(
            "Kind of the backend. Services of type ExternalName are best avoided: they can lead traffic around"
            " namespace boundaries.",
            default="Service",
        ),
    ] = "Service"
    name: Annotated[str, limits.object_name("Name of the backend.")]
    namespace: Annotated[
        str,
        limits.namespace(
            "Namespace of the backend; when absent, that of the referrer. Another namespace must permit it with a"
            " ReferenceGrant."
        ),
    ] = ""
    port: Annotated[
        int | None,
        limits.port("Port of the backend. For a Service it is required and means the Service's port, not the Pod's."),
    ] = None


class BackendRef(BackendObjectReference, kw_only=True):
    """Names a backend that receives a share of the traffic."""

    weight: Annotated[
        int,
        Field(
            "Share of the traffic: this weight divided by the sum of all weights in the list. 0 sends nothing.",
            default=1,
            format="int32",
            minimum=0,
            maximum=1000000,
        ),
    ] = 1

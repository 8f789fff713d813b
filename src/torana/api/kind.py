"""What an API kind is: names, versions, scope, columns, and the Struct that is its one definition."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from torana.api.field import Channel


class Ref(NamedTuple):
    """Identity of an object among the objects of its kind. Cluster-scoped objects have namespace ""."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class ObjectRef(NamedTuple):
    """Identity of an object among all objects."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}"


class Column(msgspec.Struct, frozen=True):
    """One printer column of `kubectl get`. `priority` above 0 shows only with `-o wide`."""

    name: str
    type: Literal["string", "integer", "boolean", "date", "number"]
    json_path: str
    priority: int = 0
    doc: str = ""


class Version(msgspec.Struct, frozen=True):
    """A version of a kind as one channel serves it. All versions of a kind convert into each other without change."""

    name: str
    served: bool = True
    storage: bool = False
    deprecated: str = ""
    """Warning sent to clients of this version; empty when it is not deprecated."""
    channel: Channel = "standard"
    """`experimental`: served by the experimental channel only."""
    struct: type[Any] | None = None
    """The Struct of this version, where its schema differs from the kind's."""


class Kind(msgspec.Struct, frozen=True):
    """A kind: where it stands in the API and which Struct defines it."""

    group: str
    kind: str
    plural: str
    struct: type[Any]
    versions: tuple[Version, ...] = (Version("v1", storage=True),)
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    has_status: bool = True
    """Has a `/status` subresource."""
    has_scale: bool = False
    is_custom: bool = False
    """Installed as a CustomResourceDefinition (the Gateway API kinds), not built into the API server."""
    channel: Channel = "standard"
    labels: tuple[tuple[str, str], ...] = ()
    """Labels of the CustomResourceDefinition."""

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    @property
    def singular_name(self) -> str:
        return self.singular or self.kind.lower()

    @property
    def storage_version(self) -> str:
        return next(version.name for version in self.versions if version.storage)

    @property
    def api_version(self) -> str:
        """`apiVersion` of objects in the storage version."""
        return f"{self.group}/{self.storage_version}" if self.group else self.storage_version

    def path(self, namespace: str = "", version: str = "") -> str:
        """URL path of the collection, e.g. `/apis/apps/v1/namespaces/default/deployments`."""
        version = version or self.storage_version
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}"

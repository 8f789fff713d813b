"""What does the API server know about one resource (a plural name in a group)?

Built-in kinds and CustomResourceDefinitions are both turned into a `Resource`; everything that serves requests reads
only this. Schemas are compiled at first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torana.embedded.apiserver.schema import CompiledSchema, compile_schema

Path = tuple[str, ...]


@dataclass(frozen=True)
class PrinterColumn:
    """One column of the Table of a custom resource."""

    name: str
    type: str
    json_path: str
    priority: int = 0
    doc: str = ""
    format: str = ""


@dataclass(frozen=True)
class Scale:
    """Where the replica counts of a resource with a `/scale` subresource stand."""

    spec_replicas: Path
    status_replicas: Path
    selector: Path = ()


@dataclass
class ServedVersion:
    """One version of a resource. `schema` is the structural schema of the whole object."""

    name: str
    schema: dict[str, Any]
    is_served: bool = True
    is_storage: bool = False
    deprecation: str = ""
    has_status: bool = False
    scale: Scale | None = None
    columns: tuple[PrinterColumn, ...] = ()
    selectable_fields: tuple[str, ...] = ()

    @cached_property
    def compiled(self) -> CompiledSchema:
        return compile_schema(self.schema)


@dataclass
class Resource:
    """A resource as it is served."""

    group: str
    plural: str
    kind: str
    singular: str
    namespaced: bool
    versions: dict[str, ServedVersion]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    is_custom: bool = True
    has_generation: bool = True
    list_kind: str = ""
    store_key: str = ""
    """Under which key objects are stored: that of another resource when both show the same objects."""
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    subresources: tuple[Subresource, ...] = field(default_factory=tuple)
    """Beyond status and scale."""

    def __post_init__(self) -> None:
        self.list_kind = self.list_kind or f"{self.kind}List"
        self.storage = next(version for version in self.versions.values() if version.is_storage)
        self.key = f"{self.plural}.{self.group}" if self.group else self.plural
        self.store_key = self.store_key or self.key

    def api_version(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    @property
    def storage_api_version(self) -> str:
        return self.api_version(self.storage.name)

    @property
    def preferred(self) -> ServedVersion:
        """The newest served version, in Kubernetes' order of versions."""
        return max((v for v in self.versions.values() if v.is_served), key=lambda v: version_order(v.name))


@dataclass(frozen=True)
class Subresource:
    """A further endpoint below each object, e.g. `pods/binding`."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


def version_order(name: str) -> tuple[int, int, int, str]:
    """Sort key: v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > anything else."""
    if not name.startswith("v"):
        return (0, 0, 0, name)
    for rank, word in ((3, ""), (2, "beta"), (1, "alpha")):
        major, found, minor = name[1:].partition(word) if word else (name[1:], "", "0")
        if major.isdigit() and minor.isdigit() and (found or not word):
            return (rank, int(major), int(minor), "")
    return (0, 0, 0, name)

"""CustomResourceDefinition: a kind added to the API."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.core.condition import ObjectCondition
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object


class CustomResourceNames(ApiStruct, kw_only=True):
    """What a kind is called."""

    plural: Annotated[str, Field("Plural name, as in URLs.")]
    singular: Annotated[str, Field("Singular name for the command line. When absent, the kind in lower case.")] = ""
    short_names: Annotated[tuple[str, ...], Field("Abbreviations for the command line.", list_type="atomic")] = ()
    kind: Annotated[str, Field("Name of the kind, as in manifests.")]
    list_kind: Annotated[str, Field("Name of lists of it. When absent, the kind with `List`.")] = ""
    categories: Annotated[tuple[str, ...], Field("Groups of kinds it belongs to, e.g. `all`.", list_type="atomic")] = ()


class CustomResourceColumn(ApiStruct, kw_only=True):
    """A column of `kubectl get`."""

    name: Annotated[str, Field("Head of the column.")]
    type: Annotated[str, Field("string, integer, number, boolean or date.")]
    format: Annotated[str, Field("Finer type, e.g. `name`.")] = ""
    description: Annotated[str, Field("What the column shows.")] = ""
    priority: Annotated[int, Field("Above 0: shown only in wide output.", format="int32")] = 0
    json_path: Annotated[str, Field("Where the value is.")]


class SelectableField(ApiStruct, kw_only=True):
    """A field that field selectors may name."""

    json_path: Annotated[str, Field("Where the field is.")]


class CustomResourceScale(ApiStruct, kw_only=True):
    """Where the number of replicas is."""

    spec_replicas_path: Annotated[str, Field("The number asked for.")]
    status_replicas_path: Annotated[str, Field("The number there is.")]
    label_selector_path: Annotated[str, Field("The selector of what is counted.")] = ""


class CustomResourceSubresources(ApiStruct, kw_only=True):
    """Subresources of a kind."""

    status: Annotated[dict[str, Any] | None, Field("Present: `/status` exists.", preserve_unknown=True)] = None
    scale: Annotated[CustomResourceScale | None, Field("Present: `/scale` exists.")] = None


class CustomResourceValidation(ApiStruct, kw_only=True):
    """What objects must look like."""

    open_api_v3_schema: Annotated[dict[str, Any], Field("Structural schema of the objects.")] = msgspec.field(
        name="openAPIV3Schema", default_factory=dict
    )


class CustomResourceVersion(ApiStruct, kw_only=True):
    """A version of a kind."""

    name: Annotated[str, Field("Name of the version, e.g. `v1`.")]
    served: Annotated[bool, Field("Whether clients can use it.")]
    storage: Annotated[bool, Field("Whether objects are stored in it; true for exactly one.")]
    deprecated: Annotated[bool, Field("True: clients are warned.")] = False
    deprecation_warning: Annotated[str, Field("What they are told.")] = ""
    schema: Annotated[CustomResourceValidation | None, Field("What objects must look like.")] = None
    subresources: Annotated[CustomResourceSubresources | None, Field("Subresources of the kind.")] = None
    additional_printer_columns: Annotated[
        tuple[CustomResourceColumn, ...], Field("Columns of `kubectl get`.", list_type="atomic")
    ] = ()
    selectable_fields: Annotated[
        tuple[SelectableField, ...], Field("Fields that field selectors may name.", list_type="atomic")
    ] = ()


class CustomResourceConversion(ApiStruct, kw_only=True):
    """How versions become each other."""

    strategy: Annotated[str, Field("`None`: only the name of the version changes. `Webhook`: a service is asked.")]
    webhook: Annotated[dict[str, Any] | None, Field("The service.")] = None


class CustomResourceDefinitionSpec(ApiStruct, kw_only=True):
    """The kind."""

    group: Annotated[str, Field("API group of the kind.")]
    names: Annotated[CustomResourceNames, Field("What it is called.")]
    scope: Annotated[str, Field("Namespaced or Cluster.")]
    versions: Annotated[tuple[CustomResourceVersion, ...], Field("Its versions.", list_type="atomic")]
    conversion: Annotated[
        CustomResourceConversion | None, Field("How versions become each other.", default={"strategy": "None"})
    ] = None
    preserve_unknown_fields: Annotated[bool, Field("No longer used; must be false.")] = False


class CustomResourceDefinitionStatus(ApiStruct, kw_only=True):
    """What became of the definition."""

    conditions: Annotated[
        tuple[ObjectCondition, ...],
        Field("`Established`, `NamesAccepted` and others.", list_type="map", map_keys=("type",)),
    ] = ()
    accepted_names: Annotated[CustomResourceNames | None, Field("Names that are in use.")] = None
    stored_versions: Annotated[
        tuple[str, ...], Field("Versions in which objects may be stored.", list_type="atomic")
    ] = ()
    observed_generation: Annotated[int | None, Field("The generation that this is about.", format="int64")] = None


class CustomResourceDefinition(Object, kw_only=True):
    """A kind added to the API. Its name is `<plural>.<group>`."""

    spec: Annotated[CustomResourceDefinitionSpec, Field("The kind.")]
    status: Annotated[CustomResourceDefinitionStatus | None, Field("What became of the definition.")] = None


CUSTOM_RESOURCE_DEFINITION = Kind(
    group="apiextensions.k8s.io",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    struct=CustomResourceDefinition,
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(Column("Created At", "date", ".metadata.creationTimestamp"),),
)

"""Where do the environment variables of a container come from?"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from torana.api.field import ApiStruct, Field


class KeySelector(ApiStruct, kw_only=True):
    """One key of a ConfigMap or Secret."""

    is_atomic: ClassVar[bool] = True

    name: Annotated[str, Field("Name of the object.", default="")] = ""
    key: Annotated[str, Field("Key in it.")]
    optional: Annotated[bool, Field("True: it is no failure if object or key are missing.")] = False


class ObjectFieldSelector(ApiStruct, kw_only=True):
    """A field of the Pod itself."""

    is_atomic: ClassVar[bool] = True

    api_version: Annotated[str, Field("API version of the path.", default="v1")] = "v1"
    field_path: Annotated[str, Field("Path of the field, e.g. `metadata.name` or `status.podIP`.")]


class ResourceFieldSelector(ApiStruct, kw_only=True):
    """A request or limit of a container."""

    is_atomic: ClassVar[bool] = True

    container_name: Annotated[str, Field("Container that is meant; needed in volumes.")] = ""
    resource: Annotated[str, Field("What is meant, e.g. `limits.cpu`.")]
    divisor: Annotated[int | str, Field("Unit to give the value in.", default="0", int_or_string=True)] = "0"


class EnvVarSource(ApiStruct, kw_only=True):
    """Where a value comes from. One field is set."""

    field_ref: Annotated[ObjectFieldSelector | None, Field("A field of the Pod.")] = None
    resource_field_ref: Annotated[ResourceFieldSelector | None, Field("A request or limit of a container.")] = None
    config_map_key_ref: Annotated[KeySelector | None, Field("A key of a ConfigMap.")] = None
    secret_key_ref: Annotated[KeySelector | None, Field("A key of a Secret.")] = None
    file_key_ref: Annotated[dict[str, Any] | None, Field("A key of a file in a volume.")] = None


class EnvVar(ApiStruct, kw_only=True):
    """An environment variable."""

    name: Annotated[str, Field("Name of the variable.")]
    value: Annotated[str, Field("Value; `$(NAME)` stands for a variable defined before.")] = ""
    value_from: Annotated[EnvVarSource | None, Field("Where the value comes from, if it is not `value`.")] = None


class EnvSource(ApiStruct, kw_only=True):
    """A ConfigMap or Secret."""

    name: Annotated[str, Field("Name of the object.", default="")] = ""
    optional: Annotated[bool, Field("True: it is no failure if the object is missing.")] = False


class EnvFromSource(ApiStruct, kw_only=True):
    """An object whose every key becomes a variable."""

    prefix: Annotated[str, Field("Put before each key.")] = ""
    config_map_ref: Annotated[EnvSource | None, Field("A ConfigMap.")] = None
    secret_ref: Annotated[EnvSource | None, Field("A Secret.")] = None

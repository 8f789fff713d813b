"""How do built-in objects name other objects?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api.field import ApiStruct, Field


class ObjectReference(ApiStruct, kw_only=True):
    """Names any object, as exactly as the referrer cares to."""

    is_atomic: ClassVar[bool] = True

    api_version: Annotated[str, Field("API version of the object.")] = ""
    kind: Annotated[str, Field("Kind of the object.")] = ""
    namespace: Annotated[str, Field("Namespace of the object.")] = ""
    name: Annotated[str, Field("Name of the object.")] = ""
    uid: Annotated[str, Field("UID of the object.")] = ""
    resource_version: Annotated[str, Field("Revision of the object that is meant.")] = ""
    field_path: Annotated[str, Field("Part of the object that is meant, e.g. `spec.containers{name}`.")] = ""


class LocalObjectReference(ApiStruct, kw_only=True):
    """Names an object of the same namespace, whose kind the field implies."""

    is_atomic: ClassVar[bool] = True

    name: Annotated[str, Field("Name of the object.", default="")] = ""

"""Roles and their bindings: who may do what with which objects?"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import LabelSelector, Object

RBAC_GROUP = "rbac.authorization.k8s.io"


class PolicyRule(ApiStruct, kw_only=True):
    """Something that is allowed. Nothing is ever forbidden: what no rule allows is not allowed."""

    verbs: Annotated[
        tuple[str, ...],
        Field(
            "get, list, watch, create, update, patch, delete, deletecollection and others; `*` is all.",
            list_type="atomic",
        ),
    ]
    api_groups: Annotated[
        tuple[str, ...], Field("API groups; an empty one is the core group, `*` is all.", list_type="atomic")
    ] = ()
    resources: Annotated[
        tuple[str, ...],
        Field("Plural names of kinds, with subresource as `pods/log`; `*` is all.", list_type="atomic"),
    ] = ()
    resource_names: Annotated[tuple[str, ...], Field("Names of objects. When empty, all.", list_type="atomic")] = ()
    non_resource_urls: Annotated[
        tuple[str, ...],
        Field("Paths that are no objects, such as `/healthz`; only in ClusterRoles.", list_type="atomic"),
    ] = msgspec.field(name="nonResourceURLs", default=())


class AggregationRule(ApiStruct, kw_only=True):
    """Which ClusterRoles a ClusterRole is put together from."""

    cluster_role_selectors: Annotated[
        tuple[LabelSelector, ...], Field("Labels of the ClusterRoles whose rules are taken over.", list_type="atomic")
    ] = ()


class Subject(ApiStruct, kw_only=True):
    """Somebody."""

    is_atomic: ClassVar[bool] = True

    kind: Annotated[str, Field("User, Group or ServiceAccount.")]
    api_group: Annotated[str, Field("Empty for ServiceAccounts, else rbac.authorization.k8s.io.")] = ""
    name: Annotated[str, Field("Name of the user, group or account.")]
    namespace: Annotated[str, Field("Namespace of the account.")] = ""


class RoleRef(ApiStruct, kw_only=True):
    """Names the role that a binding gives. It cannot be changed later."""

    is_atomic: ClassVar[bool] = True

    api_group: Annotated[str, Field("rbac.authorization.k8s.io.", default=RBAC_GROUP)] = RBAC_GROUP
    kind: Annotated[str, Field("Role or ClusterRole.")]
    name: Annotated[str, Field("Name of the role.")]


class Role(Object, kw_only=True):
    """What may be done in one namespace."""

    rules: Annotated[tuple[PolicyRule, ...], Field("What is allowed.", list_type="atomic")] = ()


class ClusterRole(Object, kw_only=True):
    """What may be done in the whole cluster, or wherever it is bound."""

    rules: Annotated[tuple[PolicyRule, ...], Field("What is allowed.", list_type="atomic")] = ()
    aggregation_rule: Annotated[AggregationRule | None, Field("Other ClusterRoles whose rules this one gathers.")] = (
        None
    )


class RoleBinding(Object, kw_only=True):
    """Gives a role to somebody in one namespace."""

    subjects: Annotated[tuple[Subject, ...], Field("Who gets the role.", list_type="atomic")] = ()
    role_ref: Annotated[RoleRef, Field("The role, of this namespace or of the cluster.")]


class ClusterRoleBinding(Object, kw_only=True):
    """Gives a ClusterRole to somebody in the whole cluster."""

    subjects: Annotated[tuple[Subject, ...], Field("Who gets the role.", list_type="atomic")] = ()
    role_ref: Annotated[RoleRef, Field("The ClusterRole.")]


_CREATED = Column("Created At", "date", ".metadata.creationTimestamp")
_AGE = Column("Age", "date", ".metadata.creationTimestamp")
_ROLE = Column("Role", "string", ".roleRef.name")

ROLE = Kind(
    group=RBAC_GROUP,
    kind="Role",
    plural="roles",
    struct=Role,
    has_status=False,
    columns=(_CREATED,),
)
CLUSTER_ROLE = Kind(
    group=RBAC_GROUP,
    kind="ClusterRole",
    plural="clusterroles",
    struct=ClusterRole,
    namespaced=False,
    has_status=False,
    columns=(_CREATED,),
)
ROLE_BINDING = Kind(
    group=RBAC_GROUP,
    kind="RoleBinding",
    plural="rolebindings",
    struct=RoleBinding,
    has_status=False,
    columns=(_ROLE, _AGE),
)
CLUSTER_ROLE_BINDING = Kind(
    group=RBAC_GROUP,
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    struct=ClusterRoleBinding,
    namespaced=False,
    has_status=False,
    columns=(_ROLE, _AGE),
)

"""ValidatingAdmissionPolicy and its binding: which writes are refused, by CEL expressions?

The Gateway API's install bundle carries one that guards its own definitions.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from torana.api.core.condition import ObjectCondition
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object

ADMISSION_GROUP = "admissionregistration.k8s.io"


class ParamKind(ApiStruct, kw_only=True):
    """Kind of the objects that hold a policy's parameters."""

    api_version: Annotated[str, Field("API version of the kind.")] = ""
    kind: Annotated[str, Field("Name of the kind.")] = ""


class PolicyValidation(ApiStruct, kw_only=True):
    """An expression that must be true of every write."""

    expression: Annotated[str, Field("The CEL expression, over `object`, `oldObject`, `request` and others.")]
    message: Annotated[str, Field("What the writer is told when it is false.")] = ""
    message_expression: Annotated[str, Field("CEL expression for the message.")] = ""
    reason: Annotated[str, Field("Machine-readable reason of the refusal.")] = ""


class NamedExpression(ApiStruct, kw_only=True):
    """A CEL expression with a name."""

    name: Annotated[str, Field("Its name.")]
    expression: Annotated[str, Field("The expression.")]


class AuditAnnotation(ApiStruct, kw_only=True):
    """Something that is noted in the audit log."""

    key: Annotated[str, Field("Key of the note.")]
    value_expression: Annotated[str, Field("CEL expression for its text.")]


def _named(doc: str) -> Field:
    return Field(doc, list_type="map", map_keys=("name",), merge_key="name")


class ValidatingAdmissionPolicySpec(ApiStruct, kw_only=True):
    """Which writes are looked at, and what must be true of them."""

    param_kind: Annotated[ParamKind | None, Field("Kind of the objects that hold parameters.")] = None
    match_constraints: Annotated[dict[str, Any], Field("Which writes are looked at.")] = msgspec.field(
        default_factory=dict
    )
    match_conditions: Annotated[tuple[NamedExpression, ...], _named("Further tests of which writes.")] = ()
    variables: Annotated[tuple[NamedExpression, ...], _named("Expressions that others can use by name.")] = ()
    validations: Annotated[tuple[PolicyValidation, ...], Field("What must be true of them.", list_type="atomic")] = ()
    audit_annotations: Annotated[
        tuple[AuditAnnotation, ...], Field("What is noted in the audit log.", list_type="atomic")
    ] = ()
    failure_policy: Annotated[
        str, Field("`Fail` or `Ignore`: what happens when an expression cannot be evaluated.", default="Fail")
    ] = "Fail"


class ValidatingAdmissionPolicyStatus(ApiStruct, kw_only=True):
    """What became of the policy."""

    observed_generation: Annotated[int | None, Field("The generation that this is about.", format="int64")] = None
    type_checking: Annotated[dict[str, Any], Field("Mistakes found in the expressions.")] = msgspec.field(
        default_factory=dict
    )
    conditions: Annotated[
        tuple[ObjectCondition, ...], Field("Aspects of the policy's state.", list_type="map", map_keys=("type",))
    ] = ()


class ValidatingAdmissionPolicy(Object, kw_only=True):
    """Refuses writes of which its expressions are not true. It acts only where a binding says so."""

    spec: Annotated[
        ValidatingAdmissionPolicySpec, Field("Which writes are looked at, and what must be true of them.")
    ] = ValidatingAdmissionPolicySpec()
    status: Annotated[ValidatingAdmissionPolicyStatus, Field("What became of the policy.")] = (
        ValidatingAdmissionPolicyStatus()
    )


class ValidatingAdmissionPolicyBindingSpec(ApiStruct, kw_only=True):
    """Where a policy acts, and how."""

    policy_name: Annotated[str, Field("Name of the policy.")] = ""
    param_ref: Annotated[dict[str, Any], Field("Object that holds the parameters.")] = msgspec.field(
        default_factory=dict
    )
    match_resources: Annotated[dict[str, Any], Field("Which of the policy's writes this is for.")] = msgspec.field(
        default_factory=dict
    )
    validation_actions: Annotated[
        tuple[str, ...], Field("Deny, Warn, Audit: what follows when an expression is false.", list_type="set")
    ] = ()


class ValidatingAdmissionPolicyBinding(Object, kw_only=True):
    """Puts a ValidatingAdmissionPolicy into effect."""

    spec: Annotated[ValidatingAdmissionPolicyBindingSpec, Field("Where the policy acts, and how.")] = (
        ValidatingAdmissionPolicyBindingSpec()
    )


VALIDATING_ADMISSION_POLICY = Kind(
    group=ADMISSION_GROUP,
    kind="ValidatingAdmissionPolicy",
    plural="validatingadmissionpolicies",
    struct=ValidatingAdmissionPolicy,
    namespaced=False,
    categories=("api-extensions",),
    columns=(
        Column("ParamKind", "string", ".spec.paramKind.kind"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
VALIDATING_ADMISSION_POLICY_BINDING = Kind(
    group=ADMISSION_GROUP,
    kind="ValidatingAdmissionPolicyBinding",
    plural="validatingadmissionpolicybindings",
    struct=ValidatingAdmissionPolicyBinding,
    namespaced=False,
    has_status=False,
    categories=("api-extensions",),
    columns=(
        Column("PolicyName", "string", ".spec.policyName"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)

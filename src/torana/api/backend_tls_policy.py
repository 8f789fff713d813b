"""BackendTLSPolicy: how does a Gateway speak TLS with a backend, and what certificate must the backend show?"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from torana.api import limits
from torana.api.field import ApiStruct, Field, Rule
from torana.api.kind import Column, Kind, Version
from torana.api.listener import ANNOTATION_VALUE
from torana.api.meta import Object
from torana.api.policies import (
    DIRECT_POLICY_LABEL,
    DISTINCT_TARGETS,
    LocalPolicyTargetReferenceWithSectionName,
    PolicyStatus,
)
from torana.api.references import GATEWAY_GROUP, LocalObjectReference
from torana.api.stream_rule import superseded

_URI = r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?"
_WELL_KNOWN = rf"^(System|({limits.SUBDOMAIN}/([A-Za-z0-9][-A-Za-z0-9_.]{{0,61}})?[A-Za-z0-9]))$"


def _name_rules(name_type: str, field: str) -> tuple[Rule, ...]:
    return (
        Rule(
            f'!(self.type == "{name_type}" && (!has(self.{field}) || self.{field} == ""))',
            f"SubjectAltName element must contain {name_type}, if Type is set to {name_type}",
        ),
        Rule(
            f'!(self.type != "{name_type}" && has(self.{field}) && self.{field} != "")',
            f"SubjectAltName element must not contain {name_type}, if Type is not set to {name_type}",
        ),
    )


class SubjectAltName(ApiStruct, kw_only=True):
    """A name that a certificate may carry."""

    cel: ClassVar[tuple[Rule, ...]] = (*_name_rules("Hostname", "hostname"), *_name_rules("URI", "uri"))

    type: Annotated[str, Field("What the name is.", enum=("Hostname", "URI"))]
    hostname: Annotated[str, limits.hostname("The name, for type Hostname. `*.` in front fits one label.")] = ""
    uri: Annotated[
        str, Field("The name, for type URI, e.g. a SPIFFE ID.", min_length=1, max_length=253, pattern=_URI)
    ] = ""


_REFS_GIVEN = "has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0"
_WELL_KNOWN_GIVEN = 'has(self.wellKnownCACertificates) && self.wellKnownCACertificates != ""'


class BackendTLSPolicyValidation(ApiStruct, kw_only=True):
    """What certificate the backend must show."""

    cel: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"!({_REFS_GIVEN} && {_WELL_KNOWN_GIVEN})",
            "must not contain both CACertificateRefs and WellKnownCACertificates",
        ),
        Rule(
            f"({_REFS_GIVEN} || {_WELL_KNOWN_GIVEN})",
            "must specify either CACertificateRefs or WellKnownCACertificates",
        ),
    )

    ca_certificate_refs: Annotated[
        tuple[LocalObjectReference, ...],
        limits.atomic_list(
            "ConfigMaps (or Secrets) that hold, under `ca.crt`, the authorities that are trusted.", max_items=8
        ),
    ] = ()
    well_known_ca_certificates: Annotated[
        str,
        Field(
            "Trust a known set of authorities instead: `System`, or one of the controller's own as `domain/name`.",
            min_length=1,
            max_length=253,
            pattern=_WELL_KNOWN,
        ),
    ] = msgspec.field(name="wellKnownCACertificates", default="")
    hostname: Annotated[
        str,
        limits.precise_hostname(
            "Server name to ask for. The certificate must carry it, unless `subjectAltNames` says what it must carry."
        ),
    ]
    subject_alt_names: Annotated[
        tuple[SubjectAltName, ...],
        limits.atomic_list(
            "Names of which the certificate must carry at least one, instead of `hostname`.", max_items=5
        ),
    ] = ()


class BackendTLSPolicySpec(ApiStruct, kw_only=True):
    """Which backends, and how they are spoken to."""

    target_refs: Annotated[
        tuple[LocalPolicyTargetReferenceWithSectionName, ...],
        limits.atomic_list(
            "Backends that TLS is spoken with, usually Services. Of several policies for one target the oldest counts.",
            max_items=16,
            min_items=1,
            rules=DISTINCT_TARGETS,
        ),
    ]
    validation: Annotated[BackendTLSPolicyValidation, Field("What certificate the backend must show.")]
    options: Annotated[
        dict[str, str],
        Field("Further TLS settings that the controller defines.", max_properties=16, item=ANNOTATION_VALUE),
    ] = msgspec.field(default_factory=dict)


class BackendTLSPolicy(Object, kw_only=True):
    """Makes Gateways speak TLS with backends, and says what certificate these must show."""

    spec: Annotated[BackendTLSPolicySpec, Field("Which backends, and how they are spoken to.")]
    status: Annotated[PolicyStatus | None, Field("How the policy works out.")] = None


BACKEND_TLS_POLICY = Kind(
    group=GATEWAY_GROUP,
    kind="BackendTLSPolicy",
    plural="backendtlspolicies",
    struct=BackendTLSPolicy,
    versions=(
        Version("v1", storage=True),
        Version("v1alpha3", channel="experimental", deprecated=superseded("BackendTLSPolicy", "v1alpha3")),
    ),
    short_names=("btlspolicy",),
    categories=("gateway-api",),
    columns=(Column("Age", "date", ".metadata.creationTimestamp"),),
    is_custom=True,
    labels=(DIRECT_POLICY_LABEL,),
)

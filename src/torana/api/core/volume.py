"""Which files does a Pod find, and where do they come from?"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from torana.api.core.environment import ObjectFieldSelector, ResourceFieldSelector
from torana.api.field import ApiStruct, Field

_MODE = Field("Permissions of the file. When absent, those of the volume.", format="int32")
_DEFAULT_MODE = Field("Permissions of files that do not say.", default=420, format="int32")


class KeyToPath(ApiStruct, kw_only=True):
    """Where one key appears."""

    key: Annotated[str, Field("The key.")]
    path: Annotated[str, Field("Path below the volume.")]
    mode: Annotated[int | None, _MODE] = None


_ITEMS = Field("Which keys appear, and where. When empty, all, each as a file of its name.", list_type="atomic")


class SecretVolumeSource(ApiStruct, kw_only=True):
    """The keys of a Secret as files."""

    secret_name: Annotated[str, Field("Name of the Secret.")] = ""
    items: Annotated[tuple[KeyToPath, ...], _ITEMS] = ()
    default_mode: Annotated[int, _DEFAULT_MODE] = 420
    optional: Annotated[bool, Field("True: it is no failure if Secret or key are missing.")] = False


class ConfigMapVolumeSource(ApiStruct, kw_only=True):
    """The keys of a ConfigMap as files."""

    name: Annotated[str, Field("Name of the ConfigMap.", default="")] = ""
    items: Annotated[tuple[KeyToPath, ...], _ITEMS] = ()
    default_mode: Annotated[int, _DEFAULT_MODE] = 420
    optional: Annotated[bool, Field("True: it is no failure if ConfigMap or key are missing.")] = False


class EmptyDirVolumeSource(ApiStruct, kw_only=True):
    """A directory that is empty at first and goes with the Pod."""

    medium: Annotated[str, Field("`Memory`, or empty for the disk.")] = ""
    size_limit: Annotated[int | str | None, Field("The most it may hold.", int_or_string=True)] = None


class HostPathVolumeSource(ApiStruct, kw_only=True):
    """A file or directory of the node."""

    path: Annotated[str, Field("Path on the node.")]
    type: Annotated[str, Field("What must be there, e.g. `Directory`; empty for no check.", default="")] = ""


class DownwardAPIVolumeFile(ApiStruct, kw_only=True):
    """A file with a fact about the Pod."""

    path: Annotated[str, Field("Path below the volume.")]
    field_ref: Annotated[ObjectFieldSelector | None, Field("A field of the Pod.")] = None
    resource_field_ref: Annotated[ResourceFieldSelector | None, Field("A request or limit of a container.")] = None
    mode: Annotated[int | None, _MODE] = None


class DownwardAPIVolumeSource(ApiStruct, kw_only=True):
    """Facts about the Pod as files."""

    items: Annotated[tuple[DownwardAPIVolumeFile, ...], Field("The files.", list_type="atomic")] = ()
    default_mode: Annotated[int, _DEFAULT_MODE] = 420


class SecretProjection(ApiStruct, kw_only=True):
    """The keys of a Secret as files among others."""

    name: Annotated[str, Field("Name of the Secret.", default="")] = ""
    items: Annotated[tuple[KeyToPath, ...], _ITEMS] = ()
    optional: Annotated[bool, Field("True: it is no failure if Secret or key are missing.")] = False


class ConfigMapProjection(ApiStruct, kw_only=True):
    """The keys of a ConfigMap as files among others."""

    name: Annotated[str, Field("Name of the ConfigMap.", default="")] = ""
    items: Annotated[tuple[KeyToPath, ...], _ITEMS] = ()
    optional: Annotated[bool, Field("True: it is no failure if ConfigMap or key are missing.")] = False


class DownwardAPIProjection(ApiStruct, kw_only=True):
    """Facts about the Pod as files among others."""

    items: Annotated[tuple[DownwardAPIVolumeFile, ...], Field("The files.", list_type="atomic")] = ()


class ServiceAccountTokenProjection(ApiStruct, kw_only=True):
    """A token of the Pod's ServiceAccount, renewed before it expires."""

    audience: Annotated[str, Field("Whom the token is for. When absent, the API server.")] = ""
    expiration_seconds: Annotated[int, Field("How long the token is good.", default=3600, format="int64")] = 3600
    path: Annotated[str, Field("Path below the volume.")]


class VolumeProjection(ApiStruct, kw_only=True):
    """One source of a projected volume. One field is set."""

    secret: Annotated[SecretProjection | None, Field("Keys of a Secret.")] = None
    config_map: Annotated[ConfigMapProjection | None, Field("Keys of a ConfigMap.")] = None
    downward_api: Annotated[DownwardAPIProjection | None, Field("Facts about the Pod.")] = msgspec.field(
        name="downwardAPI", default=None
    )
    service_account_token: Annotated[
        ServiceAccountTokenProjection | None, Field("A token of the Pod's ServiceAccount.")
    ] = None
    cluster_trust_bundle: Annotated[dict[str, Any] | None, Field("Certificates of the cluster.")] = None
    pod_certificate: Annotated[dict[str, Any] | None, Field("A certificate of the Pod's own.")] = None


class ProjectedVolumeSource(ApiStruct, kw_only=True):
    """Several sources in one directory."""

    sources: Annotated[tuple[VolumeProjection, ...], Field("The sources.", list_type="atomic")] = ()
    default_mode: Annotated[int, _DEFAULT_MODE] = 420


class PersistentVolumeClaimVolumeSource(ApiStruct, kw_only=True):
    """A volume that outlives the Pod."""

    claim_name: Annotated[str, Field("Name of the claim.")]
    read_only: Annotated[bool, Field("True: the Pod cannot write to it.")] = False


class Volume(ApiStruct, kw_only=True):
    """A directory that containers of the Pod can share. One of the sources is set."""

    is_open: ClassVar[bool] = True

    name: Annotated[str, Field("Name of the volume, unique in the Pod.")]
    secret: Annotated[SecretVolumeSource | None, Field("The keys of a Secret.")] = None
    config_map: Annotated[ConfigMapVolumeSource | None, Field("The keys of a ConfigMap.")] = None
    empty_dir: Annotated[EmptyDirVolumeSource | None, Field("A directory, empty at first.")] = None
    host_path: Annotated[HostPathVolumeSource | None, Field("A file or directory of the node.")] = None
    projected: Annotated[ProjectedVolumeSource | None, Field("Several sources in one directory.")] = None
    downward_api: Annotated[DownwardAPIVolumeSource | None, Field("Facts about the Pod.")] = msgspec.field(
        name="downwardAPI", default=None
    )
    persistent_volume_claim: Annotated[
        PersistentVolumeClaimVolumeSource | None, Field("A volume that outlives the Pod.")
    ] = None
    nfs: Annotated[dict[str, Any] | None, Field("A directory of an NFS server.")] = None
    csi: Annotated[dict[str, Any] | None, Field("A volume of a storage driver.")] = None
    ephemeral: Annotated[dict[str, Any] | None, Field("A volume made for the Pod by a storage driver.")] = None
    image: Annotated[dict[str, Any] | None, Field("The files of an image.")] = None

"""How does a test store what the CRDs of today forbid, and those of another version or vendor did not?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.kubernetes import Kubernetes
from tests.e2e.waiting import eventually

KIND = "CustomResourceDefinition"


@contextmanager
def other_crd(kubernetes: Kubernetes, name: str, edit: Callable[[Any], None]) -> Iterator[None]:
    """While inside, this CRD's schemas of `spec` are as `edit` leaves them."""
    before = kubernetes.get(KIND, "", name)["spec"]["versions"]
    changed = kubernetes.get(KIND, "", name)["spec"]["versions"]
    for version in changed:
        edit(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    kubernetes.merge(KIND, "", name, {"spec": {"versions": changed}})
    try:
        yield
    finally:
        kubernetes.merge(KIND, "", name, {"spec": {"versions": before}})


def store(kubernetes: Kubernetes, document: dict[str, Any]) -> None:
    """The object is stored as soon as the API server knows the other schema."""
    eventually(lambda: kubernetes.apply(document), deadline_s=10)

"""Which resources are served right now?

Built-ins never change; custom ones follow the CustomResourceDefinitions. `revision` counts changes, for caches of what
is derived from the catalog (discovery, OpenAPI).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torana.embedded.apiserver.resource import Resource, ServedVersion, version_order


class Catalog:
    """Resources by group and plural."""

    def __init__(self, builtin: Iterable[Resource]) -> None:
        self._resources = {(resource.group, resource.plural): resource for resource in builtin}
        self.revision = 0

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def find(self, group: str, plural: str) -> Resource | None:
        return self._resources.get((group, plural))

    def find_served(self, group: str, version: str, plural: str) -> tuple[Resource, ServedVersion] | None:
        resource = self._resources.get((group, plural))
        if resource is None:
            return None
        served = resource.versions.get(version)
        return (resource, served) if served is not None and served.is_served else None

    def find_kind(self, group: str, kind: str) -> Resource | None:
        return next((r for r in self._resources.values() if r.group == group and r.kind == kind), None)

    def put(self, resource: Resource) -> None:
        self._resources[resource.group, resource.plural] = resource
        self.revision += 1

    def remove(self, group: str, plural: str) -> None:
        if self._resources.pop((group, plural), None) is not None:
            self.revision += 1

    def groups(self) -> dict[str, list[str]]:
        """Group names to their served versions, most preferred first. Groups that serve nothing are left out."""
        found: dict[str, set[str]] = {}
        for resource in self:
            for version in resource.versions.values():
                if version.is_served:
                    found.setdefault(resource.group, set()).add(version.name)
        return {group: sorted(versions, key=version_order, reverse=True) for group, versions in sorted(found.items())}

    def of_version(self, group: str, version: str) -> list[tuple[Resource, ServedVersion]]:
        """Resources served in a group and version, by plural name."""
        found = [
            (resource, served)
            for resource in self
            if resource.group == group and (served := resource.versions.get(version)) is not None and served.is_served
        ]
        return sorted(found, key=lambda pair: pair[0].plural)

"""May this user send this request? The RBAC objects in the store, kept as a policy until one of them changes."""

from __future__ import annotations

from typing import Any

import orjson

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.rbac import AccessRequest, Decision, RbacPolicy, authorize, denial
from torana.embedded.apiserver.request import Target, User
from torana.embedded.apiserver.store import Event, Store

GROUP = "rbac.authorization.k8s.io"
OPEN_PATHS = frozenset({"/healthz", "/livez", "/readyz", "/version"})
"""What anybody may read, anonymous or not."""
KEPT_DECISIONS = 4096


class Authorizer:
    """Decides by the roles and bindings that are visible now."""

    def __init__(self, store: Store) -> None:
        self._collections = [
            store.collection(f"{plural}.{GROUP}")
            for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
        ]
        for collection in self._collections:
            collection.listeners.add(self._forget)
        self._policy: RbacPolicy | None = None
        self._decisions: dict[AccessRequest, Decision] = {}

    def _forget(self, _event: Event) -> None:
        self._policy = None
        self._decisions.clear()

    @property
    def policy(self) -> RbacPolicy:
        if self._policy is None:
            objects: list[list[Any]] = [
                [orjson.loads(entry.raw) for entry in collection.visible()] for collection in self._collections
            ]
            self._policy = RbacPolicy.of(
                roles=objects[0], cluster_roles=objects[1], role_bindings=objects[2], cluster_role_bindings=objects[3]
            )
        return self._policy

    def decide(self, request: AccessRequest) -> Decision:
        """Whether a request is allowed, and why."""
        known = self._decisions.get(request)
        if known is None:
            known = authorize(request, self.policy)
            if len(self._decisions) >= KEPT_DECISIONS:
                self._decisions.clear()
            self._decisions[request] = known
        return known

    def impersonated(self, user: User, headers: dict[str, str]) -> User:
        """The user whom a request with `Impersonate-*` headers acts for. Raises Forbidden when that is not allowed."""
        name = headers.get("impersonate-user", "")
        groups = [group.strip() for group in headers.get("impersonate-group", "").split(",") if group.strip()]
        if not name:
            if groups:
                raise errors.bad_request("Impersonate-Group is given without Impersonate-User")
            return user
        wanted = [_impersonation(name), *(("", "groups", "", group) for group in groups)]
        for group, plural, namespace, who in wanted:
            request = AccessRequest(user.name, "impersonate", user.groups, group, plural, "", namespace, who)
            if not self.decide(request).allowed:
                raise errors.forbidden(group, plural, who, denial(request))
        if name.startswith(_ACCOUNT) and not groups:
            groups = ["system:serviceaccounts", f"system:serviceaccounts:{name.split(':')[2]}"]
        return User(name, tuple(dict.fromkeys([*groups, "system:authenticated"])))

    def check(self, user: User, target: Target) -> None:
        """Raises Forbidden when the user may not do what the request asks for."""
        if target.path in OPEN_PATHS or target.path.startswith(("/livez/", "/readyz/", "/healthz/")):
            return
        request = access_request(user, target)
        if self.decide(request).allowed:
            return
        if target.is_resource:
            raise errors.forbidden(target.group, target.plural, target.name, denial(request))
        raise errors.ApiFailure(403, "Forbidden", f"forbidden: {denial(request)}", {})


_ACCOUNT = "system:serviceaccount:"


def _impersonation(name: str) -> tuple[str, str, str, str]:
    """(group, resource, namespace, name) that a user must be allowed to impersonate to act as `name`."""
    parts = name.split(":")
    if name.startswith(_ACCOUNT) and len(parts) == 4:
        return ("", "serviceaccounts", parts[2], parts[3])
    return ("", "users", "", name)


def access_request(user: User, target: Target) -> AccessRequest:
    """What a request asks for, as RBAC sees it."""
    if not target.is_resource:
        return AccessRequest(user.name, target.verb, user.groups, path=target.path)
    return AccessRequest(
        user.name,
        target.verb,
        user.groups,
        target.group,
        target.plural,
        target.subresource,
        target.namespace,
        target.name,
        target.path,
    )

"""Which questions about users and permissions does the API answer? Access reviews, token reviews, token requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from torana.embedded.apiserver import codec, errors
from torana.embedded.apiserver.authn import Authenticator
from torana.embedded.apiserver.authz import Authorizer
from torana.embedded.apiserver.rbac import AccessRequest
from torana.embedded.apiserver.request import Request, Target, User
from torana.embedded.apiserver.response import Response, json_response
from torana.embedded.apiserver.tokens import Tokens

Obj = dict[str, Any]
AUTHZ, AUTHN = "authorization.k8s.io", "authentication.k8s.io"


class Reviews:
    """Answers the review resources; nothing of them is stored."""

    def __init__(self, authorizer: Authorizer, authenticator: Authenticator, tokens: Tokens) -> None:
        self._authorizer = authorizer
        self._authenticator = authenticator
        self._tokens = tokens
        self._answers: dict[tuple[str, str], Callable[[Request, Obj], Obj]] = {
            (AUTHZ, "selfsubjectaccessreviews"): self._self_access,
            (AUTHZ, "subjectaccessreviews"): self._access,
            (AUTHZ, "localsubjectaccessreviews"): self._access,
            (AUTHZ, "selfsubjectrulesreviews"): self._rules,
            (AUTHN, "selfsubjectreviews"): self._self,
            (AUTHN, "tokenreviews"): self._token,
        }

    def find(self, target: Target) -> Callable[[Request], Awaitable[Response]] | None:
        """The answer to a review resource, None for every other resource."""
        answer = self._answers.get((target.group, target.plural))
        if answer is None or target.version != "v1":
            return None
        found = answer

        async def respond(request: Request) -> Response:
            if request.target.verb != "create":
                raise errors.method_not_supported(target.group, target.plural, request.target.verb)
            obj, _ = codec.decode_object(request)
            obj["status"] = found(request, obj)
            return json_response(obj, 201)

        return respond

    def _self_access(self, request: Request, obj: Obj) -> Obj:
        return self._decide(request.user.name, request.user.groups, obj.get("spec") or {})

    def _access(self, _request: Request, obj: Obj) -> Obj:
        spec = obj.get("spec") or {}
        return self._decide(str(spec.get("user", "")), tuple(spec.get("groups") or ()), spec)

    def _decide(self, user: str, groups: tuple[str, ...], spec: Obj) -> Obj:
        about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if isinstance(about, dict):
            request = AccessRequest(
                user,
                about.get("verb", ""),
                groups,
                about.get("group", ""),
                about.get("resource", ""),
                about.get("subresource", ""),
                about.get("namespace", ""),
                about.get("name", ""),
            )
        elif isinstance(path, dict):
            request = AccessRequest(user, path.get("verb", ""), groups, path=path.get("path", ""))
        else:
            raise errors.bad_request("spec: exactly one of resourceAttributes and nonResourceAttributes must be given")
        decision = self._authorizer.decide(request)
        return {"allowed": decision.allowed, **({"reason": decision.reason} if decision.reason else {})}

    def _rules(self, request: Request, obj: Obj) -> Obj:
        namespace = (obj.get("spec") or {}).get("namespace", "")
        user = request.user
        rules = self._authorizer.policy.rules_for(user.name, user.groups, namespace)
        return {
            "incomplete": False,
            "resourceRules": [
                {key: rule[key] for key in ("verbs", "apiGroups", "resources", "resourceNames") if rule.get(key)}
                for rule in rules
                if rule.get("resources")
            ],
            "nonResourceRules": [
                {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
                for rule in rules
                if rule.get("nonResourceURLs")
            ],
        }

    def _self(self, request: Request, _obj: Obj) -> Obj:
        return {"userInfo": _user_info(request.user)}

    def _token(self, _request: Request, obj: Obj) -> Obj:
        user = self._authenticator.token_user(str((obj.get("spec") or {}).get("token", "")))
        if user is None:
            return {"authenticated": False, "error": "the token is not valid"}
        return {"authenticated": True, "user": _user_info(user)}


def _user_info(user: User) -> Obj:
    info: Obj = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    return info

"""Who may do what, and how the API answers questions about it."""

from __future__ import annotations

import pytest
from tests.unit.apiserver.rig import GATEWAY, Api, Refused, config_map, gateway, route

from torana.embedded.apiserver.authn import certificate_user
from torana.embedded.apiserver.request import ANONYMOUS, User

ALICE = User("alice", ("developers", "system:authenticated"))
CONTROLLER = User("torana-controller", ("torana:controllers", "system:authenticated"))
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


async def bind(api: Api, role: str, group: str, namespace: str) -> None:
    binding = {
        "metadata": {"name": f"{role}-{group}"},
        "roleRef": {"kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "Group", "name": group}],
    }
    await api.create(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings", binding)


async def test_nobody_may_do_what_nothing_allows(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        await api.call("GET", "/api/v1/namespaces/default/secrets/one", user=ALICE)
    assert refused.value.code == 403
    assert refused.value.status["message"] == (
        'secrets "one" is forbidden: User "alice" cannot get resource "secrets" in API group "" '
        'in the namespace "default"'
    )


async def test_a_developer_owns_routes_in_one_namespace_and_no_gateways(api: Api) -> None:
    await bind(api, "gateway-application-developer", "developers", "default")
    await api.call("POST", f"{GATEWAY}/namespaces/default/httproutes", route(), user=ALICE)
    for path, obj in (
        (f"{GATEWAY}/namespaces/default/gateways", gateway()),
        (f"{GATEWAY}/namespaces/kube-system/httproutes", route()),
    ):
        with pytest.raises(Refused, match="is forbidden"):
            await api.call("POST", path, obj, user=ALICE)


async def test_the_gateway_controller_writes_statuses_but_no_routes(api: Api) -> None:
    created = await api.create(f"{GATEWAY}/namespaces/default/httproutes", route())
    created["status"] = {"parents": []}
    path = f"{GATEWAY}/namespaces/default/httproutes/route"
    await api.call("PUT", f"{path}/status", created, user=CONTROLLER)
    with pytest.raises(Refused, match="is forbidden"):
        await api.call("POST", "/api/v1/namespaces", config_map("one"), user=CONTROLLER)
    with pytest.raises(Refused, match="is forbidden"):
        await api.call("DELETE", path, user=CONTROLLER)


async def test_anybody_may_ask_for_health_and_version_only(api: Api) -> None:
    assert (await api.call("GET", "/version", user=ANONYMOUS))["gitVersion"].startswith("v1.")
    with pytest.raises(Refused, match='User "system:anonymous" cannot get path "/api"'):
        await api.call("GET", "/api", user=ANONYMOUS)


async def test_a_user_may_ask_what_it_may_do(api: Api) -> None:
    question = {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": "default"}}}
    assert (await api.call("POST", REVIEWS, question, user=ALICE))["status"] == {"allowed": False}
    await bind(api, "edit", "developers", "default")
    answer = (await api.call("POST", REVIEWS, question, user=ALICE))["status"]
    assert answer["allowed"] and 'ClusterRole "edit"' in answer["reason"]
    who = await api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, user=ALICE)
    assert who["status"]["userInfo"]["username"] == "alice"


async def test_only_those_allowed_act_for_others(api: Api) -> None:
    acting = {"impersonate-user": "bob"}
    with pytest.raises(Refused, match='User "bob" cannot list'):
        await api.call("GET", "/api/v1/pods", headers=acting)
    with pytest.raises(Refused, match='User "alice" cannot impersonate resource "users"'):
        await api.call("GET", "/api/v1/pods", user=ALICE, headers=acting)


async def test_a_service_account_token_speaks_for_its_account_while_that_lives(api: Api) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    await api.create(accounts, {"metadata": {"name": "robot"}})
    answer = await api.call("POST", f"{accounts}/robot/token", {"spec": {"expirationSeconds": 600}})
    token = answer["status"]["token"]
    user = api.server.authenticator.user(None, f"Bearer {token}")
    assert user.name == "system:serviceaccount:default:robot" and "system:serviceaccounts:default" in user.groups
    review = {"spec": {"token": token}}
    reviewed = await api.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review)
    assert reviewed["status"]["user"]["username"] == user.name
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{signature[:-4]}AAAA"
    assert api.server.authenticator.token_user(forged) is None
    await api.call("DELETE", f"{accounts}/robot")
    assert api.server.authenticator.token_user(token) is None


def test_a_certificate_names_user_and_groups() -> None:
    subject = ((("organizationName", "a"),), (("organizationName", "b"),), (("commonName", "alice"),))
    assert certificate_user({"subject": subject}) == User("alice", ("a", "b", "system:authenticated"))
    assert certificate_user({}) is None

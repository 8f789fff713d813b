"""Which environment variables does a container see?

Input: the container's `env` and `envFrom`, the Pod's facts and the node's sources. Output: the variables, or what is
missing. Order and precedence as in Kubernetes: `envFrom` first, then `env`, later entries win, and `$(NAME)` sees
earlier ones.
"""

from __future__ import annotations

from torana.api.core.container import Container
from torana.api.core.environment import EnvVar
from torana.api.kind import Ref
from torana.embedded.node.expansion import expand
from torana.embedded.node.inputs import Missing, PodFacts, Sources, field_value
from torana.embedded.node.quantity import divide_up

CONFIG_ERROR = "CreateContainerConfigError"


def container_environment(container: Container, facts: PodFacts, sources: Sources) -> dict[str, str] | Missing:
    variables = given_variables(facts)
    namespace = facts.pod.metadata.namespace
    for entry in container.env_from:
        for kind, read, source in (
            ("configmap", sources.config_map, entry.config_map_ref),
            ("secret", sources.secret, entry.secret_ref),
        ):
            if source is None:
                continue
            content = read(Ref(namespace, source.name))
            if content is None and not source.optional:
                return Missing(CONFIG_ERROR, f'{kind} "{source.name}" not found')
            for key, data in (content or {}).items():
                variables[entry.prefix + key] = data.decode("utf-8", "replace")
    for variable in container.env:
        value = _value(variable, container, facts, sources, variables)
        if isinstance(value, Missing):
            return value
        if value is not None:
            variables[variable.name] = value
    return variables


def given_variables(facts: PodFacts) -> dict[str, str]:
    """What every container of this node gets. `TORANA_POD_IP` tells stand-ins which address is theirs."""
    variables = {"HOSTNAME": facts.pod.spec.hostname or facts.pod.metadata.name, "TORANA_POD_IP": facts.pod_ip}
    if facts.api_host:
        variables["KUBERNETES_SERVICE_HOST"] = facts.api_host
        variables["KUBERNETES_SERVICE_PORT"] = facts.api_port
    return variables


def _value(
    variable: EnvVar, container: Container, facts: PodFacts, sources: Sources, variables: dict[str, str]
) -> str | Missing | None:
    """The variable's value; None when an optional source has none."""
    origin = variable.value_from
    if origin is None:
        return expand(variable.value, variables)
    if origin.field_ref is not None:
        value = field_value(facts, origin.field_ref.field_path)
        path = origin.field_ref.field_path
        unknown = Missing(CONFIG_ERROR, f'env "{variable.name}": unknown fieldPath "{path}"')
        return value if value is not None else unknown
    if origin.resource_field_ref is not None:
        resource, divisor = origin.resource_field_ref.resource, origin.resource_field_ref.divisor
        return resource_value(container, facts, resource, str(divisor or "1"))
    for kind, read, selector in (
        ("configmap", sources.config_map, origin.config_map_key_ref),
        ("secret", sources.secret, origin.secret_key_ref),
    ):
        if selector is None:
            continue
        content = read(Ref(facts.pod.metadata.namespace, selector.name))
        if content is not None and selector.key in content:
            return content[selector.key].decode("utf-8", "replace")
        if selector.optional:
            return None
        if content is None:
            return Missing(CONFIG_ERROR, f'{kind} "{selector.name}" not found')
        return Missing(CONFIG_ERROR, f'couldn\'t find key {selector.key} in {kind} "{selector.name}"')
    return ""


def resource_value(container: Container, facts: PodFacts, resource: str, divisor: str) -> str:
    """`limits.cpu` and the like; an absent limit is the node's capacity, an absent request is 0."""
    where, _, name = resource.partition(".")
    amounts = container.resources.limits if where == "limits" else container.resources.requests
    capacity = {"cpu": facts.node_cpu, "memory": facts.node_memory}
    text = amounts.get(name) or (capacity.get(name, "0") if where == "limits" else "0")
    return str(divide_up(str(text), divisor))

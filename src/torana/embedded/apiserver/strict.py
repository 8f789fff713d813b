"""Which object does a request body say, and which of its keys stand there twice?

Input is the raw body of a write and its content type (JSON, or YAML as `kubectl apply --server-side` declares it);
output is the decoded value and the paths of duplicate keys (`spec.rules[0].name`), of which the last value counts.
A body that is neither is a `BodyError`.

JSON is decoded by orjson, which is silent about duplicates: the keys of the text are counted against the keys of the
result, and only when they differ (or when the text makes counting unsafe) the slower stdlib decoder reads it again.
YAML follows the scalar rules of Kubernetes' decoder (YAML 1.1 booleans, no dates, no base 60 numbers).
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import yaml

MAX_DEPTH = 200
MAX_YAML_ALIASES = 1_000
SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')


class BodyError(ValueError):
    """The body cannot be decoded; the text says where."""


def parse_body(raw: bytes, content_type: str = "application/json") -> tuple[Any, list[str]]:
    """The decoded body and the paths of duplicate keys. Raises BodyError."""
    if "yaml" not in content_type:
        return parse_json(raw)
    # kubectl declares YAML and sends JSON.
    if raw.lstrip()[:1] == b"{":
        try:
            return parse_json(raw)
        except BodyError:
            pass
    return parse_yaml(raw)


def parse_json(raw: bytes) -> tuple[Any, list[str]]:
    """A decoded JSON text and the paths of its duplicate keys."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyError(f"the body is not valid JSON: {error}") from error
    if has_unique_keys(raw, value):
        return value, []
    return value, duplicate_keys(raw)


def has_unique_keys(raw: bytes, value: Any) -> bool:
    """True when the text surely has no duplicate key; False means that somebody has to look."""
    if b'\\\\"' in raw or SPACED_COLON.search(raw):
        return False
    # In a string a quote is escaped, so `":` without a backslash before it ends a key.
    written = raw.count(b'":') - raw.count(b'\\":')
    return written == count_keys(value)


def count_keys(value: Any) -> int:
    """Number of keys of all objects in a JSON value."""
    count = 0
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            count += len(item)
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)
    return count


class _Pairs(list[tuple[str, Any]]):
    """An object's members as they stand in the text."""


def duplicate_keys(raw: bytes) -> list[str]:
    """Paths of the keys that stand twice in one object of a valid JSON text."""
    duplicates: list[str] = []

    def walk(value: Any, path: str) -> None:
        if isinstance(value, _Pairs):
            seen: set[str] = set()
            for key, item in value:
                here = f"{path}.{key}" if path else key
                if key in seen and here not in duplicates:
                    duplicates.append(here)
                seen.add(key)
                walk(item, here)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, f"{path}[{index}]")

    try:
        walk(json.loads(raw, object_pairs_hook=_Pairs), "")
    except (RecursionError, UnicodeDecodeError) as error:
        raise BodyError("the body is nested too deeply or not valid UTF-8") from error
    return duplicates


class KubernetesLoader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping with the keys JSON would have. The text of a key decides: `1` and `true` are different keys."""
        self.flatten_mapping(node)
        return {
            key_text(self.construct_object(key, deep=True)): self.construct_object(value, deep=deep)
            for key, value in node.value
        }


RESOLVERS: tuple[tuple[str, str, str], ...] = (
    ("bool", r"^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$", "yYnNtTfFoO"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("int", r"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
    ("merge", r"^(?:<<)$", "<"),
)
KubernetesLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in RESOLVERS:
    KubernetesLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), ["" if first == "\0" else first for first in _first]
    )


def _integer(loader: KubernetesLoader, node: yaml.ScalarNode) -> int | float:
    text = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    for prefix, base in (("0x", 16), ("0b", 2), ("0o", 8)):
        if digits.startswith(prefix):
            return sign * int(digits[2:], base)
    value = sign * int(digits, 8 if len(digits) > 1 and digits[0] == "0" else 10)
    return value if -(2**63) <= value < 2**64 else float(value)


def _number(loader: KubernetesLoader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).replace("_", "").lower()
    if text.endswith((".inf", ".nan")):
        raise yaml.constructor.ConstructorError(None, None, f"{text} cannot be said in JSON", node.start_mark)
    return float(text)


def _boolean(loader: KubernetesLoader, node: yaml.ScalarNode) -> bool:
    return loader.construct_scalar(node).lower() in ("y", "yes", "true", "on")


def _binary(loader: KubernetesLoader, node: yaml.ScalarNode) -> str:
    return loader.construct_yaml_binary(node).decode(errors="replace")


def _text(loader: KubernetesLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


KubernetesLoader.add_constructor("tag:yaml.org,2002:int", _integer)
KubernetesLoader.add_constructor("tag:yaml.org,2002:float", _number)
KubernetesLoader.add_constructor("tag:yaml.org,2002:bool", _boolean)
KubernetesLoader.add_constructor("tag:yaml.org,2002:binary", _binary)
KubernetesLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def parse_yaml(raw: bytes) -> tuple[Any, list[str]]:
    """The first document of a YAML text as a JSON value, and the paths of its duplicate keys."""
    try:
        text = raw.decode()
        if text.count("*") > MAX_YAML_ALIASES and len(re.findall(r"(?:^|[\s\[,])\*\w", text)) > MAX_YAML_ALIASES:
            raise BodyError("the YAML body uses too many aliases")
        loader = KubernetesLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, []
            duplicates = yaml_duplicates(node, "", 0, set())
            return json_value(loader.construct_document(node), [MAX_YAML_VALUES]), duplicates
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BodyError(f"the body is not valid YAML: {error}") from error


def yaml_duplicates(node: yaml.Node, path: str, depth: int, visited: set[int]) -> list[str]:
    """Paths of keys that stand twice in one mapping. An anchored node is looked at once, however often it is used."""
    if depth > MAX_DEPTH:
        raise BodyError(f"the body is nested more than {MAX_DEPTH} levels deep")
    if id(node) in visited:
        return []
    visited.add(id(node))
    found: list[str] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(getattr(key, "value", ""))
            here = f"{path}.{name}" if path else name
            if name in seen:
                found.append(here)
            seen.add(name)
            found.extend(yaml_duplicates(value, here, depth + 1, visited))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found.extend(yaml_duplicates(value, f"{path}[{index}]", depth + 1, visited))
    return found


MAX_YAML_VALUES = 1_000_000


def json_value(value: Any, budget: list[int]) -> Any:
    """The value as JSON would say it, aliases copied. Raises BodyError when it grows too large."""
    budget[0] -= 1
    if budget[0] < 0:
        raise BodyError("the YAML body unfolds to too many values")
    if isinstance(value, dict):
        return {key: json_value(item, budget) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [json_value(item, budget) for item in value]
    return value


def key_text(key: Any) -> str:
    """A mapping key as a JSON key."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        return "null"
    return str(key)

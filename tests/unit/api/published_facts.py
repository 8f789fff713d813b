"""Facts of a CustomResourceDefinition, one line per field, in which descriptions and order play no part.

The files in `fixtures/` hold such lines for the definitions that the Gateway API project published. They were written
by

    python tests/unit/api/published_facts.py <directory with standard/*.yaml and experimental/*.yaml>

A line reads `Kind/version path required type fact fact …`; expressions and long values stand as a short hash.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FIXTURES = Path(__file__).parent / "fixtures"
_AGE = [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]
"""The columns of a definition that names none."""
_CHILDREN = {"properties", "items", "additionalProperties", "required", "description", "type"}


def definition_facts(definition: dict[str, Any]) -> list[str]:
    """All lines of one definition, sorted."""
    spec = definition["spec"]
    metadata = definition["metadata"]
    kind = spec["names"]["kind"]
    lines = [
        f"{kind} names {_short(spec['names'])} scope={spec['scope']} group={spec['group']} name={metadata['name']}",
        f"{kind} labels={_short(metadata.get('labels', {}))} annotations={_short(metadata['annotations'])}",
    ]
    for version in spec["versions"]:
        name = f"{kind}/{version['name']}"
        flags = " ".join(f"{flag}={version.get(flag, False)}" for flag in ("served", "storage", "deprecated"))
        lines.append(f"{name} {flags} subresources={_short(version.get('subresources', {}))}")
        columns = [_without_description(column) for column in version.get("additionalPrinterColumns", _AGE)]
        lines.append(f"{name} columns={_short(columns)}")
        lines.extend(f"{name} {line}" for line in _schema_facts(version["schema"]["openAPIV3Schema"], ".", False))
    return sorted(lines)


def rule_count(definition: dict[str, Any], version: str) -> int:
    """How many validation rules one version of a definition has."""
    schema = next(v["schema"] for v in definition["spec"]["versions"] if v["name"] == version)
    return sum(line.count("rule#") for line in _schema_facts(schema["openAPIV3Schema"], ".", False))


def _schema_facts(schema: dict[str, Any], path: str, required: bool) -> Iterator[str]:
    facts = sorted(_facts(schema))
    yield " ".join([path, "required" if required else "optional", schema.get("type", "-"), *facts])
    for name, child in schema.get("properties", {}).items():
        yield from _schema_facts(child, f"{path.rstrip('.')}.{name}", name in schema.get("required", ()))
    if "items" in schema:
        yield from _schema_facts(schema["items"], f"{path}[]", False)
    if "additionalProperties" in schema:
        yield from _schema_facts(schema["additionalProperties"], f"{path}{{}}", False)


def _facts(schema: dict[str, Any]) -> Iterator[str]:
    for keyword, value in schema.items():
        if keyword in _CHILDREN:
            continue
        if keyword == "x-kubernetes-validations":
            for rule in value:
                expression = re.sub(r"\s+", "", rule["rule"])
                yield f"rule#{_hash([expression, rule['message']])}"
        elif keyword == "enum":
            yield f"enum={_short(sorted(value, key=str))}"
        else:
            yield f"{keyword.removeprefix('x-kubernetes-')}={_short(value)}"


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text if len(text) <= 60 and " " not in text else f"#{_hash(value)}"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]


def _without_description(column: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in column.items() if key != "description"}


def main(directory: Path) -> None:
    for channel in ("standard", "experimental"):
        lines: list[str] = []
        for path in sorted((directory / channel).glob("*.yaml")):
            document = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
            if document and document["kind"] == "CustomResourceDefinition":
                lines.extend(definition_facts(document))
        (FIXTURES / f"published-{channel}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Are the definitions under `deploy/crds` the ones that the kinds describe?"""

from __future__ import annotations

from pathlib import Path

import yaml

from torana.api.manifests import manifests, write

DEPLOYED = Path(__file__).parents[3] / "deploy" / "crds"


def test_the_committed_definitions_are_up_to_date() -> None:
    committed = {path.relative_to(DEPLOYED).as_posix(): path.read_text() for path in DEPLOYED.glob("*/*.yaml")}
    assert committed == manifests(), "run `python -m torana.api.manifests`"


def test_every_definition_is_one_yaml_document_without_anchors() -> None:
    for path, text in manifests().items():
        document = yaml.safe_load(text)
        assert path.endswith(f"/{document['spec']['group']}_{document['spec']['names']['plural']}.yaml")
        assert document["metadata"]["annotations"]["gateway.networking.k8s.io/channel"] == path.split("/")[0]
        assert "&id" not in text


def test_writing_removes_definitions_that_no_kind_describes(tmp_path: Path) -> None:
    stale = tmp_path / "standard" / "gateway.networking.k8s.io_olds.yaml"
    stale.parent.mkdir()
    stale.write_text("kind: CustomResourceDefinition")
    other = tmp_path / "standard" / "kustomization.yaml"
    other.write_text("resources: []")
    write(tmp_path)
    assert not stale.exists()
    assert other.exists()
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/gateway*.yaml")} == set(manifests())

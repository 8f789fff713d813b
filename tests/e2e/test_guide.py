"""Are the objects on the pages of the guide valid, every one of them?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.e2e import documents
from tests.e2e.home import Home
from tests.e2e.kubernetes import Kubernetes

pytestmark = pytest.mark.e2e
PAGES = sorted((Path(__file__).parents[2] / "docs" / "guide").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_object_on_the_page_is_accepted_by_the_api(home: Home, kubernetes: Kubernetes, page: Path) -> None:
    objects = [
        each
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
        for each in yaml.safe_load_all(block)
    ]
    for each in objects:
        if namespace := each["metadata"].get("namespace"):
            kubernetes.apply(documents.namespace(namespace))
    if objects:
        home.kubectl("apply", "--dry-run=server", "-f", "-", stdin=str(yaml.safe_dump_all(objects)))

"""What do the guide's pages run on? One `torana up` with the options they print; a namespace and a directory each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.docs.page import Page, options_of_up, pages
from tests.docs.terminal import Terminal
from tests.e2e import documents
from tests.e2e.home import TORANA, Home


@pytest.fixture(scope="session")
def guide_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running home as the pages start it."""
    directory = tmp_path_factory.mktemp("guide")
    for page in pages():
        for name, content in page.files().items():
            (directory / name).write_text(content)
    options = [str(directory / word) if word.endswith(".yaml") else word for word in options_of_up(pages())]
    running = Home(directory, "--controller-name", "torana.dev/gateway-controller", *options)
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def first_route(guide_home: Home, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The namespace in which the first page was followed to its end."""
    page = pages()[0]
    follow(page, guide_home, page.name, tmp_path_factory.mktemp(page.name))
    return page.name


def follow(page: Page, home: Home, namespace: str, directory: Path) -> None:
    """Does what the page says, in the namespace, as its reader would."""
    home.kubernetes.apply(documents.namespace(namespace))
    kubeconfig = yaml.safe_load(home.kubeconfig.read_text())
    kubeconfig["contexts"][0]["context"]["namespace"] = namespace
    (directory / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    for name, content in page.files().items():
        (directory / name).write_text(content)
    environ = {
        "PATH": f"{TORANA.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(directory),
        "KUBECONFIG": str(directory / "kubeconfig"),
        "DATA": str(home.data_dir),
    }
    with Terminal(directory, environ) as terminal:
        for step in page.steps():
            terminal.follow(step)

"""Does a real Envoy, configured by the translation, decide as the reference model? On random objects and requests.

`TORANA_REFERENCE_WORLDS` (how many sets of objects) and `TORANA_REFERENCE_SEED` (the first seed) ask for more.
"""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

import msgspec
import pytest
from tests.e2e.envoy_rig import HOST
from tests.reference.checking import Difference, difference, story
from tests.reference.generator import Generator
from tests.reference.proxy import LARGE, PLAIN, Document, Layout, Running, running
from tests.reference.shrinking import Example, shrink
from tests.reference.vocabulary import BACKENDS

from torana.api.kind import Ref

GATEWAY = Ref("east", "gw")
WORLDS = int(os.environ.get("TORANA_REFERENCE_WORLDS", "200"))
FIRST_SEED = int(os.environ.get("TORANA_REFERENCE_SEED", "1"))
REQUESTS = 40

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180 + 2 * WORLDS)]


@pytest.mark.parametrize("layout", [PLAIN, LARGE], ids=["plain", "sharded tables and trees"])
async def test_a_real_envoy_decides_as_the_reference_model(tmp_path: Path, layout: Layout) -> None:
    ports = listener_ports(3)
    async with running(tmp_path, GATEWAY, BACKENDS, layout) as proxy:
        backends = {name: (HOST, port) for name, port in proxy.ports.items()}
        for seed in range(FIRST_SEED, FIRST_SEED + WORLDS):
            generator = Generator(seed, ports)
            documents = generator.objects(backends)
            rejected = await proxy.serve(documents)
            assert not rejected, f"seed {seed}: Envoy refuses {rejected}"
            found = await difference(proxy, GATEWAY, documents, generator.requests(REQUESTS, documents))
            if found is not None:
                pytest.fail(f"seed {seed}\n\n" + await smallest(proxy, documents, found), pytrace=False)
    print(f"{WORLDS} sets of objects, seeds {FIRST_SEED} to {FIRST_SEED + WORLDS - 1}, {REQUESTS} requests each")


async def smallest(proxy: Running, objects: list[Document], first: Difference) -> str:
    """The story of the smallest example. What is no object any more does not count."""

    async def fails(tried: Example) -> bool:
        try:
            await proxy.serve(tried[0])
        except msgspec.ValidationError:
            return False
        return await difference(proxy, GATEWAY, tried[0], [tried[1]], settled_s=0.3) is not None

    documents, request = await shrink((objects, first.request), fails)
    await proxy.serve(documents)
    found = await difference(proxy, GATEWAY, documents, [request])
    return story(documents, found) if found is not None else f"seen once:\n\n{story(objects, first)}"


def listener_ports(count: int) -> list[int]:
    """Free ports below those that the machine gives to clients: such a client could be connected to itself."""
    found: list[int] = []
    candidates = itertools.count(20000 + os.getpid() % 1000 * 10)
    while len(found) < count:
        port = next(candidates)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                found.append(port)
    return found

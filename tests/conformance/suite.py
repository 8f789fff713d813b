"""One run of the official suite against a `torana up` of its own: `python -m tests.conformance.suite`, by `run`."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from tests.conformance.home import READY_S, NotReady, running_up
from tests.conformance.profiles import profiles_of, succeeded, table

from torana.api.gateway_class import GATEWAY_CLASS
from torana.api.kind import Ref
from torana.cli.controller import CONTROLLER_NAME
from torana.kube.client import Client

ROOT = Path(__file__).parents[2]
CLASS = "gateway-conformance"
USABLE, UNUSABLE = "127.42.0.1", "192.0.2.1"
"""Addresses for the test of static addresses: one of this machine's, and one of nobody's (RFC 5737)."""
MODE = "embedded"
ECHO_PORTS = {"*gateway-api/echo-basic*": "3000,3001,8080/udp,8443"}
"""Where upstream's backend listens, in whichever of its modes."""
SUITE_TIMEOUT = "60m"
ENDED = re.compile(r"^\s*--- (FAIL|PASS): TestConformance/(\S+) \((\S+)\)")
BEGUN = re.compile(r"^=== RUN   TestConformance/([^/\s]+)$")


async def make_class(kubeconfig: Path) -> tuple[str, ...]:
    """Creates the GatewayClass of the suite; gives the features it claims once it is accepted."""
    wanted = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": CLASS},
        "spec": {"controllerName": CONTROLLER_NAME},
    }
    conditions: dict[str, str] = {}
    deadline = time.monotonic() + READY_S
    async with Client.from_kubeconfig(kubeconfig) as client:
        await client.create(GATEWAY_CLASS, wanted)
        while time.monotonic() < deadline:
            status = (await client.get(GATEWAY_CLASS, Ref("", CLASS))).get("status", {})
            conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
            if conditions.get("Accepted") == "True":
                return tuple(each["name"] for each in status.get("supportedFeatures", ()))
            await asyncio.sleep(0.1)
    raise NotReady(f"GatewayClass {CLASS} was not accepted: {conditions}")


def run_suite(binary: Path, kubeconfig: Path, work: Path, flags: list[str]) -> int:
    """Runs the suite, everything it says into `work`/suite.log. Gives its exit code."""
    argv = [str(binary), "-test.run", "^TestConformance$", "-test.v", "-test.timeout", SUITE_TIMEOUT, *flags]
    environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
    with (
        (work / "suite.log").open("w") as log,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as suite,
    ):
        assert suite.stdout is not None
        for line in suite.stdout:
            log.write(line)
            if (begun := BEGUN.match(line)) and sys.stdout.isatty():
                print(f"\r\033[K   {begun[1]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    return suite.returncode


def echo_image(echo: Path | None) -> list[str]:
    """Options of `torana up` that map the suite's backend to this program."""
    if echo is None:
        return []
    apart = Path(__file__).with_name("apart.py")
    return [
        part
        for pattern, ports in ECHO_PORTS.items()
        for part in ("--image", f"{pattern}={shlex.join([sys.executable, str(apart), ports, str(echo.absolute())])}")
    ]


def flags_for(profiles: tuple[str, ...], report: Path) -> list[str]:
    """The suite's flags for a run that makes a report."""
    told = {
        "usable-address": USABLE,
        "unusable-address": UNUSABLE,
        "conformance-profiles": ",".join(profiles),
        "report-output": str(report),
        "mode": MODE,
        "organization": "torana",
        "project": "torana",
        "url": "https://torana.dev",
        "version": f"v{_version()}",
        "contact": "https://torana.dev",
    }
    return [f"--{name}={value}" for name, value in told.items()]


def tell_tests(log: Path) -> None:
    """How many tests passed and which failed, with the subtests that did."""
    ended = [match.groups() for line in log.read_text().splitlines() if (match := ENDED.match(line))]
    tests = [(result, name) for result, name, _ in ended if "/" not in name]
    print(f"{sum(result == 'PASS' for result, _ in tests)} of {len(tests)} tests passed")
    for result, name, duration in ended:
        if result == "FAIL":
            print(f"  FAIL {name} ({duration})")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--echo", type=Path, help="the backend that the suite's image is; default: our stand-in")
    parser.add_argument("--channel", choices=["experimental", "standard"], default="experimental")
    parser.add_argument("flags", nargs="*", help="flags of the suite; with any, no report is kept")
    options = parser.parse_args(arguments)
    work = Path(tempfile.mkdtemp(prefix="torana-conformance-"))
    report = work / "report.yaml"
    try:
        with running_up(work / "data", options.channel, *echo_image(options.echo)) as kubeconfig:
            features = asyncio.run(make_class(kubeconfig))
            profiles = profiles_of(features)
            print(f"== {len(features)} features claimed, {', '.join(profiles)}; {options.channel} channel", flush=True)
            flags = [f"--gateway-class={CLASS}", *(options.flags or flags_for(profiles, report))]
            code = run_suite(options.binary.absolute(), kubeconfig, work, flags)
    except NotReady as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    tell_tests(work / "suite.log")
    kept = report.exists() and _keep(report, options.channel, code)
    if code == 0 and (kept or options.flags):
        shutil.rmtree(work)
        return 0
    print(f"what the suite said: {work}/suite.log; logs of the components: {work}/data/logs")
    return code or 1


def _keep(report: Path, channel: str, code: int) -> bool:
    """Shows the report, and keeps it when everything passed and nothing ran beside anything else."""
    told: dict[str, Any] = yaml.safe_load(report.read_text())
    print(table(told))
    if code != 0 or not succeeded(told):
        return False
    if os.environ.get("TORANA_SERIAL") != "1":
        print("no report is kept: of tests that run in parallel, the suite's report says nothing")
        return True
    place = ROOT / "docs" / "conformance" / f"{channel}-v{_version()}-{MODE}-report.yaml"
    shutil.copyfile(report, place)
    print(f"the report: {place.relative_to(ROOT)}")
    return True


def _version() -> str:
    from importlib.metadata import version

    return version("torana")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

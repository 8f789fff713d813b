"""One run of the Gateway API's tests of its schemas and rules: `python -m tests.conformance.rules`, by `rules`."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conformance.home import NotReady, running_up
from tests.kubectl import ensure_kubectl

REFUSALS = ("is invalid", "missing required field", "denied request", "Invalid value")
"""What the Gateway API's own test takes for a refusal that is meant."""
ENDED = re.compile(r"^\s*--- (PASS|FAIL): (\S+)", re.M)


def run_rules(binary: Path, environment: dict[str, str]) -> list[str]:
    """Runs tests/cel; gives the tests that failed."""
    done = subprocess.run([binary, "-test.v"], env=environment, capture_output=True, text=True, cwd=binary.parent)
    ended = ENDED.findall(done.stdout)
    failed = [name for result, name in ended if result == "FAIL"]
    print(f"rules: {len(ended) - len(failed)} of {len(ended)} tests passed", flush=True)
    if done.returncode != 0:
        print(done.stdout[-4000:] + done.stderr[-2000:])
        return failed or ["the test program"]
    return failed


def run_examples(checkout: Path, channels: tuple[str, ...], environment: dict[str, str]) -> list[str]:
    """Applies the example files; gives the valid ones that were refused and the invalid ones that were not."""

    def apply(file: Path) -> tuple[bool, str]:
        command = ["kubectl", "apply", "-f", str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr

    wrong = []
    files = [file for channel in channels for file in sorted((checkout / "examples" / channel).rglob("*.yaml"))]
    for file in files:
        is_applied, said = apply(file)
        if not is_applied:
            wrong.append(f"{file.relative_to(checkout)}: {said.strip()}")
    invalid = [
        file for channel in channels for file in sorted((checkout / "hack/invalid-examples" / channel).rglob("*.yaml"))
    ]
    for file in invalid:
        is_applied, said = apply(file)
        if is_applied or not any(words in said for words in REFUSALS):
            wrong.append(f"{file.relative_to(checkout)}: {said.strip()}")
    print(f"examples: {len(files)} valid and {len(invalid)} invalid ones, {len(wrong)} not as they should be")
    return wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--channel", choices=["experimental", "standard"], required=True)
    options = parser.parse_args(arguments)
    if trouble := ensure_kubectl():
        print(f"error: {trouble}", file=sys.stderr)
        return 1
    channels = ("standard",) if options.channel == "standard" else ("standard", "experimental")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="torana-rules-") as work,
            running_up(Path(work) / "data", options.channel) as kubeconfig,
        ):
            environment = os.environ | {"KUBECONFIG": str(kubeconfig), "HOME": work}
            wrong = run_rules(options.binary, environment) + run_examples(options.checkout, channels, environment)
    except NotReady as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for each in wrong:
        print(f"  FAIL {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Where do tests get a kubectl? From PATH; else built once with Go from its published module; else nowhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

VERSION = "v1.34.2"
MODULE = Path(__file__).parent / "tools" / "kubectl"
BUILT = Path(__file__).parents[1] / ".tools" / f"kubectl-{VERSION}"
REMEDY = "put kubectl on PATH (https://kubernetes.io/docs/tasks/tools/), or Go 1.25 or newer to build one"


def ensure_kubectl() -> str:
    """Puts a kubectl on PATH. Gives what stands in the way; empty when there is one now."""
    if shutil.which("kubectl"):
        return ""
    if not (BUILT / "kubectl").exists():
        trouble = _build()
        if trouble:
            return trouble
    os.environ["PATH"] = f"{BUILT}{os.pathsep}{os.environ.get('PATH', '')}"
    return ""


def _build() -> str:
    if not shutil.which("go"):
        return f"no kubectl and no Go on PATH; {REMEDY}"
    print(f"\nbuilding kubectl {VERSION} with Go, once (some minutes) ...", flush=True)
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion={VERSION}"
    draft = BUILT / "kubectl.new"
    BUILT.mkdir(parents=True, exist_ok=True)
    build = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(draft), "."]
    done = subprocess.run(build, cwd=MODULE, capture_output=True, text=True)
    if done.returncode != 0:
        return f"no kubectl on PATH, and building one failed: {done.stderr.strip()[-400:]}; {REMEDY}"
    draft.replace(BUILT / "kubectl")
    return ""

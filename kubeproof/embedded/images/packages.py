"""Python packages for an image: resolved on the host, copied in, so the build needs no package index."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

from kubeproof.embedded.images.running import ImageNotBuilt, run

# The Python of the base image on the libc of Debian 12; the host's own Python does not matter.
TARGET = (
    *("--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"),
    *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"),
)
# Ballast that wheels carry beside the code: test suites, and sources of what is compiled already.
BALLAST = ("bin", "*/tests", "*/test", "**/*.c", "**/*.h", "**/*.pyx", "**/*.pxd", "**/*.cpp", "**/*.pyi")


def group_requirements(pyproject: Path, group: str) -> tuple[str, ...]:
    """
    Give the requirements of a dependency group (PEP 735), included groups in their place.

    Raises ImageNotBuilt when there is no such file or group, or groups include each other in a circle.
    """
    try:
        groups = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("dependency-groups", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImageNotBuilt(f"{pyproject} cannot be read: {error}") from error
    return _expand(groups, group, pyproject, ())


def listed_requirements(path: Path) -> tuple[str, ...]:
    """Give the requirements of a requirements.txt, without comments; raises ImageNotBuilt when it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImageNotBuilt(f"{path} cannot be read: {error}") from error
    wanted = (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines)
    return tuple(line for line in wanted if line)


def _expand(groups: dict[str, list[object]], group: str, source: Path, inside: tuple[str, ...]) -> tuple[str, ...]:
    if group in inside:
        raise ImageNotBuilt(f"{source}: dependency group {group!r} includes itself by way of {inside[-1]!r}")
    if group not in groups:
        raise ImageNotBuilt(f"{source} has no dependency group {group!r}; it has {', '.join(sorted(groups))}")
    found: list[str] = []
    for entry in groups[group]:
        if isinstance(entry, dict):
            found += _expand(groups, str(entry.get("include-group")), source, (*inside, group))
        else:
            found.append(str(entry))
    return tuple(found)


def install_packages(wanted: tuple[str, ...], folder: Path) -> None:
    """
    Resolve `wanted` for the image's Python and lay the packages out in `folder`, without their ballast.

    Raises ImageNotBuilt with pip's last words.
    """
    pip: tuple[str | Path, ...] = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile")
    command = (*pip, "--target", folder, *TARGET, *wanted)
    run(command, purpose=f"packages {', '.join(wanted)}")
    for pattern in BALLAST:
        for path in sorted(folder.glob(pattern), reverse=True):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

"""
A virtual environment per contestant, from its dependency group, built once and kept in the cache.

So each is measured with what it needs and nothing else, and what it brings can be counted: `Environment` says how many
of its packages hold compiled code, and its megabytes.
"""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bench.errors import CannotMeasure
from kubeproof.embedded.folders import cache

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
WITHIN = 300.0  # seconds for an installation


@dataclass(frozen=True)
class Environment:
    """A virtual environment in `folder`, with the packages of a group and what they depend on."""

    folder: Path

    @property
    def python(self) -> str:
        """The path of its interpreter."""
        return str(self.folder / "bin/python")

    @property
    def packages(self) -> list[Distribution]:
        """What is installed in it."""
        return list(distributions(path=[str(path) for path in self.folder.glob("lib/python3*/site-packages")]))

    @property
    def native(self) -> int:
        """How many of its packages hold compiled code."""
        return sum(any(file.suffix == ".so" for file in package.files or ()) for package in self.packages)

    @property
    def megabytes(self) -> float:
        """What its packages weigh without Python's bytecode, in MB of 10^6 bytes."""
        site = self.folder.glob("lib/python3*/site-packages/**/*")
        return sum(path.lstat().st_size for path in site if path.is_file() and path.suffix != ".pyc") / 1e6


def requirements(group: str, groups: dict[str, list[str | dict[str, str]]]) -> list[str]:
    """Give the requirements of a dependency group, those of included groups too (PEP 735)."""
    found: list[str] = []
    for entry in groups[group]:
        found += [entry] if isinstance(entry, str) else requirements(entry["include-group"], groups)
    return found


def environment(group: str, progress: Callable[[str], object]) -> Environment:
    """Give the environment of a group; builds it when it is new. Raises CannotMeasure when pip cannot."""
    wanted = requirements(group, tomllib.loads(PYPROJECT.read_text())["dependency-groups"])
    key = hashlib.sha256("\n".join([sys.executable, sys.version, *wanted]).encode()).hexdigest()[:12]
    folder = cache() / "bench" / f"{group}-{key}"
    if not (folder / "complete").exists():
        progress(f"installing {group}: {', '.join(wanted)}")
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], group)
        python = str(folder / "bin/python")
        _run([sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--compile", *wanted], group)
        (folder / "complete").touch()
    return Environment(folder)


def _run(command: Sequence[str], group: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{group} was not installed within {WITHIN:.0f} s") from None
    if done.returncode != 0:
        raise CannotMeasure(f"{group} could not be installed: {done.stderr.strip()[-600:]}")

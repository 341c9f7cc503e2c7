"""
The build context: just the files that a Dockerfile copies, and their hash.

Staging only those keeps an unrelated change in the repository from building an image again.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from kubeproof.embedded.images.dockerignore import read_dockerignore
from kubeproof.embedded.images.running import ImageNotBuilt

# The folder that the build fills with Python packages; it does not come from the repository.
PACKAGES = "packages"
COMPILED = shutil.ignore_patterns("__pycache__", "*.pyc", ".mypy_cache", ".ruff_cache", "Dockerfile")


def copied_paths(dockerfile: str) -> tuple[str, ...]:
    """The sources of every COPY and ADD that come from the build context, in order, each once; no URLs."""
    found: list[str] = []
    for line in dockerfile.replace("\\\n", " ").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() not in ("COPY", "ADD"):
            continue
        rest = rest.strip()
        words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
        if any(word.startswith("--from") for word in words):
            continue
        found += [word for word in words if not word.startswith("--")][:-1]
    found = [source for source in found if "://" not in source]
    return tuple(dict.fromkeys(found))


def stage(dockerfile: Path, context: Path, staged: Path) -> None:
    """
    Copy what `dockerfile` copies from `context` into the new folder `staged`, keeping the relative places.

    Globs are followed, and .dockerignore is heeded. Raises ImageNotBuilt naming a source that is not there.
    """
    staged.mkdir(parents=True)
    left_out = _left_out(context)
    for source in copied_paths(dockerfile.read_text()):
        if source.strip("/") == PACKAGES:
            (staged / PACKAGES).mkdir(exist_ok=True)
            continue
        matches = _matches(context, source.strip("/"))
        if not matches:
            raise ImageNotBuilt(f"{dockerfile} copies {source}, which is not in {context}")
        for match in matches:
            target = staged / match.relative_to(context)
            target.parent.mkdir(parents=True, exist_ok=True)
            if match.is_dir():
                shutil.copytree(match, target, ignore=left_out, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(match, target)


def _matches(context: Path, source: str) -> list[Path]:
    """What a source stands for in the context; nothing above it."""
    if source in ("", "."):
        return [context]
    return [] if ".." in Path(source).parts else sorted(context.glob(source))


def _left_out(context: Path) -> Callable[[str, list[str]], set[str]]:
    """For copytree: which names of a folder are not copied."""
    is_ignored = read_dockerignore(context)

    def left_out(folder: str, names: list[str]) -> set[str]:
        paths = {name: Path(folder, name) for name in names}
        return {
            *COMPILED(folder, names),
            # The folder of a run: else each run would make another image.
            *(name for name, path in paths.items() if (path / "evidence.jsonl").exists()),
            *(n for n, path in paths.items() if not path.is_dir() and is_ignored(path.relative_to(context).as_posix())),
        }

    return left_out


def tree_hash(folder: Path) -> str:
    """A hash of every file's place, content and executable bit below `folder`."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        executable = "x" if path.stat().st_mode & 0o100 else "-"
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder)}\0{executable}\0{content}\n".encode())
    return total.hexdigest()

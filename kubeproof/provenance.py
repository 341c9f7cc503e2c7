"""Which kubeproof this is: its version, the commit it stands at, and a digest of its own files."""

import hashlib
import json
import subprocess
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
PATIENCE = 10.0  # seconds for git: it answers at once, and nobody waits for a repository that is broken


@cache
def provenance() -> dict[str, str | None]:
    """
    `version` as installed, `commit`, and `code`: the SHA-256 of every file of the package with its name.

    `commit` is that of the checkout it stands in, with `-dirty` behind it when the package was changed since; else that
    it was installed from, as pip notes it; else null. By `code` equal code is known where there is no commit.
    """
    installed = _installed()
    commit = _checkout() or (_installed_from(installed) if installed else None)
    return {"version": installed.version if installed else None, "commit": commit, "code": code_of(PACKAGE)}


def _installed() -> Distribution | None:
    try:
        return distribution("kubeproof")
    except PackageNotFoundError:
        return None


def _checkout() -> str | None:
    """The commit of the checkout that the package is a part of; one that only lies around it is another project's."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)
        commit = _git("rev-parse", "HEAD").strip()
        return f"{commit}-dirty" if _git("status", "--porcelain", "--", ".") else commit
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*command: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(PACKAGE), *command], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return done.stdout


def _installed_from(installed: Distribution) -> str | None:
    """The commit that pip notes of a package it took from a repository (PEP 610)."""
    try:
        origin: Any = json.loads(installed.read_text("direct_url.json") or "null")
        return str(origin["vcs_info"]["commit_id"])
    except (ValueError, TypeError, KeyError):
        return None


def code_of(package: Path) -> str:
    """A digest of the names and bytes of all files below a folder but those that Python makes."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()

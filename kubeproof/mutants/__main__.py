"""
Deploy each seeded defect and tell which checks see it.

    python -m kubeproof.mutants                        every mutant of conformance/mutants, on the embedded cluster
    python -m kubeproof.mutants no-drain               this one
    python -m kubeproof.mutants --mutants DIR          those of another folder, each a Kustomize component
    python -m kubeproof.mutants --list                 names, damage, what must be said of them
    python -m kubeproof.mutants no-drain -- --kubeconfig FILE     the rest goes to the run

Profile and folders are those of the working directory; each run's folder is out/mutants/<name>. A mutant that survived,
or could not be judged, is what is broken here.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeproof.checks.catalogue import LIVE, STATIC
from kubeproof.command_line import Parser, as_program
from kubeproof.interruption import shielded
from kubeproof.manifests.loading import is_kustomization
from kubeproof.manifests.rendering import NoKubectl, RenderFailed, find_kubectl, render
from kubeproof.mutants.mutant import (
    Fate,
    Mutant,
    MutantError,
    fate,
    read_mutants,
    refuse_unknown,
    selection,
    write_mutated,
)
from kubeproof.profile.reading import ProfileError, read_profile
from kubeproof.sources import MUTANTS, PROFILE, NothingHere, overlay_for
from kubeproof.verdict import Exit

RUNS = Path("out", "mutants")
PATIENCE = 20 * 60.0  # seconds for one run, a cold start of the cluster not included
GOODBYE = 120.0  # seconds for a run that was told to end to clear away what it made


@dataclass(frozen=True)
class Base:
    """What mutants go on top of: a kustomization, and what it renders to without one."""

    folder: Path
    plain: str


@dataclass(frozen=True)
class Ended:
    """One mutant's end: what became of it, why, and the seconds it took."""

    mutant: Mutant
    fate: Fate
    because: str
    seconds: float


def main(argv: Sequence[str]) -> int:
    """Run the mutants asked for and give the exit status."""
    ours, _, rest = _split(argv)
    asked = _arguments(ours)
    try:
        mutants = _chosen(read_mutants(asked.mutants), asked.names)
        if asked.list:
            print("\n".join(_listed(mutants)))
            return Exit.HOLDS
        bases = _bases(mutants, asked.profile)
    except (MutantError, ProfileError, NothingHere, RenderFailed, NoKubectl) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return Exit.NOT_DONE
    options = ["--profile", str(asked.profile), *rest]
    ends = []
    for place, mutant in enumerate(mutants, 1):
        print(f"mutant {place} of {len(mutants)}: {mutant.name}", flush=True)
        ends.append(run(mutant, bases[mutant.name], options))
        print(f"mutant {mutant.name}: {ends[-1].fate.value} after {ends[-1].seconds:.0f} s", flush=True)
    print("\n".join(table(ends)))
    return Exit.HOLDS if all(end.fate is Fate.KILLED for end in ends) else Exit.BROKEN


def _split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    if "--" not in argv:
        return list(argv), "", []
    at = list(argv).index("--")
    return list(argv[:at]), "--", list(argv[at + 1 :])


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m kubeproof.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to run (default: all)")
    parser.add_argument("--list", action="store_true", help="print the mutants and run none")
    parser.add_argument(
        "--mutants", type=Path, metavar="DIR", default=MUTANTS, help=f"a folder of mutants (default: {MUTANTS})"
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        default=Path(PROFILE),
        help=f"what the architecture says (default: {PROFILE})",
    )
    return parser.parse_args(argv)


def _chosen(mutants: Sequence[Mutant], names: Sequence[str]) -> list[Mutant]:
    known = {mutant.name: mutant for mutant in mutants}
    for name in names:
        if name not in known:
            raise MutantError(Path(name), f"no such mutant; there are {', '.join(known)}")
    chosen = [known[name] for name in names] or list(mutants)
    for mutant in chosen:
        refuse_unknown(mutant, {*LIVE, *STATIC})
    return chosen


def _bases(mutants: Sequence[Mutant], profile_path: Path) -> dict[str, Base]:
    """What each mutant goes on top of, by the mutant's name: what it names itself, else what the profile does."""
    named = overlay_for(read_profile(profile_path), profile_path, "embedded")
    kubectl = find_kubectl()
    folders = {mutant.on or named for mutant in mutants}
    for folder in folders:
        if not is_kustomization(folder):
            raise NothingHere(f"{folder} is no kustomization: mutants are components, which go on top of one")
    bases = {folder: Base(folder, render(folder, kubectl=kubectl)) for folder in folders}
    return {mutant.name: bases[mutant.on or named] for mutant in mutants}


def run(mutant: Mutant, base: Base, options: Sequence[str]) -> Ended:
    """Judge the system with the mutant in it, in a child of its own."""
    began = time.monotonic()
    out = RUNS / mutant.name
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="kubeproof-mutant-") as folder:
        manifests = write_mutated(mutant, base.folder, Path(folder))
        try:
            changes = render(manifests, kubectl=find_kubectl()) != base.plain
        except RenderFailed as error:
            return Ended(mutant, Fate.UNJUDGED, str(error), time.monotonic() - began)
        if not changes:
            return Ended(mutant, Fate.UNJUDGED, "it changes nothing in these manifests", 0.0)
        command = [sys.executable, "-m", "kubeproof", "run", "--manifests", str(manifests)]
        patient = _child([*command, "--out", str(out), "-k", selection(mutant), *options])
    if not patient:
        late = f"the run did not end within {PATIENCE:.0f} s: see {out}/evidence.jsonl"
        return Ended(mutant, Fate.UNJUDGED, late, time.monotonic() - began)
    return Ended(mutant, *fate(mutant, _verdicts(out / "verdicts.json")), time.monotonic() - began)


def _child(command: Sequence[str]) -> bool:
    """Run to the end and tell whether it came in time; a run that is ended clears away what it made first."""
    with subprocess.Popen(command) as child:
        try:
            child.wait(PATIENCE)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            with shielded():
                _say_goodbye(child)


def _say_goodbye(child: "subprocess.Popen[bytes]") -> None:
    # Where Ctrl-C came from a terminal the child has it already, and takes both for one.
    child.send_signal(signal.SIGINT)  # nothing, if it has ended
    try:
        child.wait(GOODBYE)
    except subprocess.TimeoutExpired:
        child.kill()


def _verdicts(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _listed(mutants: Sequence[Mutant]) -> list[str]:
    return [
        "\n".join(
            (
                f"{mutant.name}\n    {mutant.damage}",
                *(f"    {demand} must be {demand.outcome.value}: {demand.because}" for demand in mutant.demands),
            )
        )
        for mutant in mutants
    ]


def table(ends: Sequence[Ended]) -> list[str]:
    """Give one line a mutant and one for the count."""
    width = max((len(end.mutant.name) for end in ends), default=0)
    lines = [f"{end.fate.value:<10}{end.mutant.name:<{width}}  {end.seconds:5.0f} s  {end.because}" for end in ends]
    killed = sum(end.fate is Fate.KILLED for end in ends)
    return ["", *lines, "", f"{killed} of {len(ends)} mutants killed"]


if __name__ == "__main__":
    as_program(main)

"""
Deploy each seeded defect and tell which checks see it.

    python -m conformance.mutants                        every mutant, on the embedded cluster
    python -m conformance.mutants no-drain               this one
    python -m conformance.mutants --list                 names, damage, checks that must fail
    python -m conformance.mutants no-drain -- --kubeconfig FILE     the rest goes to the run

Each run's folder is out/mutants/<name>. A mutant that survived, or could not be judged, is what is broken here.
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

from conformance.command_line import Parser, as_program
from conformance.declared.profile import ProfileError, read_profile
from conformance.declared.render import NoKubectl, RenderFailed, find_kubectl, render
from conformance.mutants.mutant import (
    Fate,
    Mutant,
    MutantError,
    fate,
    proofs_of,
    read_mutants,
    write_kustomization,
)
from conformance.verdicts.verdict import Exit
from interruption import shielded

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20 * 60.0  # seconds for one run, a cold start of the cluster not included
GOODBYE = 120.0  # seconds for a run that was told to end to clear away what it made


@dataclass(frozen=True)
class Ended:
    """One mutant's end: what became of it, why, and the seconds it took."""

    mutant: Mutant
    fate: Fate
    says: str
    seconds: float


def main(argv: Sequence[str]) -> int:
    """Run the mutants asked for and give the exit status."""
    ours, _, rest = _split(argv)
    asked = _arguments(ours)
    try:
        mutants = _chosen(asked.names)
        overlay = _overlay(asked.profile)
        if asked.list:
            print("\n".join(_listed(mutants)))
            return Exit.HOLDS
        tests = _tests(mutants)
        plain = render(overlay, kubectl=find_kubectl())
    except (MutantError, ProfileError, RenderFailed, NoKubectl) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return Exit.NOT_DONE
    options = ["--profile", str(asked.profile), *rest]
    ends = []
    for place, mutant in enumerate(mutants, 1):
        print(f"mutant {place} of {len(mutants)}: {mutant.name}", flush=True)
        ends.append(run(mutant, overlay, plain, tests, options))
        print(f"mutant {mutant.name}: {ends[-1].fate.value} after {ends[-1].seconds:.0f} s", flush=True)
    print("\n".join(table(ends)))
    return Exit.HOLDS if ends and all(each.fate is Fate.KILLED for each in ends) else Exit.BROKEN


def _split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    if "--" not in argv:
        return list(argv), "", []
    at = list(argv).index("--")
    return list(argv[:at]), "--", list(argv[at + 1 :])


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m conformance.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to run (default: all)")
    parser.add_argument("--list", action="store_true", help="print the mutants and run none")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", default=ROOT / "kubeproof.toml", help="what the architecture says"
    )
    return parser.parse_args(argv)


def _chosen(names: Sequence[str]) -> list[Mutant]:
    known = {mutant.name: mutant for mutant in read_mutants()}
    for name in names:
        if name not in known:
            raise MutantError(Path(name), f"no such mutant; there are {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())


def _overlay(profile: Path) -> Path:
    folder = read_profile(profile).overlay("embedded")
    if folder is None:
        raise ProfileError(profile, "overlays.embedded", "is missing: mutants are put on top of it")
    return profile.resolve().parent / folder


def _tests(mutants: Sequence[Mutant]) -> dict[str, str]:
    """Map every check that must fail to its test; a name that no test proves could never turn red."""
    sources = [path.read_text() for path in (ROOT / "conformance").glob("test_*.py")]
    tests = proofs_of((check for mutant in mutants for check in mutant.must_fail), sources)
    for mutant in mutants:
        for check in mutant.must_fail:
            if check not in tests:
                raise MutantError(mutant.folder, f"must_fail names {check}, which no test proves")
    return tests


def run(mutant: Mutant, overlay: Path, plain: str, tests: dict[str, str], options: Sequence[str]) -> Ended:
    """Judge the system with the mutant in it, in a child of its own; `plain` is what it must differ from."""
    began = time.monotonic()
    out = ROOT / "out" / "mutants" / mutant.name
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="kubeproof-mutant-") as folder:
        manifests = write_kustomization(mutant, overlay, Path(folder))
        try:
            changes = render(manifests, kubectl=find_kubectl()) != plain
        except RenderFailed as error:
            return Ended(mutant, Fate.UNJUDGED, str(error), time.monotonic() - began)
        if not changes:
            return Ended(mutant, Fate.UNJUDGED, "it changes nothing in these manifests", 0.0)
        command = [sys.executable, "-m", "pytest", "conformance", "--manifests", str(manifests)]
        command += ["--out", str(out), "-k", " or ".join(sorted({tests[c] for c in mutant.must_fail}))]
        patient = _child([*command, *options])
    if not patient:
        says = f"the run did not end within {PATIENCE:.0f} s: see {out.relative_to(ROOT)}/evidence.jsonl"
        return Ended(mutant, Fate.UNJUDGED, says, time.monotonic() - began)
    return Ended(mutant, *fate(mutant, _verdicts(out / "verdicts.json")), time.monotonic() - began)


def _child(command: Sequence[str]) -> bool:
    """Run to the end and tell whether it came in time; a run that is ended clears away what it made first."""
    with subprocess.Popen(command, cwd=ROOT) as child:
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
    return [f"{each.name}\n    {each.damage}\n    must fail: {', '.join(each.must_fail)}" for each in mutants]


def table(ended: Sequence[Ended]) -> list[str]:
    """Give one line a mutant and one for the count."""
    width = max((len(each.mutant.name) for each in ended), default=0)
    lines = [f"{each.fate.value:<10}{each.mutant.name:<{width}}  {each.seconds:5.0f} s  {each.says}" for each in ended]
    killed = sum(each.fate is Fate.KILLED for each in ended)
    return ["", *lines, "", f"{killed} of {len(ended)} mutants killed"]


if __name__ == "__main__":
    as_program(main)

"""`kubeproof prove`: every static rule about manifests, without a cluster."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeproof.declared import UNREADABLE
from kubeproof.manifests.loading import STANDARD_INPUT, load
from kubeproof.manifests.origins import Origins
from kubeproof.manifests.reading import read_readable
from kubeproof.manifests.schema import mistyped
from kubeproof.manifests.system import System
from kubeproof.netpol.expected_reachability import expected_reachability
from kubeproof.netpol.rule_coverage import rule_coverage
from kubeproof.netpol.topology import topology_of
from kubeproof.profile.intent import Profile
from kubeproof.profile.reading import profile_schema, read_profile
from kubeproof.report.pairs import pairs_text
from kubeproof.report.proofs import proofs_text
from kubeproof.report.sarif import Locate, Location, sarif
from kubeproof.rules.catalogue import prove_all
from kubeproof.rules.rule import Finding, Proof
from kubeproof.sources import PROFILE, NothingHere, holds_manifests, manifests_of, profile_here
from kubeproof.verdict import Exit, exit_status

# A field of a finding that is one of the profile's: allowed[0].source, and not spec.ports[0].
_PROMISE = re.compile(r"([a-z_]+)\[(\d+)\](?:\.|$)")


@dataclass(frozen=True)
class Task:
    """Manifests and the profile that goes with them; without one the intent is empty."""

    manifests: Path
    profile: Path | None


def run(chosen: argparse.Namespace) -> int:
    """Prove, print, write; give the exit status."""
    try:
        done = [(task, *_prove(task)) for task in _tasks(chosen.manifests, chosen.profile)]
    except UNREADABLE as error:
        print(error, file=sys.stderr)
        return Exit.NOT_DONE
    for task, system, proofs in done:
        title = (
            f"kubeproof prove   {_shown(task.manifests)}   profile: {_shown(task.profile) if task.profile else 'none'}"
        )
        intent = _intent(task, system)
        expected = expected_reachability(system, intent)
        one_sided = [f"{cell}: {cell.decision.reason}" for cell in expected.one_sided]
        unread = [f"{unread} {unread.why}".rstrip() for unread in system.others]
        print(proofs_text(proofs, title=title, unread=unread, one_sided=one_sided, everything=chosen.all))
        print()
        if chosen.pairs:
            print(pairs_text(expected, rule_coverage(topology_of(system, intent)), has_intent=bool(intent.allowed)))
            print()
    status = exit_status(proof.verdict for _, _, proofs in done for proof in proofs)
    if chosen.sarif:
        try:
            chosen.sarif.write_text(sarif((proofs, _locating(task)) for task, _, proofs in done))
        except OSError as error:
            print(f"{chosen.sarif} cannot be written: {error.strerror}", file=sys.stderr)
            return Exit.NOT_DONE
    print(f"exit {status}")
    return status


def _tasks(manifests: Path | None, profile: Path | None) -> list[Task]:
    if manifests is not None:
        return [Task(manifests, profile or _profile_of(manifests))]
    profile = profile or profile_here(Path())
    if profile is not None:
        return [Task(folder, profile) for folder in manifests_of(read_profile(profile), profile)]
    if holds_manifests(Path()):
        return [Task(Path(), None)]
    raise NothingHere(f"there is no {PROFILE} here, no kustomization and no YAML: name manifests with --manifests")


def _profile_of(manifests: Path) -> Path | None:
    """The profile beside the manifests, else one above them that has them for an overlay; of a pipe none."""
    if str(manifests) == STANDARD_INPUT:
        return None
    folder = (manifests if manifests.is_dir() else manifests.parent).resolve()
    if (beside := profile_here(folder)) is not None:
        return beside
    for above in folder.parents:
        if (above / PROFILE).is_file():
            overlays = read_profile(above / PROFILE).overlays
            return above / PROFILE if any((above / own).resolve() == folder for _, own in overlays) else None
    return None


def _prove(task: Task) -> tuple[System, Sequence[Proof]]:
    system = read_readable(load(task.manifests), refuse=mistyped)
    return system, prove_all(system, _intent(task, system))


def _intent(task: Task, system: System) -> Profile:
    return read_profile(task.profile) if task.profile else Profile(system.namespace, system.namespace)


def _shown(path: Path) -> str:
    return "standard input" if str(path) == STANDARD_INPUT else os.path.relpath(path)


def _locating(task: Task) -> Locate:
    origins, tables = Origins(task.manifests), profile_schema()["properties"]
    text = task.profile.read_text(encoding="utf-8") if task.profile else ""

    def locate(finding: Finding) -> Location | None:
        kind, slash, name = finding.subject.partition("/")
        table = _PROMISE.match(finding.field)
        promise = table.groups() if table and table[1] in tables else ()
        if task.profile and (promise or not slash):
            return _location(task.profile, line_of_table(text, *promise))
        place = origins.place(kind, name.partition(" in ")[0], finding.field)
        return _location(place.path, place.line) if place else None

    return locate


def _location(path: Path, line: int) -> Location:
    return Location(Path(os.path.relpath(path)).as_posix(), line)


def line_of_table(text: str, table: str = "", index: str = "0") -> int:
    """The line of the table of that name and place in a profile, counted from 1; the first when there is none."""
    header = f"[[{table}]]"
    found = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(header)]
    return found[int(index)] if int(index) < len(found) else 1

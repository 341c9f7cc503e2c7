"""
A mutant as a value, its place on top of manifests, and what a run of it tells.

Raises MutantError(folder, reason) on a folder that is no mutant.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from kubeproof.manifests.layering import write_layer
from kubeproof.verdict import Outcome

FILE = "kustomization.yaml"
PREFIX = "kubeproof.dev/"
DAMAGE, MUST_FAIL, MUST_BE_UNKNOWN, BESIDE, ON = (
    f"{PREFIX}{name}" for name in ("damage", "must-fail", "must-be-unknown", "beside", "on")
)
# The outcome that each line of an annotation demands.
DEMANDS = {MUST_FAIL: Outcome.FAIL, MUST_BE_UNKNOWN: Outcome.UNKNOWN}
_DEMAND = re.compile(r"(?P<check>[\w.-]+)\[(?P<subject>[^\]]+)\]:\s+(?P<because>\S.*)")


class MutantError(ValueError):
    """A folder that cannot be used as a mutant, and why."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder, self.reason = folder, reason


class Fate(Enum):
    """KILLED: all that was demanded was said. SURVIVED: something was not. UNJUDGED: the run gave no verdicts."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    UNJUDGED = "UNJUDGED"


@dataclass(frozen=True)
class Demand:
    """
    What must be said of one subject: by which check, FAIL or UNKNOWN, and a part of the reason.

    Of a FAIL the part says which law was broken, and of an UNKNOWN which premise was missed: a check that turns red for
    another reason has not seen the defect.
    """

    check: str
    subject: str
    because: str
    outcome: Outcome = Outcome.FAIL

    def __str__(self) -> str:
        return f"{self.check}[{self.subject}]"


@dataclass(frozen=True)
class Mutant:
    """
    One defect: its folder (a Kustomize component), the damage it does in production, what must be said of it.

    `beside` are checks that are run as well, for what is seen meanwhile, and may say what they like. `on` is the
    kustomization that it goes on top of, None for the one that the profile names.
    """

    name: str
    folder: Path
    damage: str
    demands: tuple[Demand, ...]
    beside: tuple[str, ...] = ()
    on: Path | None = None

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that something is demanded of, each once."""
        return tuple(dict.fromkeys(demand.check for demand in self.demands))


def read_mutants(folder: Path) -> tuple[Mutant, ...]:
    """Read every mutant of a folder, by name. All of its sub-folders are: no defect is passed over in silence."""
    if not folder.is_dir():
        raise MutantError(folder, "there is no such folder of mutants; name one with --mutants")
    found = tuple(read_mutant(inner) for inner in sorted(folder.iterdir()) if inner.is_dir())
    if not found:
        raise MutantError(folder, "there is no mutant in it")
    return found


def read_mutant(folder: Path) -> Mutant:
    """Read one mutant. An unknown annotation of ours is refused: it would be a demand that nobody makes."""
    try:
        component = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MutantError(folder, f"{FILE} cannot be read: {error}") from error
    if not isinstance(component, dict) or component.get("kind") != "Component":
        raise MutantError(folder, f"{FILE} must be of kind Component")
    annotations = (component.get("metadata") or {}).get("annotations") or {}
    ours = {name: value for name, value in annotations.items() if str(name).startswith(PREFIX)}
    if unknown := sorted(ours.keys() - {DAMAGE, BESIDE, ON, *DEMANDS}):
        raise MutantError(folder, f"metadata.annotations has {', '.join(unknown)}, which nobody reads")
    if not all(isinstance(value, str) for value in ours.values()):
        raise MutantError(folder, f"each annotation {PREFIX}... must be a text")
    damage, beside = ours.get(DAMAGE, "").strip(), tuple(ours.get(BESIDE, "").replace(",", " ").split())
    if not damage:
        raise MutantError(folder, f"the annotation {DAMAGE} must be a sentence: what it costs in production")
    demands = tuple(demand for name in DEMANDS for demand in _demands(folder, name, ours.get(name, "")))
    if not demands:
        raise MutantError(folder, f"the annotation {MUST_FAIL} must name at least one check, subject and reason")
    return Mutant(folder.name, folder, damage, demands, beside, folder / ours[ON] if ON in ours else None)


def _demands(folder: Path, annotation: str, text: str) -> Iterable[Demand]:
    """Read CHECK[SUBJECT]: PART OF THE REASON, one a line."""
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _DEMAND.fullmatch(line)
        if found is None:
            raise MutantError(folder, f"{annotation} has {line!r}: each line is CHECK[SUBJECT]: PART OF THE REASON")
        yield Demand(**found.groupdict(), outcome=DEMANDS[annotation])


def refuse_unknown(mutant: Mutant, checks: Collection[str]) -> None:
    """Raise MutantError when a mutant names what is no check and no rule: it could never turn red."""
    if unknown := [name for name in (*mutant.checks, *mutant.beside) if name not in checks]:
        reason = f"it names {', '.join(unknown)}, which no check and no rule is called; kubeproof list prints them"
        raise MutantError(mutant.folder, reason)


def selection(mutant: Mutant) -> str:
    """The expression that chooses, with -k, the checks that are run: items are named CHECK: SUBJECT."""
    return " or ".join(f"{name}:" for name in sorted({*mutant.checks, *mutant.beside}))


def write_mutated(mutant: Mutant, base: Path, into: Path) -> Path:
    """Write a kustomization of the base with the mutant on top into a folder; give the folder."""
    return write_layer(base, into, components=[os.path.relpath(mutant.folder.resolve(), into.resolve())])


def fate(mutant: Mutant, verdicts: Mapping[str, Any] | None) -> tuple[Fate, str]:
    """Tell what became of a mutant from its run's verdicts.json (None: there is none), and say why."""
    if verdicts is None:
        return Fate.UNJUDGED, "the run left no verdicts.json"
    said = {(verdict["check"], verdict["subject"]): verdict for verdict in verdicts["verdicts"]}
    unmet = [
        reason for demand in mutant.demands if (reason := _unmet(demand, said.get((demand.check, demand.subject))))
    ]
    if unmet:
        return Fate.SURVIVED, "; ".join(unmet)
    return Fate.KILLED, "; ".join(f"{demand} said {demand.outcome.value}" for demand in mutant.demands)


def _unmet(demand: Demand, verdict: Mapping[str, Any] | None) -> str | None:
    """How a verdict is not what was demanded; None when it is."""
    if verdict is None:
        return f"{demand} said nothing"
    if verdict["outcome"] != demand.outcome.value:
        return f"{demand} said {verdict['outcome']}, not {demand.outcome.value}: {verdict['because']}"
    if demand.because not in verdict["because"]:
        return f"{demand} said {verdict['outcome']}, and not because {demand.because!r}: {verdict['because']}"
    return None


def killers(mutants: Sequence[Mutant]) -> dict[str, list[str]]:
    """The names of the mutants that must turn each check red, by the check's name."""
    found: dict[str, list[str]] = {}
    for mutant in mutants:
        for check in dict.fromkeys(demand.check for demand in mutant.demands if demand.outcome is Outcome.FAIL):
            found.setdefault(check, []).append(mutant.name)
    return found

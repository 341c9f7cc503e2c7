"""
A mutant as a value, its place on top of manifests, and what a run of it tells.

Raises MutantError(folder, reason) on a folder that is no mutant.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from kubeproof.manifests.layering import write_layer

FILE = "kustomization.yaml"
PREFIX = "kubeproof.dev/"
DAMAGE, MUST_FAIL, ON = (f"{PREFIX}{name}" for name in ("damage", "must-fail", "on"))


class MutantError(ValueError):
    """A folder that cannot be used as a mutant, and why."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder, self.reason = folder, reason


class Fate(Enum):
    """KILLED: every named check turned red. SURVIVED: one did not. UNJUDGED: the run gave no verdicts."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    UNJUDGED = "UNJUDGED"


@dataclass(frozen=True)
class Mutant:
    """
    One defect: its folder (a Kustomize component), the damage it does in production, who must see it.

    `on` is the kustomization that it goes on top of, None for the one that the profile names.
    """

    name: str
    folder: Path
    damage: str
    must_fail: tuple[str, ...]
    on: Path | None = None


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
    if unknown := sorted(ours.keys() - {DAMAGE, MUST_FAIL, ON}):
        raise MutantError(folder, f"metadata.annotations has {', '.join(unknown)}, which nobody reads")
    if not all(isinstance(value, str) for value in ours.values()):
        raise MutantError(folder, f"each annotation {PREFIX}... must be a text")
    damage, must_fail = ours.get(DAMAGE, "").strip(), _names(ours.get(MUST_FAIL, ""))
    if not damage:
        raise MutantError(folder, f"the annotation {DAMAGE} must be a sentence: what it costs in production")
    if not must_fail:
        raise MutantError(folder, f"the annotation {MUST_FAIL} must name at least one check")
    return Mutant(folder.name, folder, damage, must_fail, folder / ours[ON] if ON in ours else None)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def refuse_unknown(mutant: Mutant, checks: Collection[str]) -> None:
    """Raise MutantError when a mutant names what is no check and no rule: it could never turn red."""
    if unknown := [name for name in mutant.must_fail if name not in checks]:
        reason = (
            f"{MUST_FAIL} names {', '.join(unknown)}, which no check and no rule is called; kubeproof list prints them"
        )
        raise MutantError(mutant.folder, reason)


def selection(mutant: Mutant) -> str:
    """The expression that chooses, with -k, the checks that must fail: items are named CHECK: SUBJECT."""
    return " or ".join(f"{name}:" for name in sorted(mutant.must_fail))


def write_mutated(mutant: Mutant, base: Path, into: Path) -> Path:
    """Write a kustomization of the base with the mutant on top into a folder; give the folder."""
    return write_layer(base, into, components=[os.path.relpath(mutant.folder.resolve(), into.resolve())])


def fate(mutant: Mutant, verdicts: Mapping[str, Any] | None) -> tuple[Fate, str]:
    """Tell what became of a mutant from its run's verdicts.json (None: there is none), and say why."""
    if verdicts is None:
        return Fate.UNJUDGED, "the run left no verdicts.json"
    seen: dict[str, set[str]] = {}
    for verdict in verdicts["verdicts"]:
        seen.setdefault(verdict["check"], set()).add(verdict["outcome"])
    blind = [check for check in mutant.must_fail if "FAIL" not in seen.get(check, set())]
    if blind:
        outcomes = (f"{check} said {', '.join(sorted(seen.get(check, set()))) or 'nothing'}" for check in blind)
        return Fate.SURVIVED, "; ".join(outcomes)
    return Fate.KILLED, "; ".join(f"{check} said FAIL" for check in mutant.must_fail)


def killers(mutants: Iterable[Mutant]) -> dict[str, list[str]]:
    """The names of the mutants that must turn each check red, by the check's name."""
    found: dict[str, list[str]] = {}
    for mutant in mutants:
        for check in mutant.must_fail:
            found.setdefault(check, []).append(mutant.name)
    return found

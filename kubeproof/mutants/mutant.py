"""
A mutant as a value, its place on top of an overlay, and what a run of it tells.

Raises MutantError(folder, says) on a folder that is no mutant.
"""

import ast
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


class MutantError(ValueError):
    """A folder that cannot be used as a mutant, and why."""

    def __init__(self, folder: Path, says: str) -> None:
        super().__init__(f"{folder}: {says}")
        self.folder, self.says = folder, says


class Fate(Enum):
    """KILLED: every named check turned red. SURVIVED: one did not. UNJUDGED: the run gave no verdicts."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    UNJUDGED = "UNJUDGED"


@dataclass(frozen=True)
class Mutant:
    """One defect: its folder (a Kustomize component), the damage it does in production, who must see it."""

    name: str
    folder: Path
    damage: str
    must_fail: tuple[str, ...]


def read_mutants(folder: Path = HERE) -> tuple[Mutant, ...]:
    """Read every mutant of a folder: its sub-folders that hold a mutant.toml, by name."""
    return tuple(read_mutant(found.parent) for found in sorted(folder.glob("*/mutant.toml")))


def read_mutant(folder: Path) -> Mutant:
    """Read one mutant. An unknown field is refused: it would be a demand that nobody makes."""
    try:
        table = tomllib.loads((folder / "mutant.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MutantError(folder, f"mutant.toml cannot be read: {error}") from error
    if table.keys() != {"damage", "must_fail"}:
        raise MutantError(folder, f"mutant.toml must hold damage and must_fail, not {sorted(table)}")
    damage, must_fail = table["damage"], table["must_fail"]
    if not isinstance(damage, str) or not damage.strip():
        raise MutantError(folder, "damage must be a sentence")
    if not isinstance(must_fail, list) or not must_fail or not all(isinstance(c, str) for c in must_fail):
        raise MutantError(folder, "must_fail must be a list of names of checks, at least one")
    if not (folder / "kustomization.yaml").is_file():
        raise MutantError(folder, "there is no kustomization.yaml")
    return Mutant(folder.name, folder, damage, tuple(must_fail))


def write_kustomization(mutant: Mutant, overlay: Path, into: Path) -> Path:
    """Write a kustomization of the overlay with the mutant on top into a folder; give the folder."""
    # Kustomize refuses absolute roots, and resolves relative ones against the real path.
    real = into.resolve()
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(overlay.resolve(), real)],
        "components": [os.path.relpath(mutant.folder.resolve(), real)],
    }
    (into / "kustomization.yaml").write_text(yaml.safe_dump(kustomization, sort_keys=False))
    return into


def proofs_of(checks: Iterable[str], sources: Iterable[str]) -> dict[str, str]:
    """Find the test that carries `@pytest.mark.check(name)` for each check; those without one are left out."""
    wanted, found = set(checks), dict[str, str]()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                found |= {name: node.name for name in _marked(node) if name in wanted}
    return found


def _marked(function: ast.FunctionDef) -> list[str]:
    return [
        decorator.args[0].value
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "check"
        and decorator.args
        and isinstance(decorator.args[0], ast.Constant)
        and isinstance(decorator.args[0].value, str)
    ]


def fate(mutant: Mutant, verdicts: Mapping[str, Any] | None) -> tuple[Fate, str]:
    """Tell what became of a mutant from its run's verdicts.json (None: there is none), and say why."""
    if verdicts is None:
        return Fate.UNJUDGED, "the run left no verdicts.json"
    seen: dict[str, set[str]] = {}
    for verdict in verdicts["verdicts"]:
        seen.setdefault(verdict["check"], set()).add(verdict["outcome"])
    blind = [check for check in mutant.must_fail if "FAIL" not in seen.get(check, set())]
    if blind:
        says = (f"{check} said {', '.join(sorted(seen.get(check, set()))) or 'nothing'}" for check in blind)
        return Fate.SURVIVED, "; ".join(says)
    return Fate.KILLED, "; ".join(f"{check} said FAIL" for check in mutant.must_fail)

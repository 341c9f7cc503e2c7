"""Pods of a workload by their lives: when each was first seen, Ready, deleted and gone, and what it was of."""

from dataclasses import dataclass
from functools import cached_property
from math import inf

from kubeproof.evidence.questions import Lines, of_kind
from kubeproof.evidence.reading import Line


@dataclass(frozen=True)
class Life:
    """One pod: its lines in order. Times are the run's seconds, infinite for what did not happen."""

    uid: str
    lines: tuple[Line, ...]

    @cached_property
    def name(self) -> str:
        """Its name; another pod may have had it before."""
        return str(self.lines[0].get("name"))

    @cached_property
    def began(self) -> float:
        """When it was first seen."""
        return self.lines[0].t

    @cached_property
    def deleted(self) -> float:
        """When it was seen on its way out, or gone."""
        return next((line.t for line in self.lines if line.get("deleted") is True or line.get("gone") is True), inf)

    @cached_property
    def gone(self) -> float:
        """When it was no more."""
        return next((line.t for line in self.lines if line.get("gone") is True), inf)

    @cached_property
    def revision(self) -> str | None:
        """Of which template it was made, as it was last seen."""
        found = [line.get("revision") for line in self.lines if line.get("revision") is not None]
        return str(found[-1]) if found else None

    def at(self, t: float) -> Line | None:
        """How it was then; None before it was first seen."""
        return next((line for line in reversed(self.lines) if line.t <= t), None)

    def is_ready(self, t: float) -> bool:
        """Whether it was Ready then, and not on its way out."""
        line = self.at(t)
        return line is not None and line.get("ready") is True and t < self.deleted


def lives(lines: Lines, workload: str) -> tuple[Life, ...]:
    """The pods of a workload, in the order in which they were first seen."""
    found: dict[str, list[Line]] = {}
    for line in of_kind(lines, "pod", workload=workload):
        found.setdefault(str(line.get("uid")), []).append(line)
    return tuple(Life(uid, tuple(seen)) for uid, seen in found.items())

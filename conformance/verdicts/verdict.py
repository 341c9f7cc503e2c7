"""
Verdicts: four outcomes with an order, the sentence that says why, and the evidence that decided it.

Silence is not a pass: a PASS without evidence cannot be made, and a merge of nothing is UNKNOWN.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a check ended; `rank` orders them, the highest is the worst."""

    PASS = "PASS"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"

    @property
    def rank(self) -> int:
        """0 for PASS up to 3 for FAIL."""
        return list(Outcome).index(self)


@dataclass(frozen=True)
class Fact:
    """What one line of the evidence says; `line` is None for what the manifests or the profile say."""

    line: int | None
    says: str


@dataclass(frozen=True)
class Verdict:
    """What a judge found: outcome, because, and the facts that decided it."""

    outcome: Outcome
    because: str
    evidence: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome is Outcome.PASS and not self.evidence:
            raise ValueError(f"a PASS needs evidence: {self.because}")

    @property
    def passed(self) -> bool:
        """True for PASS and nothing else."""
        return self.outcome is Outcome.PASS

    def report(self) -> str:
        """The verdict as a person reads it in an assertion: outcome, because, and each fact with its line."""
        facts = [
            f"  line {fact.line}: {fact.says}" if fact.line is not None else f"  {fact.says}" for fact in self.evidence
        ]
        return "\n".join([f"{self.outcome.value}: {self.because}", *facts])


def passed(because: str, *evidence: Fact) -> Verdict:
    """A PASS, which needs at least one fact."""
    return Verdict(Outcome.PASS, because, evidence)


def failed(because: str, *evidence: Fact) -> Verdict:
    """A FAIL with the facts that prove it."""
    return Verdict(Outcome.FAIL, because, evidence)


def unknown(because: str, *evidence: Fact) -> Verdict:
    """An UNKNOWN: it could not be judged, and because says what was missing."""
    return Verdict(Outcome.UNKNOWN, because, evidence)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """
    The worst of the verdicts, with the reasons of all that are as bad, and the evidence, worst first.

    What holds is evidence only when all holds: beside a culprit it would be noise. Of nothing: UNKNOWN.
    """
    found = sorted(verdicts, key=lambda verdict: -verdict.outcome.rank)
    if not found:
        return unknown("nothing was judged")
    worst = found[0].outcome
    reasons = dict.fromkeys(verdict.because for verdict in found if verdict.outcome is worst)
    told = [verdict for verdict in found if worst is Outcome.PASS or not verdict.passed]
    return Verdict(worst, "; ".join(reasons), tuple(fact for verdict in told for fact in verdict.evidence))


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """0 when all that was asked for holds, 1 when anything is broken, 2 when something cannot be judged."""
    outcomes = {verdict.outcome for verdict in verdicts} - {Outcome.SKIPPED}
    if Outcome.FAIL in outcomes:
        return 1
    return 0 if outcomes == {Outcome.PASS} else 2

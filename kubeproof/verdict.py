"""
Verdicts: four outcomes with an order, the sentence that says why, and the evidence that decided it.

Silence is not a pass: a PASS without evidence cannot be made, and a merge of nothing is UNKNOWN.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum


class Exit(IntEnum):
    """The exit statuses of all commands, each with its meaning, which stands in their help and in docs/evidence.md."""

    meaning: str

    HOLDS = 0, "all that was asked for holds"
    BROKEN = 1, "something is broken"
    UNJUDGED = 2, "nothing is broken, but something cannot be judged"
    NOT_DONE = 3, "it could not start, or not go on: one sentence says why"
    INTERRUPTED = 130, "Ctrl-C"

    def __new__(cls, status: int, meaning: str) -> "Exit":
        """A member is its status; the meaning goes along."""
        member = int.__new__(cls, status)
        member._value_, member.meaning = status, meaning
        return member


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
    message: str


@dataclass(frozen=True)
class Verdict:
    """What a judge found: outcome, because, the facts that decided it, and the premises that it stands on."""

    outcome: Outcome
    because: str
    evidence: tuple[Fact, ...] = ()
    premises: tuple["Held", ...] = ()

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
            f"  line {fact.line}: {fact.message}" if fact.line is not None else f"  {fact.message}"
            for fact in self.evidence
        ]
        return "\n".join([f"{self.outcome.value}: {self.because}", *facts])


@dataclass(frozen=True)
class Held:
    """A premise of a check by its sentence, and what was found of it: a PASS when it held, else UNKNOWN."""

    sentence: str
    verdict: Verdict


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


def exit_status(verdicts: Iterable[Verdict]) -> Exit:
    """HOLDS when all that was asked for holds, BROKEN when anything is broken, UNJUDGED when something is not known."""
    outcomes = {verdict.outcome for verdict in verdicts} - {Outcome.SKIPPED}
    if Outcome.FAIL in outcomes:
        return Exit.BROKEN
    return Exit.HOLDS if outcomes == {Outcome.PASS} else Exit.UNJUDGED

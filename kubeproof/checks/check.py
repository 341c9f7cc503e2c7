"""
A live check as one value: its law, whom it is about, what must have been so, who observes it, how it is judged.

Each stands beside its judge, in the module of its area; `catalogue` finds them there. The observer is named and not
imported, so that judging works where no Kubernetes client is installed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from kubeproof.evidence.questions import Lines
from kubeproof.evidence.reading import Planned
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Held, Outcome, Verdict, merge, unknown

# (manifests, profile, the subject's name, the lines of its observation)
Judge = Callable[[System, Profile, str, Lines], Verdict]


class Phase(IntEnum):
    """
    What an observation does to the system. A run goes through them in this order: what disturbs most comes last.

    To look back does nothing: it judges what all others saw.
    """

    DEPLOY = 0
    LOOK = 1
    REPLACE_A_POD = 2
    TAKE_A_DEPENDENCY = 3
    REPLACE_ALL_PODS = 4
    OFFER_LOAD = 5
    LOOK_BACK = 6


@dataclass(frozen=True)
class Subject:
    """
    Whom a check is about, and the observation that answers it: its kind, and after a colon what it is about.

    Checks that name the same observation look at the same window.
    """

    name: str
    observation: str


# Whom a check is about in a declared system; nobody where the profile promises nothing of the kind.
Subjects = Callable[[System, Profile], Iterable[Subject]]


@dataclass(frozen=True)
class Premise:
    """
    What must have been seen for a PASS to mean anything: its sentence, and the judge of it, who says PASS or UNKNOWN.

    `of_failure` when a FAIL means nothing without it either: a pod that did not leave while nothing was taken away.
    """

    sentence: str
    judge: Judge
    of_failure: bool = False


@dataclass(frozen=True)
class Check:
    """
    One law about a running system.

    `name` is AREA.WHAT and a contract: it stands in verdicts.json. `law` is one sentence that its owner would sign.
    `needs` says for people what the cluster must offer. `reads` are the kinds of evidence lines that decide it, beside
    those that every observation has (docs/evidence.md). `observer` is MODULE.FUNCTION below kubeproof.observe, None
    where deploying is observing. `lasting` when a FAIL is one that no lost line could undo: one failed request stays
    failed, while a last state may be what was lost.
    """

    name: str
    law: str
    needs: str
    phase: Phase
    subjects: Subjects
    observer: str | None
    reads: Sequence[str]
    judge: Judge
    premises: tuple[Premise, ...] = ()
    lasting: bool = False

    def verdict(self, system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
        """
        The law's verdict with the premises it stands on: one that does not hold makes a PASS UNKNOWN, by its sentence.

        A FAIL stays one, but where the missing premise is one of failures too; what was SKIPPED was not put to a test.
        """
        law = self.judge(system, profile, subject, lines)
        if law.outcome is Outcome.SKIPPED:
            return law
        held = tuple(
            Held(premise.sentence, premise.judge(system, profile, subject, lines)) for premise in self.premises
        )
        missing = [
            (premise, found) for premise, found in zip(self.premises, held, strict=True) if not found.verdict.passed
        ]
        fails = law.outcome is Outcome.FAIL and not any(premise.of_failure for premise, _ in missing)
        if not missing or fails:
            return replace(law, premises=held)
        doubts = [
            unknown(f"not shown that {found.sentence}: {found.verdict.because}", *found.verdict.evidence)
            for _, found in missing
        ]
        rest = [law] if law.outcome is Outcome.UNKNOWN else []
        return replace(merge((*doubts, *rest)), premises=held)

    @property
    def area(self) -> str:
        """The first part of the name: what the report groups by."""
        return self.name.partition(".")[0]

    def planned(self, system: System, profile: Profile) -> tuple[Planned, ...]:
        """What the check is asked about in this system, each subject with its observation."""
        return tuple(Planned(self.name, about.name, about.observation) for about in self.subjects(system, profile))


def every_workload(observation: str) -> Subjects:
    """Subjects: each workload of the manifests, DaemonSets too, all seen in one observation of this name."""
    return lambda system, _: (Subject(workload.name, observation) for workload in (*system.workloads, *system.daemons))

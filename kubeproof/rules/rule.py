"""
A static rule as a value, what it finds, and the verdict on its findings.

A rule looks at places and says of each whether it holds, is broken, or cannot be told from manifests and profile.
A rule that finds no place to look at is SKIPPED with its reason: it proved nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from kubeproof.manifests.system import System, Unread
from kubeproof.manifests.workload_reading import DAEMONS, LASTING, TASKS
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Outcome, Verdict

# What makes pods: lacked by a selector that selects nobody.
PODS = (*LASTING, *DAEMONS, *TASKS)
NO_PODS = "nothing in the manifests makes pods"


class Severity(Enum):
    """How bad a broken rule is, as SARIF spells it: an ERROR loses requests, data or secrets."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """
    One place that a rule looked at: the object, the path of the field, what stands there, what the law wants.

    `lacks`, of a place that is broken because something is not there: the Kind, or the Kind/name, that would mend it.
    """

    outcome: Outcome
    subject: str
    field: str
    found: str
    wanted: str
    fix: str = ""
    lacks: tuple[str, ...] = ()

    def __str__(self) -> str:
        field = f" {self.field}" if self.field else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.subject}{field}: {self.found}, wanted {self.wanted}{fix}"


Examine = Callable[[System, Profile], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """
    A law about manifests; `source` is where it comes from, `nothing` why there may be nothing to look at.

    A rule that `judges_text` looks at documents as they are written, at those that cannot be read as well.
    """

    name: str
    law: str
    source: str
    examine: Examine
    nothing: str
    severity: Severity = Severity.ERROR
    judges_text: bool = False


@dataclass(frozen=True)
class Proof:
    """A rule's verdict and every place it looked at, the worst first."""

    rule: Rule
    verdict: Verdict
    findings: tuple[Finding, ...] = ()


def prove(rule: Rule, system: System, profile: Profile) -> Proof:
    """
    Ask a rule about a system.

    Beside objects that cannot be read nothing is called right, and broken only what none of them could mend.
    """
    # Two paths may lead a rule to one place; once said is enough.
    places = dict.fromkeys(_with_others(finding, system.others) for finding in rule.examine(system, profile))
    found = sorted(places, key=lambda finding: -finding.outcome.rank)
    worst = found[0].outcome if found else Outcome.SKIPPED
    if system.unreadable and not rule.judges_text and worst in (Outcome.PASS, Outcome.SKIPPED):
        doubt = f"what holds of the others may not hold with {', '.join(map(str, system.unreadable))}"
        return Proof(rule, Verdict(Outcome.UNKNOWN, doubt))
    if not found:
        return Proof(rule, Verdict(Outcome.SKIPPED, rule.nothing))
    decisive = [finding for finding in found if finding.outcome is worst]
    facts = tuple(Fact(None, str(finding)) for finding in (found if worst is Outcome.PASS else decisive))
    return Proof(rule, Verdict(worst, _because(worst, decisive, len(found)), facts), tuple(found))


def _with_others(finding: Finding, others: tuple[Unread, ...]) -> Finding:
    """What is broken for want of an object is not told when the object may be among those that were not read."""
    for other in others if finding.outcome is Outcome.FAIL else ():
        if other.kind in finding.lacks or str(other) in finding.lacks or (other.makes_pods and "Pod" in finding.lacks):
            found = f"{finding.found}; {other} is not read"
            fix = f"correct {other} first" if other.why else f"judge {other} by hand: it may be what is missing"
            return replace(finding, outcome=Outcome.UNKNOWN, found=found, fix=fix)
    return finding


def _because(worst: Outcome, decisive: list[Finding], places: int) -> str:
    if worst is Outcome.PASS:
        return f"holds in {places} {'place' if places == 1 else 'places'}"
    word = "broken" if worst is Outcome.FAIL else "cannot be told"
    return str(decisive[0]) if len(decisive) == 1 else f"{word} in {len(decisive)} of {places} places"


def holds(subject: str, field: str, found: object, wanted: object) -> Finding:
    """A place where the law holds."""
    return Finding(Outcome.PASS, subject, field, str(found), str(wanted))


def broken(subject: str, field: str, found: object, wanted: object, fix: str, lacks: tuple[str, ...] = ()) -> Finding:
    """A place where the law is broken, and what to do."""
    return Finding(Outcome.FAIL, subject, field, str(found), str(wanted), fix, lacks)


def untold(subject: str, field: str, found: object, wanted: object, fix: str) -> Finding:
    """A place where manifests and profile do not tell, and what would."""
    return Finding(Outcome.UNKNOWN, subject, field, str(found), str(wanted), fix)


def judged(
    ok: bool | None, subject: str, field: str, found: object, wanted: object, fix: str, lacks: tuple[str, ...] = ()
) -> Finding:
    """A place that holds (True), is broken (False), or does not tell (None)."""
    outcome = {True: Outcome.PASS, False: Outcome.FAIL, None: Outcome.UNKNOWN}[ok]
    return Finding(outcome, subject, field, str(found), str(wanted), "" if ok else fix, lacks)


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...


def titled(system: System, kind: str, thing: _Named) -> str:
    """Kind/name of an object, with its namespace when that is not the system's."""
    elsewhere = thing.namespace and thing.namespace != system.namespace
    return f"{kind}/{thing.name}" + (f" in {thing.namespace}" if elsewhere else "")

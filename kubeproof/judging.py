"""
The judgement of a whole run from its evidence.

The lines come from kubeproof.evidence.reading, each check's verdict from its judge in kubeproof.checks. What is judged
here goes to kubeproof.conclusion, which has it written down by kubeproof.report.

What is declared and was not asked for, or has no subject in this profile, is SKIPPED by name, so that a report never
looks complete by leaving something out.
"""

from dataclasses import dataclass, replace

from kubeproof.checks.catalogue import CHECKS, LIVE, STATIC, law_of, live_plan
from kubeproof.evidence.naming import unheard_of
from kubeproof.evidence.questions import of_kind, unmet
from kubeproof.evidence.reading import EVERYTHING, Evidence, Line, Planned
from kubeproof.evidence.watching import missed
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import prove
from kubeproof.verdict import Fact, Outcome, Verdict, unknown


@dataclass(frozen=True)
class Judged:
    """A verdict with its check, subject and law; `seconds` is how long the observation took, None if unknown."""

    check: str
    subject: str
    law: str
    verdict: Verdict
    seconds: float | None


def judge_run(system: System, profile: Profile, evidence: Evidence) -> tuple[Judged, ...]:
    """
    Judge all that the run planned; a run whose plan was lost is judged by all that is declared.

    What is declared and not in the plan comes after, as SKIPPED.
    """
    declared = live_plan(system, profile)
    asked = evidence.plan or declared
    judged = [_judged(planned, judge_planned(system, profile, evidence, planned), evidence) for planned in asked]
    for planned in declared:
        if planned not in asked:
            judged.append(_judged(planned, _skipped("was not asked for"), evidence))
    for check in CHECKS:
        if not any(planned.check == check.name for planned in (*asked, *declared)):
            nothing = Planned(check.name, profile.system, "")
            judged.append(_judged(nothing, _skipped("the profile and the manifests name no subject for it"), evidence))
    if not any(planned.check in STATIC for planned in asked):
        law = "what manifests and profile alone prove"
        judged.append(Judged("static", profile.system, law, _skipped("was not asked for"), None))
    return tuple(judged)


def judge_planned(system: System, profile: Profile, evidence: Evidence, planned: Planned) -> Verdict:
    """
    The verdict on one planned check.

    A PASS stands only on an observation that is whole, ended without an error, and saw no gap. Of a file that cannot be
    used nothing is judged, not even what manifests and profile alone say: they may not be those of the run.
    """
    if evidence.unusable is not None:
        return unknown(evidence.unusable)
    if planned.check in STATIC:
        return prove(STATIC[planned.check], system, profile).verdict
    check = LIVE.get(planned.check)
    if check is None:
        return unknown(f"this version knows no check {planned.check!r}")
    lines = evidence.of(planned.observation)
    verdict = check.verdict(system, profile, planned.subject, lines)
    lost = evidence.why_not_whole(planned.observation)
    if lost is not None:
        return _from_remnant(verdict, f"{planned.observation}: {lost}", lasting=check.lasting)
    # What the other checks could not see of their own is no doubt of one that reads the whole run.
    broke_off = None if planned.observation == EVERYTHING else _broke_off(lines)
    reason = broke_off or missed(lines, evidence.run.get("watches"))
    if planned.observation != EVERYTHING:  # of that each observation is judged by itself
        reason = reason or unheard_of(lines)
    if reason is None or verdict.outcome in (Outcome.FAIL, Outcome.SKIPPED):
        return verdict
    if verdict.outcome is Outcome.UNKNOWN:
        return replace(verdict, because=f"{reason}; {verdict.because}")
    return replace(unknown(reason, *verdict.evidence), premises=verdict.premises)


def _from_remnant(verdict: Verdict, reason: str, *, lasting: bool) -> Verdict:
    """What may still be said when lines are missing: a FAIL that no lost line could undo, else UNKNOWN."""
    by_declaration = all(fact.line is None for fact in verdict.evidence)
    if verdict.outcome is Outcome.FAIL and (lasting or by_declaration):
        return replace(verdict, evidence=(*verdict.evidence, Fact(None, reason)))
    return replace(unknown(reason, *verdict.evidence), premises=verdict.premises)


def _broke_off(lines: tuple[Line, ...]) -> str | None:
    """Why an observation did not do all that it was to do: an unmet need, or an error at its end."""
    need = unmet(lines)
    if need is not None:
        return need.because
    for end in of_kind(lines, "observe.end"):
        if end.get("error") is not None:
            return f"the observation broke off: {end.get('error')}"
    return None


def _skipped(reason: str) -> Verdict:
    return Verdict(Outcome.SKIPPED, reason)


def _judged(planned: Planned, verdict: Verdict, evidence: Evidence) -> Judged:
    lines = evidence.of(planned.observation) if planned.observation else ()
    took = round(lines[-1].t - lines[0].t, 3) if lines else None
    return Judged(planned.check, planned.subject, law_of(planned.check), verdict, took)

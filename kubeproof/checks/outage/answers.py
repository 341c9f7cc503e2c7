"""
outage.answers: a workload without its database is alive, says so in time, and serves again in time.

The evidence is what a client in the cluster was told by each pod, asked by its address a few times a second:
`liveness` as the kubelet asks it, and the `request` of the profile's entry. An ask that was not answered took for ever.
"""

from collections.abc import Iterator
from functools import partial
from math import inf

from kubeproof.checks.check import Check, Phase, Subject, Subjects
from kubeproof.evidence.questions import Lines, about, began, fact, marker, ninety_ninth, number, of_kind, seconds
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Loss, Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown

QUESTIONS = ("liveness", "request")
ENOUGH = 100  # asks: with fewer, the 99th of 100 was not seen


def judge_outage(loss: Loss, system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge how the pods of one workload answered while its database was lost in this way, and after."""
    dependency, entry = profile.dependency(subject, about(lines)), profile.entry(subject)
    promise = dependency.outage(loss) if dependency else None
    if system.workload(subject) is None or dependency is None or promise is None or entry is None:
        return unknown(f"{subject} is not a workload whose outage and entry the profile describes")
    stopped, started = marker(lines, "database stopped"), marker(lines, "database started")
    if stopped is None or started is None or started.t <= stopped.t:
        return unknown("no markers say that the database was stopped and started again")
    window = started.t - stopped.t
    level = profile.level(subject)
    return told(
        [
            # A shorter one, cut off by whatever, says nothing of a longer.
            passed("long enough", fact(started, f"away for {seconds(window)}"))
            if window >= promise.lasts
            else unknown(f"the database was away for {seconds(window)}, {seconds(promise.lasts)} are promised"),
            _whole(lines),
            _everyone(subject, lines, stopped),
            _fast(lines, "liveness", (stopped, started), promise.liveness, alive=True),
            _fast(lines, "request", (stopped, started), promise.answers, alive=False),
            _serves_again(loss, entry, level.recovery if level else None, dependency.database, started, lines),
        ]
    )


def told(parts: list[Verdict]) -> Verdict:
    """The worst of the parts; when all of them hold, a PASS whose reason is what each of them measured."""
    verdict = merge(parts)
    return (
        passed("; ".join(found.message for found in verdict.evidence), *verdict.evidence) if verdict.passed else verdict
    )


def _whole(lines: Lines) -> Verdict:
    """Whether every answer reached the evidence: a lost one may have been the slow one."""
    ends, asked = of_kind(lines, "asked.end"), of_kind(lines, "asked")
    if len(ends) != 1 or number(ends[0], "asked") != len(asked):
        said = ends[0].get("asked") if ends else "an unknown number"
        return unknown(f"{said} asks were made, {len(asked)} are in the evidence")
    return passed("whole", fact(ends[0], f"asked {len(asked):,} times"))


def _everyone(subject: str, lines: Lines, stopped: Line) -> Verdict:
    """Whether each pod that was there was asked both questions: the others may have done anything."""
    pods = {line.get("name"): line for line in of_kind(lines, "pod", workload=subject) if line.t <= stopped.t}
    there = {name for name, line in pods.items() if line.get("ready") is True and not line.get("deleted")}
    asked = [{line.get("pod") for line in of_kind(lines, "asked", question=question)} for question in QUESTIONS]
    missed = there - set.intersection(*asked)
    if missed or not there:
        return unknown(f"{len(missed)} of {len(there)} pods of {subject} were not asked")
    return passed("everyone", fact(stopped, f"{len(there)} pods asked"))


def _fast(lines: Lines, question: str, window: tuple[Line, Line], bound: float, *, alive: bool) -> Verdict:
    """Whether 99 of 100 asks were answered in time; with `alive`, each answer must also be a success."""
    stopped, started = window
    asked = of_kind(lines, "asked", question=question)
    pods = {line.get("pod") for line in asked}
    # The positive control: who was never answered cannot be told from who cannot ask.
    heard = {line.get("pod") for line in asked if line.t <= stopped.t and _succeeded(line)}
    if not pods or pods - heard:
        return unknown(f"{question}: {len(pods - heard)} of {len(pods)} pods did not answer before the outage either")
    during = [line for line in asked if stopped.t < began(line) <= started.t]
    if len(during) < ENOUGH:
        return unknown(f"{question}: asked {len(during)} times during the outage, {ENOUGH} are needed")
    wrong = next((line for line in during if alive and number(line, "status") and not _succeeded(line)), None)
    if wrong is not None:
        message = f"{question} of {wrong.get('pod')} answered {wrong.get('status')} while the database was away"
        return failed(message, fact(wrong, message))
    ranked = sorted(during, key=_took)
    slowest = ninety_ninth(ranked)
    took = _took(slowest)
    if took > bound:
        answered = f"answered after {seconds(took)}" if took < inf else f"not answered: {slowest.get('error')}"
        message = f"{question} p99 of {len(during)} asks {answered}, promised is {bound * 1000:.0f} ms"
        return failed(message, fact(slowest, message))
    for pod in sorted(map(str, pods)):
        mine = [line for line in during if line.get("pod") == pod]
        if not mine:
            return unknown(f"{question}: {pod} was not asked during the outage")
        if all(_took(line) > bound for line in mine):
            # Who hangs is asked less often, and among many pods its asks may be less than one in a hundred.
            message = f"{question} of {pod} was never answered within {bound * 1000:.0f} ms while the database was away"
            return failed(message, fact(mine[0], message))
    return passed("fast", fact(slowest, f"{question} p99 {took * 1000:.0f} ms of {len(during):,} asks"))


def _serves_again(loss: Loss, entry: Entry, bound: float | None, database: str, started: Line, lines: Lines) -> Verdict:
    """Whether every pod answers the entry's request after the database is back, in time, and goes on doing so."""
    if loss is Loss.REFUSED:
        seen, was_back = of_kind(lines, "pod", workload=database, ready=True), "was Ready"
    else:
        # Its pod may have been Ready all the time: the kubelet cannot look into what is frozen.
        seen, was_back = of_kind(lines, "greeted", outcome="answered"), "answered"
    back = next((line for line in seen if line.t > started.t), None)
    if back is None:
        return unknown(f"it was not seen that {database} {was_back} after the outage")
    asked = of_kind(lines, "asked", question="request")
    latest = 0.0
    for pod in sorted({str(line.get("pod")) for line in asked}):
        mine = [line for line in asked if line.get("pod") == pod and began(line) > back.t]
        bad = [line for line in mine if number(line, "status") != entry.expect]
        if not mine:
            return unknown(f"{pod} was not asked after the outage")
        good = next((line for line in mine if not bad or line.t > bad[-1].t), None)
        at = (good or mine[-1]).t - back.t
        message = f"{pod} {'served again' if good else 'did not serve'} {seconds(at)} after {database} {was_back}"
        if bound is not None and at > bound:
            return failed(f"{message}, promised are {seconds(bound)}", fact(good or mine[-1], message))
        if good is None:
            return unknown(message, fact(mine[-1], message))
        latest = max(latest, at)
    return passed("serves again", fact(back, f"all pods served {seconds(latest)} after {database} {was_back}"))


def _took(line: Line) -> float:
    took = number(line, "seconds")
    return inf if took is None or number(line, "status") is None else took


def _succeeded(line: Line) -> bool:
    status = number(line, "status")
    return status is not None and 200 <= status < 400


def bearers_of(loss: Loss, observation: str) -> Subjects:
    """Subjects: each workload that promises how it bears this loss of its database; one observation a database."""

    def subjects(_: System, profile: Profile) -> Iterator[Subject]:
        for needed in profile.dependencies:
            if needed.outage(loss) is not None:
                yield Subject(needed.workload, f"{observation}:{needed.database}")

    return subjects


ANSWERS = Check(
    name="outage.answers",
    law="without its database a pod is alive, says so at once, and serves again in time",
    needs="the right to scale the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=bearers_of(Loss.REFUSED, "outage"),
    observer="outage.observe_refused",
    reads=("marker", "pod", "asked", "asked.end"),
    judge=partial(judge_outage, Loss.REFUSED),
)

"""
outage.answers: a workload without its database is alive, says so in time, and serves again in time.

The evidence is what a client in the cluster was told by each pod (`asks`), while its database was gone (`window`). An
ask that was not answered took for ever.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil, inf

from kubeproof.checks.check import Check, Phase, Premise, Subject, Subjects
from kubeproof.checks.outage.asks import (
    Ask,
    answered_before,
    asked_all_the_while,
    by_pod,
    during,
    everyone_asked,
    none_lost,
    read_asks,
)
from kubeproof.checks.outage.probes import GONE, SAME_PODS
from kubeproof.checks.outage.window import LATE, WAS_BACK, Window, back, long_enough, no_window, window
from kubeproof.evidence.questions import Lines, about, fact, ninety_ninth, seconds
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Loss, Outage, Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown


def judge_outage(loss: Loss, system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge how the pods of one workload answered while its database was lost in this way, and after."""
    dependency, entry = profile.dependency(subject, about(lines)), profile.entry(subject)
    promise = dependency.outage(loss) if dependency else None
    if system.workload(subject) is None or dependency is None or promise is None or entry is None:
        return unknown(f"{subject} is not a workload whose outage and entry the profile describes")
    found = window(lines)
    if found is None:
        return no_window(loss)
    asks = read_asks(subject, lines)
    level = profile.level(subject)
    return told(
        [
            _alive(asks, found),
            _fast("liveness", asks, found, promise.liveness),
            _fast("request", asks, found, promise.answers),
            _says_so(asks, found, dependency.database, promise),
            _serves_again(loss, entry, level.recovery if level else None, dependency.database, found, asks, lines),
        ]
    )


def told(parts: list[Verdict]) -> Verdict:
    """The worst of the parts; when all of them hold, a PASS whose reason is what each of them measured."""
    verdict = merge(parts)
    return (
        passed("; ".join(found.message for found in verdict.evidence), *verdict.evidence) if verdict.passed else verdict
    )


def _alive(asks: Sequence[Ask], found: Window) -> Verdict:
    """Whether no answer to the question of liveness was one that has the kubelet restart the pod."""
    answers = [ask for ask in during(found, asks, "liveness") if ask.status is not None]
    for ask in answers:
        if not ask.succeeded:
            message = f"liveness of {ask.pod} answered {ask.status:.0f} while the database was away"
            return failed(message, fact(ask.line, message))
    if not answers:
        return unknown("nobody answered the question of liveness during the outage")
    return passed("alive", fact(answers[-1].line, f"alive for {seconds(found.lasted)}"))


def _fast(question: str, asks: Sequence[Ask], found: Window, bound: float) -> Verdict:
    """Whether 99 of 100 asks were answered in time, of all pods together and of each by itself."""
    mine = [ask for ask in during(found, asks, question) if ask.observed]
    if not mine:
        return unknown(f"{question}: nothing was observed during the outage")
    slowest = ninety_ninth(sorted(mine, key=lambda ask: ask.took))
    if slowest.took > bound:
        return _too_slow(f"{question} p99 of {len(mine)} asks", slowest, bound)
    for pod, asked in by_pod(mine).items():
        worst = _ninety_ninth_of_few(asked)
        if worst.took > bound:
            # Among many pods the asks of one that hangs are less than one in a hundred.
            return _too_slow(f"{question} of {pod}: p99 of {len(asked)} asks", worst, bound)
    return passed("fast", fact(slowest.line, f"{question} p99 {slowest.took * 1000:.0f} ms of {len(mine):,} asks"))


def _ninety_ninth_of_few(asks: Sequence[Ask]) -> Ask:
    """The 99th percentile, but the slowest of several only where there are two as slow: one alone is no share."""
    ranked = sorted(asks, key=lambda ask: ask.took)
    return ranked[max(0, min(ceil(0.99 * len(ranked)) - 1, len(ranked) - 2))]


def _too_slow(what: str, ask: Ask, bound: float) -> Verdict:
    answered = f"answered after {seconds(ask.took)}" if ask.took < inf else f"not answered: {ask.line.get('error')}"
    message = f"{what} {answered}, promised is {bound * 1000:.0f} ms"
    return failed(message, fact(ask.line, message))


def _says_so(asks: Sequence[Ask], found: Window, database: str, promise: Outage) -> Verdict:
    """Whether each request that began and ended without the database was answered by a status that says so."""
    answers = [ask for ask in during(found, asks, "request") if ask.status is not None]
    answers = [ask for ask in answers if ask.at > found.away.t + LATE and ask.end <= found.end]
    for ask in answers:
        if ask.status is not None and not promise.says_so(ask.status):
            allowed = ", ".join(map(str, promise.statuses)) or "5xx"
            message = f"request of {ask.pod} was answered {ask.status:.0f} without {database}, promised is {allowed}"
            return failed(message, fact(ask.line, message))
    if not answers:
        return unknown(f"no request was answered while {database} was away")
    return passed(
        "says so", fact(answers[-1].line, f"{len(answers):,} requests were answered {answers[-1].status:.0f}")
    )


def _serves_again(
    loss: Loss, entry: Entry, bound: float | None, database: str, found: Window, asks: Sequence[Ask], lines: Lines
) -> Verdict:
    """Whether every pod answers the entry's request after the database is back, in time, and goes on doing so."""
    returned = back(loss, database, found.started, lines)
    if returned is None:
        return unknown(f"it was not seen that {database} {WAS_BACK[loss]} after the outage")
    latest = 0.0
    requests = by_pod(ask for ask in asks if ask.question == "request" and ask.heard)
    for pod, asked in requests.items():
        mine = [ask for ask in asked if ask.at > returned.t]
        bad = [ask for ask in mine if ask.status != entry.expect]
        if not mine:
            return unknown(f"{pod} was not asked after the outage")
        good = next((ask for ask in mine if not bad or ask.end > bad[-1].end), None)
        at = (good or mine[-1]).end - returned.t
        message = f"{pod} {'served again' if good else 'did not serve'} {seconds(at)} after {database} {WAS_BACK[loss]}"
        shown = fact((good or mine[-1]).line, message)
        if bound is not None and at > bound:
            return failed(f"{message}, promised are {seconds(bound)}", shown)
        if good is None:
            return unknown(message, shown)
        latest = max(latest, at)
    if not requests:
        return unknown("no pod was asked after the outage")
    return passed(
        "serves again", fact(returned, f"all pods served {seconds(latest)} after {database} {WAS_BACK[loss]}")
    )


def bearers_of(loss: Loss, observation: str) -> Subjects:
    """Subjects: each workload that promises how it bears this loss of its database; one observation a database."""

    def subjects(_: System, profile: Profile) -> Iterator[Subject]:
        for needed in profile.dependencies:
            if needed.outage(loss) is not None:
                yield Subject(needed.workload, f"{observation}:{needed.database}")

    return subjects


def asking(loss: Loss) -> tuple[Premise, ...]:
    """What must have been so for the answers to mean anything, whatever the loss."""
    return (
        Premise("the loss lasted as long as is promised", partial(long_enough, loss)),
        SAME_PODS,
        Premise("every Ready pod was asked what is declared", everyone_asked),
        Premise("every pod answered before", answered_before),
        Premise("every pod was asked all the while, by a probe that was in time", asked_all_the_while),
        Premise("no answer was lost", none_lost),
    )


ANSWERS = Check(
    name="outage.answers",
    law="without its database a pod is alive, says so at once, and serves again in time",
    needs="the right to scale the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=bearers_of(Loss.REFUSED, "outage"),
    observer="outage.observe_refused",
    reads=("marker", "pod", "endpoints", "asked", "asked.end"),
    judge=partial(judge_outage, Loss.REFUSED),
    premises=(GONE, *asking(Loss.REFUSED)),
)

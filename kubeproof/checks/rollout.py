"""
What callers see while every pod of a workload is replaced, on new and on reused connections.

rollout.no-loss: no more requests fail than the profile allows, and it allows none unless it says so.
rollout.in-time: 99 of 100 requests are answered in the time the profile promises.

The requests come as values from kubeproof.evidence.request_log, sent as kubeproof.observe.rollout had them sent. What
failed together is one Disruption, and its message one line below the law in the report (kubeproof.report.text). What
must have been so for a PASS stands in kubeproof.checks.rollout_premises.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.checks.rollout_premises import ON_TIME, ROLLED_OUT, UNDER_WAY
from kubeproof.evidence.questions import Lines, fact, marker, ninety_ninth, of_kind, seconds
from kubeproof.evidence.request_log import CONNECTIONS, Request, read_requests
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown

SAME_DISRUPTION = 1.0  # seconds between failures of one disruption
STUCK = "rollout stuck"


@dataclass(frozen=True)
class Disruption:
    """Failures closer together than a second, in time order."""

    failures: tuple[Request, ...]

    @property
    def message(self) -> str:
        """When, how many, and the words of each kind of failure."""
        start, end = self.failures[0].at, self.failures[-1].at
        counted: dict[str, int] = {}
        for request in self.failures:
            what = f"{request.failure} ({request.connection})"
            counted[what] = counted.get(what, 0) + 1
        kinds = ", ".join(f"{count} x {what}" for what, count in counted.items())
        return f"{seconds(start)} to {seconds(end)}   {kinds}"


def judge_no_loss(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """
    Judge what was lost in the rollout of one workload; every request counts, before and after it too.

    The share that may be lost is of the requests that were sent at a rate: how many were held is up to the probe.
    """
    entry, level = profile.entry(subject), profile.level(subject)
    if system.workload(subject) is None or entry is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry")
    losses = _losses(read_requests(entry, lines), lines, subject, level.loss if level else 0.0)
    return merge([losses, *_stuck(lines)])


def judge_in_time(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """
    Judge how long callers waited from the start of the rollout of one workload on; what failed took for ever.

    Held connections are asked as fast as they answer, so that their number says nothing of callers: they are left out,
    and so is what the probe sent late.
    """
    entry, level = profile.entry(subject), profile.level(subject)
    if system.workload(subject) is None or entry is None or level is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry and a level")
    started = marker(lines, "rollout started")
    if started is None:
        return unknown("no marker says that the rollout began")
    requests = [request for request in read_requests(entry, lines) if request.at >= started.t and request.observed]
    paces = [_pace(connection, requests, level.p99) for connection in CONNECTIONS]
    verdict = merge([*paces, *_slow_pods(requests, level.p99), *_stuck(lines)])
    return passed("; ".join(pace.because for pace in paces), *verdict.evidence) if verdict.passed else verdict


def _stuck(lines: Lines) -> list[Verdict]:
    """A FAIL when a rollout never completed."""
    found = [
        (line, f"the rollout never completed: {line.get('why') or 'it got stuck'}") for line in _marked(lines, STUCK)
    ]
    return [failed(because, fact(line, because)) for line, because in found]


def _pace(connection: str, requests: Sequence[Request], bound: float) -> Verdict:
    mine = [request for request in requests if request.connection == connection]
    if not mine:
        return unknown(f"no request on {connection} connections was seen since the rollout began")
    ranked = sorted(mine, key=lambda request: request.took)
    slowest = ninety_ninth(ranked)
    took = f"{slowest.took * 1000:.0f} ms" if slowest.took < inf else f"without an answer: {slowest.failure}"
    message = f"p99 {took} on {connection} connections"
    if slowest.took > bound:
        because = f"{message}, promised are {bound * 1000:.0f} ms"
        return failed(because, Fact(slowest.line, f"{because}, of {len(mine):,} requests"))
    return passed(message, Fact(slowest.line, f"{message}, of {len(mine):,} requests"))


def _slow_pods(requests: Sequence[Request], bound: float) -> Iterator[Verdict]:
    """A FAIL for each pod that answers late though all together do not: one in a hundred, and one of fewer, may be."""
    answered: dict[str, list[Request]] = {}
    for request in requests:
        if request.pod is not None and request.connection in CONNECTIONS:
            answered.setdefault(request.pod, []).append(request)
    for pod, mine in answered.items():
        slow = [request for request in mine if request.took > bound]
        if len(slow) > max(1, 0.01 * len(mine)):
            because = f"{pod} answered {len(slow)} of {len(mine)} requests after more than {bound * 1000:.0f} ms"
            yield failed(because, Fact(slow[0].line, because))


def disruptions(requests: tuple[Request, ...]) -> tuple[Disruption, ...]:
    """The failures among requests, grouped: closer than a second is one disruption."""
    groups: list[list[Request]] = []
    for request in requests:
        if request.failure is None:
            continue
        if groups and request.at - groups[-1][-1].at < SAME_DISRUPTION:
            groups[-1].append(request)
        else:
            groups.append([request])
    return tuple(Disruption(tuple(group)) for group in groups)


def _losses(requests: tuple[Request, ...], lines: Lines, subject: str, allowed: float) -> Verdict:
    sent = [request for request in requests if request.connection in CONNECTIONS and request.own is None]
    if not sent:
        return unknown("no request was seen")
    found = disruptions(requests)
    if not found:
        message = f"none of {len(sent):,} requests failed, and none that was held"
        return passed(message, Fact(sent[-1].line, message))
    lost = sum(len(disruption.failures) for disruption in found)
    facts = [
        Fact(disruption.failures[0].line, f"{disruption.message}{_pods(disruption, lines, subject)}")
        for disruption in found
    ]
    message = f"{lost:,} of {len(sent):,} failed"
    if lost > allowed * len(sent):
        return failed(f"{message}, {allowed:.2%} are allowed" if allowed else message, *facts)
    return passed(f"{message}, {allowed:.2%} are allowed", *facts)


def _pods(disruption: Disruption, lines: Lines, subject: str) -> str:
    """The pods of a disruption: those that answered, else those that were being deleted about then."""
    start, end = disruption.failures[0].at, disruption.failures[-1].at
    ending: dict[str, float] = {}
    for line in of_kind(lines, "pod", workload=subject):
        if line.get("deleted") is True or line.get("gone") is True:
            ending.setdefault(str(line.get("name")), line.t)
    answered = dict.fromkeys(request.pod for request in disruption.failures if request.pod)
    # 30 s before is the usual grace period: a pod that is still on its way out then.
    about = list(answered) or [pod for pod, at in ending.items() if start - 30 <= at <= end + 1]
    named = [f"{pod} (deleted at {seconds(ending[pod])})" if pod in ending else str(pod) for pod in about]
    return f"   {', '.join(named)}" if named else ""


def _marked(lines: Lines, deed: str) -> Lines:
    return of_kind(lines, "marker", says=deed)


def _entered(_: System, profile: Profile) -> Iterator[Subject]:
    for entry in profile.entries:
        yield Subject(entry.workload, f"rollout:{entry.workload}")


def _entered_with_a_level(system: System, profile: Profile) -> Iterator[Subject]:
    for subject in _entered(system, profile):
        if profile.level(subject.name) is not None:
            yield subject


NO_LOSS = Check(
    name="rollout.no-loss",
    law="no request fails while pods are replaced, or no more than allowed, on new and kept connections",
    needs="room for one more pod of each workload",
    phase=Phase.REPLACE_ALL_PODS,
    subjects=_entered,
    observer="rollout.observe_rollout",
    reads=("marker", "request", "ledger.end", "held.end", "pod", "workload"),
    judge=judge_no_loss,
    premises=(*ROLLED_OUT, ON_TIME, UNDER_WAY),
    lasting=True,
)
IN_TIME = Check(
    name="rollout.in-time",
    law="99 of 100 requests are answered in time while pods are replaced, on new and kept connections",
    needs="room for one more pod of each workload",
    phase=Phase.REPLACE_ALL_PODS,
    subjects=_entered_with_a_level,
    observer="rollout.observe_rollout",
    reads=("marker", "request", "ledger.end", "pod", "workload"),
    judge=judge_in_time,
    premises=(*ROLLED_OUT, ON_TIME),
)

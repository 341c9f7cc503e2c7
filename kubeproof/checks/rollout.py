"""
What callers see while every pod of a workload is replaced, on new and on reused connections.

rollout.no-loss: no more requests fail than the profile allows, and it allows none unless it says so.
rollout.in-time: 99 of 100 requests are answered in the time the profile promises.

The requests come as values from kubeproof.evidence.request_log, sent as kubeproof.observe.rollout had them sent. What
failed together is one Disruption, and its message one line below the law in the report (kubeproof.report.text).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, marker, ninety_ninth, of_kind, seconds
from kubeproof.evidence.request_log import CONNECTIONS, Request, read_requests, whole
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown

SAME_DISRUPTION = 1.0  # seconds between failures of one disruption


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
    """Judge what was lost in the rollout of one workload; every request counts, before and after it too."""
    entry, level = profile.entry(subject), profile.level(subject)
    if system.workload(subject) is None or entry is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry")
    requests = read_requests(entry, lines)
    losses = _losses(requests, lines, subject, level.loss if level else 0.0)
    verdict = merge([losses, *_rolled_out(profile, subject, requests, lines)])
    return passed(losses.because, *verdict.evidence) if verdict.passed else verdict


def judge_in_time(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge how long callers waited from the start of the rollout of one workload on; what failed took for ever."""
    entry, level = profile.entry(subject), profile.level(subject)
    if system.workload(subject) is None or entry is None or level is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry and a level")
    requests = read_requests(entry, lines)
    paces = [_pace(connection, requests, lines, level.p99) for connection in CONNECTIONS]
    verdict = merge([*paces, *_rolled_out(profile, subject, requests, lines)])
    return passed("; ".join(pace.because for pace in paces), *verdict.evidence) if verdict.passed else verdict


def _rolled_out(profile: Profile, subject: str, requests: tuple[Request, ...], lines: Lines) -> list[Verdict]:
    """Whether there was a rollout, and a request log that shows all of it."""
    logs = [whole(profile, connection, requests, lines) for connection in CONNECTIONS]
    return [_completed(lines), _replaced(subject, lines), *logs]


def _pace(connection: str, requests: tuple[Request, ...], lines: Lines, bound: float) -> Verdict:
    started = marker(lines, "rollout started")
    mine = [request for request in requests if request.connection == connection and started and request.at >= started.t]
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
    if not requests:
        return unknown("no request was seen")
    found = disruptions(requests)
    if not found:
        message = f"none of {len(requests):,} requests failed"
        return passed(message, Fact(requests[-1].line, message))
    lost = sum(len(disruption.failures) for disruption in found)
    facts = [
        Fact(disruption.failures[0].line, f"{disruption.message}{_pods(disruption, lines, subject)}")
        for disruption in found
    ]
    message = f"{lost:,} of {len(requests):,} failed"
    if lost > allowed * len(requests):
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


def _completed(lines: Lines) -> Verdict:
    stuck, done = marker(lines, "rollout stuck"), marker(lines, "rollout done")
    if stuck is not None:
        because = f"the rollout never completed: {stuck.get('why') or 'it got stuck'}"
        return failed(because, fact(stuck, because))
    started = marker(lines, "rollout started")
    if started is None or done is None or done.t < started.t:
        return unknown("no markers say that the rollout began and completed")
    return passed("completed", fact(done, f"rolled out in {seconds(done.t - started.t)}"))


def _replaced(subject: str, lines: Lines) -> Verdict:
    """A rollout that replaced nothing loses nothing: an old pod must have gone, a new one must have come."""
    started = marker(lines, "rollout started")
    if started is None:
        return unknown("no marker says that the rollout began")
    pods = of_kind(lines, "pod", workload=subject)
    # Ready before the start: the first new pod may be seen before the marker is written, but it is not ready then.
    old = {line.get("uid") for line in pods if line.t <= started.t and line.get("ready") is True}
    left = [line for line in pods if line.get("uid") in old and (line.get("deleted") or line.get("gone"))]
    new = [line for line in pods if line.t > started.t and line.get("uid") not in old and line.get("ready") is True]
    if not left or not new:
        return unknown(f"{subject}: no old pod was seen going, or no new one was seen ready")
    if old - {line.get("uid") for line in left}:
        return unknown(f"{subject}: an old pod was not seen going")
    return passed("replaced", fact(new[-1], f"{len(old)} pods replaced, the last by {new[-1].get('name')}"))


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
    reads=("marker", "request", "ledger.end", "pod"),
    judge=judge_no_loss,
    lasting=True,
)
IN_TIME = Check(
    name="rollout.in-time",
    law="99 of 100 requests are answered in time while pods are replaced, on new and kept connections",
    needs="room for one more pod of each workload",
    phase=Phase.REPLACE_ALL_PODS,
    subjects=_entered_with_a_level,
    observer="rollout.observe_rollout",
    reads=("marker", "request", "ledger.end", "pod"),
    judge=judge_in_time,
)

"""
rollout.no-loss: while every pod of a workload is replaced, no request fails, on new and on reused connections.

The evidence is the request ledger: one line a request, and at the end the sender's own count, so that a lost line
shows. Times of requests are on the sender's clock; its distance to the run's is bounded by the line that arrived
fastest.
"""

from dataclasses import dataclass
from itertools import pairwise

from conformance.declared.intent import Entry, Profile
from conformance.declared.system import System
from conformance.verdicts.evidence import Line
from conformance.verdicts.history import Lines, fact, marker, number, of_kind, seconds
from conformance.verdicts.verdict import Fact, Verdict, failed, merge, passed, unknown

CONNECTIONS = ("new", "reused")
LONGEST_GAP = 2.0  # seconds without an intended request: longer, and a disruption may have hidden in it
SAME_DISRUPTION = 1.0  # seconds between failures of one disruption


@dataclass(frozen=True)
class Request:
    """One request of the ledger, with `at`, its intended time on the run's clock, and its failure or None."""

    line: int
    at: float
    connection: str
    pod: str | None
    failure: str | None


@dataclass(frozen=True)
class Disruption:
    """Failures closer together than a second, in time order."""

    failures: tuple[Request, ...]

    @property
    def says(self) -> str:
        """When, how many, the words of each kind, and the pods that answered wrongly, if they named themselves."""
        start, end = self.failures[0].at, self.failures[-1].at
        counted: dict[str, int] = {}
        for each in self.failures:
            what = f"{each.failure} ({each.connection})"
            counted[what] = counted.get(what, 0) + 1
        kinds = ", ".join(f"{count} x {what}" for what, count in counted.items())
        return f"{seconds(start)} to {seconds(end)}   {kinds}"


def judge_rollout(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge the rollout of one workload; every request of the observation counts, before and after it too."""
    entry = profile.entry(subject)
    if system.workload(subject) is None or entry is None:
        return unknown(f"{subject} is not a workload for which the profile names an entry")
    requests = read_requests(entry, lines)
    verdicts = [_losses(requests, lines, subject), _completed(lines), _replaced(subject, lines)]
    verdicts += [_ledger(profile, connection, requests, lines) for connection in CONNECTIONS]
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    return passed(f"none of {len(requests):,} requests failed", *verdict.evidence)


def read_requests(entry: Entry, lines: Lines) -> tuple[Request, ...]:
    """The ledger in the order of intended times; a line without a time is left out, the count then misses it."""
    timed = []
    for line in of_kind(lines, "request"):
        intended = number(line, "intended")
        if intended is not None:
            ended = (number(line, "sent") or intended) + (number(line, "seconds") or 0.0)
            timed.append((line, intended, ended))
    offset = min((line.t - ended for line, _, ended in timed), default=0.0)
    requests = (
        Request(line.number, intended + offset, str(line.get("connection")), line.get("pod"), _failure(entry, line))
        for line, intended, _ in timed
    )
    return tuple(sorted(requests, key=lambda request: request.at))


def _failure(entry: Entry, line: Line) -> str | None:
    error, status = line.get("error"), line.get("status")
    if error is not None:
        phase = line.get("phase")
        return f"{error} in {phase}" if phase else str(error)
    return None if status == entry.expect else f"status {status}, should be {entry.expect}"


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


def _losses(requests: tuple[Request, ...], lines: Lines, subject: str) -> Verdict:
    if not requests:
        return unknown("no request was seen")
    found = disruptions(requests)
    if found:
        lost = sum(len(each.failures) for each in found)
        facts = [Fact(each.failures[0].line, f"{each.says}{_pods(each, lines, subject)}") for each in found]
        return failed(f"{lost:,} of {len(requests):,} failed", *facts)
    return passed("no failure", Fact(requests[-1].line, f"{len(requests):,} requests, none failed"))


def _pods(disruption: Disruption, lines: Lines, subject: str) -> str:
    """The pods of a disruption: those that answered, else those that were being deleted about then."""
    start, end = disruption.failures[0].at, disruption.failures[-1].at
    ending: dict[str, float] = {}
    for line in of_kind(lines, "pod", workload=subject):
        if line.get("deleted") is True or line.get("gone") is True:
            ending.setdefault(str(line.get("name")), line.t)
    answered = dict.fromkeys(each.pod for each in disruption.failures if each.pod)
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


def _ledger(profile: Profile, connection: str, requests: tuple[Request, ...], lines: Lines) -> Verdict:
    """Whether the ledger of one kind of connection is complete, dense and long enough to say anything."""
    mine = [request for request in requests if request.connection == connection]
    ends = of_kind(lines, "ledger.end", connection=connection)
    name = f"{connection} connections"
    if len(ends) != 1:
        return unknown(f"{name}: the sender's own count is missing")
    if number(ends[0], "sent") != len(mine):
        return unknown(f"{name}: {ends[0].get('sent')} sent, {len(mine)} in the ledger", fact(ends[0], name))
    started, done = marker(lines, "rollout started"), marker(lines, "rollout done")
    if started is None or done is None:
        return unknown(f"{name}: no window to count requests in")
    during = sum(1 for request in mine if request.at >= started.t)
    needed = profile.rollout.minimum_requests
    if during < needed:
        return unknown(f"{name}: {during} requests since the rollout began, {needed} are needed", fact(ends[0], name))
    # The times of the window count too: a ledger that begins late or ends early has its gap there.
    times = [started.t, *(r.at for r in mine if started.t < r.at < done.t), done.t]
    if mine[0].at > started.t + LONGEST_GAP or mine[-1].at < done.t - LONGEST_GAP:
        return unknown(f"{name}: the ledger does not cover the rollout", fact(ends[0], name))
    gap, at = max((after - before, before) for before, after in pairwise(times))
    if gap > LONGEST_GAP:
        return unknown(f"{name}: nothing was sent for {seconds(gap)} from {seconds(at)} on", fact(ends[0], name))
    return passed("complete", fact(ends[0], f"{len(mine):,} requests on {name}, {during:,} since the rollout began"))

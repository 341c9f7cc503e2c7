"""
The request log: the `request` lines of a rollout as values, and whether all that were sent are there.

The probe's `traffic` (kubeproof.probe.traffic) writes one line a request, and at its end a `ledger.end` with its own
count, so that a lost line shows. What the requests mean is judged by kubeproof.checks.rollout. Times of requests are on
the sender's clock; its distance to the run's is bounded by the line that arrived fastest.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf

from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds
from kubeproof.evidence.reading import Line
from kubeproof.profile.intent import Entry, Profile
from kubeproof.verdict import Verdict, passed, unknown

CONNECTIONS = ("new", "reused")
LONGEST_GAP = 2.0  # seconds without an intended request: longer, and a disruption may have hidden in it


@dataclass(frozen=True)
class Request:
    """
    One request of the log, with `at`, its intended time on the run's clock, and its failure or None.

    `took` is seconds from the intended time to the end of the answer, for ever when it failed: a request that had to
    wait for its turn has waited too.
    """

    line: int
    at: float
    connection: str
    pod: str | None
    failure: str | None
    took: float


def read_requests(entry: Entry, lines: Lines) -> tuple[Request, ...]:
    """The log in the order of intended times; a line without a time is left out, the count then misses it."""
    timed = []
    for line in of_kind(lines, "request"):
        intended, sent, took = (number(line, name) for name in ("intended", "sent", "seconds"))
        if intended is not None and sent is not None and took is not None:
            timed.append((line, intended, sent + took))
    offset = min((line.t - ended for line, _, ended in timed), default=0.0)
    requests = (_request(entry, line, intended + offset, ended - intended) for line, intended, ended in timed)
    return tuple(sorted(requests, key=lambda request: request.at))


def _request(entry: Entry, line: Line, at: float, took: float) -> Request:
    failure = _failure(entry, line)
    pod, connection = line.get("pod"), str(line.get("connection"))
    return Request(line.number, at, connection, pod, failure, took if failure is None else inf)


def _failure(entry: Entry, line: Line) -> str | None:
    error, status = line.get("error"), line.get("status")
    if error is not None:
        phase = line.get("phase")
        return f"{error} in {phase}" if phase else str(error)
    return None if status == entry.expect else f"status {status}, should be {entry.expect}"


def whole(profile: Profile, connection: str, requests: tuple[Request, ...], lines: Lines) -> Verdict:
    """Whether the log of one kind of connection is complete, dense and long enough to say anything of a rollout."""
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
    # The times of the window count too: a log that begins late or ends early has its gap there.
    times = [started.t, *(r.at for r in mine if started.t < r.at < done.t), done.t]
    if mine[0].at > started.t + LONGEST_GAP or mine[-1].at < done.t - LONGEST_GAP:
        return unknown(f"{name}: the ledger does not cover the rollout", fact(ends[0], name))
    gap, at = max((after - before, before) for before, after in pairwise(times))
    if gap > LONGEST_GAP:
        return unknown(f"{name}: nothing was sent for {seconds(gap)} from {seconds(at)} on", fact(ends[0], name))
    return passed("complete", fact(ends[0], f"{len(mine):,} requests on {name}, {during:,} since the rollout began"))

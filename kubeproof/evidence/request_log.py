"""
The request log: the `request` lines of a rollout as values, and whether all that were sent are there.

The probe's `traffic` (kubeproof.probe.traffic) writes one line a request, and at its end a `ledger.end` with its own
count, so that a lost line shows; `hold` (kubeproof.probe.holding) writes the first answer on each connection and what
differs from it. What the requests mean is judged by kubeproof.checks.rollout. Times of requests are on the sender's
clock; its distance to the run's is bounded by the line that arrived fastest.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf

from kubeproof.evidence.questions import Lines, fact, marker, not_observed, number, of_kind, seconds
from kubeproof.evidence.reading import Line
from kubeproof.profile.intent import Entry, Profile
from kubeproof.verdict import Fact, Verdict, passed, unknown

CONNECTIONS = ("new", "reused")
HELD = "held"
LONGEST_GAP = 2.0  # seconds in which nothing was sent: longer, and a disruption may have hidden in it
# Seconds from the time that a request was due until it was sent. The sender waits for no answer, so that it is the
# probe's own lateness; a thread of a busy machine of two cores is woken within a tenth of it.
LATE = 0.2
MAY_BE_LATE = 0.05  # of all requests: moments in which the probe's machine was busy with something else
NEVER_EARLY = 0.01  # seconds: a time that was slept for is over then, but for the clock's own correction


@dataclass(frozen=True)
class Request:
    """
    One request of the log, with `at`, when it was sent on the run's clock, and its failure or None.

    `took` is seconds from then to the end of the answer, for ever when it failed; `late` how much later than it was
    due it was sent; `own` the words of a failure of the probe's own, of which `failure` says nothing. `to` is the uid
    of the pod that was addressed directly, `pod` the name of the one that says it answered, None where there is none.
    """

    line: int
    at: float
    connection: str
    pod: str | None
    failure: str | None
    took: float
    to: str | None = None
    late: float = 0.0
    own: str | None = None

    @property
    def answered(self) -> bool:
        """Whether it was answered as it should be."""
        return self.failure is None and self.own is None

    @property
    def observed(self) -> bool:
        """Whether the time that it took says anything of who answered: sent when it was due, or nearly."""
        return self.own is None and self.late <= LATE


def read_requests(entry: Entry, lines: Lines) -> tuple[Request, ...]:
    """The log in the order of sending; a line with impossible times is left out, the count then misses it."""
    return _read(entry.expect, _Same(lines))


def clock(lines: Lines) -> float:
    """The run's clock minus the sender's, as the line that arrived fastest bounds it; 0 without one."""
    return _distance(_timed(lines))


class _Same:
    """Lines that are equal to themselves alone: comparing thousands would cost as much as reading them again."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    def __hash__(self) -> int:
        return id(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.lines is other.lines


@lru_cache(maxsize=1)  # of one observation: each premise of a check asks for it
def _read(expect: int, same: _Same) -> tuple[Request, ...]:
    timed = _timed(same.lines)
    distance = _distance(timed)
    requests = (_request(expect, line, times, distance) for line, times in timed)
    return tuple(sorted(requests, key=lambda request: request.at))


Times = tuple[float, float, float]  # due, sent, seconds


def _distance(timed: list[tuple[Line, Times]]) -> float:
    return min((line.t - (sent + took) for line, (_, sent, took) in timed), default=0.0)


def _timed(lines: Lines) -> list[tuple[Line, Times]]:
    """The requests whose times can be."""
    timed = []
    for line in of_kind(lines, "request"):
        due, sent, took = number(line, "intended"), number(line, "sent"), number(line, "seconds")
        if due is not None and sent is not None and took is not None and took >= 0 and sent >= due - NEVER_EARLY:
            timed.append((line, (due, sent, took)))
    return timed


def _request(expect: int, line: Line, times: Times, distance: float) -> Request:
    due, sent, took = times
    error = line.get("error")
    own = str(error) if not_observed(error) else None
    failure = None if own else _failure(expect, line, error)
    return Request(
        line=line.number,
        at=sent + distance,
        connection=str(line.get("connection")),
        pod=line.get("pod"),
        failure=failure,
        took=inf if failure else took,
        to=line.get("uid"),
        late=max(0.0, sent - due),
        own=own,
    )


def _failure(expect: int, line: Line, error: object) -> str | None:
    if error is not None:
        phase = line.get("phase")
        return f"{error} in {phase}" if phase else str(error)
    status = line.get("status")
    return None if status == expect else f"status {status}, should be {expect}"


def counted(connection: str, requests: tuple[Request, ...], lines: Lines) -> Verdict:
    """Whether all that was said of one kind of connection is there, by the sender's own count."""
    mine = [request for request in requests if request.connection == connection]
    ends = of_kind(lines, "ledger.end", connection=connection)
    name = f"{connection} connections"
    # Held connections are those of one rollout, and of another one; the others are those of all of them.
    if not ends or (connection in CONNECTIONS and len(ends) != 1):
        return unknown(f"{name}: the sender's own count is missing")
    if sum(number(end, "sent") or 0.0 for end in ends) != len(mine):
        sent = sum(number(end, "sent") or 0.0 for end in ends)
        return unknown(f"{name}: {sent:.0f} sent, {len(mine)} in the ledger", fact(ends[-1], name))
    return passed("counted", fact(ends[-1], f"{len(mine):,} requests on {name}"))


def dense(profile: Profile, connection: str, requests: tuple[Request, ...], lines: Lines) -> Verdict:
    """Whether requests on one kind of connection were enough, and without a hole, from the first start to the end."""
    name = f"{connection} connections"
    started, done = (
        marker(lines, "rollout started"),
        max(of_kind(lines, "marker", says="rollout done"), key=_t, default=None),
    )
    if started is None or done is None:
        return unknown(f"{name}: no window to count requests in")
    sent = [request.at for request in requests if request.connection == connection]
    during, needed = sum(1 for at in sent if at >= started.t), profile.rollout.minimum_requests
    if during < needed:
        return unknown(f"{name}: {during} requests since the rollout began, {needed} are needed", fact(done, name))
    # The times of the window count too: a log that begins late or ends early has its gap there.
    times = [started.t, *(at for at in sent if started.t < at < done.t), done.t]
    if sent[0] > started.t or sent[-1] < done.t - LONGEST_GAP:
        return unknown(f"{name}: the ledger does not cover the rollout", fact(done, name))
    gap, at = max((after - before, before) for before, after in pairwise(times))
    if gap > LONGEST_GAP:
        return unknown(f"{name}: nothing was sent for {seconds(gap)} from {seconds(at)} on", fact(done, name))
    return passed("complete", fact(done, f"{during:,} requests on {name} since the rollout began"))


def _t(line: Line) -> float:
    return line.t


def in_time(connection: str, requests: tuple[Request, ...]) -> Verdict:
    """Whether the probe sent what was due when it was due, but for a few."""
    mine = [request for request in requests if request.connection == connection]
    late = [request for request in mine if request.late > LATE]
    if len(late) > MAY_BE_LATE * len(mine):
        because = f"{len(late)} of {len(mine)} requests on {connection} connections were sent late"
        worst = max(late, key=lambda request: request.late)
        return unknown(because, Fact(worst.line, f"{because}, the latest by {seconds(worst.late)}"))
    if not mine:
        return unknown(f"no request on {connection} connections was seen")
    worst = max(mine, key=lambda request: request.late)
    return passed(
        "in time", Fact(worst.line, f"sent at most {worst.late * 1000:.0f} ms late on {connection} connections")
    )

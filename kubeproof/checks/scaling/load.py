"""
Whether the load of a growth was one: offered and served all the while, by a generator that was not the bottleneck.

The generator (kubeproof.probe.locustfile) says once a second what it asked since it began.
"""

from collections.abc import Iterator
from itertools import pairwise

from kubeproof.checks.scaling.growth import Growth, longest_silence
from kubeproof.evidence.questions import Lines, fact, number, seconds
from kubeproof.evidence.reading import Line
from kubeproof.verdict import Verdict, passed, unknown

# Seconds over which a load is measured: for a single one its machine, or the system's, may have paused.
WINDOW = 10.0
SILENCE = 5.0  # seconds without a line in which there may have been no load
BUSY = 90.0  # percent of a CPU above which Locust warns that its numbers are its own, and not the system's


def offered(growth: Growth) -> Verdict:
    """All users asked, and in every window the profile's rate was served, with no larger share of failures."""
    told = growth.during("load")
    if not told:
        return unknown("no load was seen")
    since, silence = longest_silence(told, growth.started.t, growth.end)
    if silence > SILENCE:
        into = since - growth.started.t
        return unknown(f"nothing was told of it for {seconds(silence)}, from {seconds(into)} into the load")
    for before, line in pairwise(told):
        requests, failures = _more(before, line, "requests"), _more(before, line, "failures")
        if requests is None or failures is None or failures > requests:
            return unknown(f"its counts are none, {growth.into(line)}", fact(line, _counts(line)))
    users = growth.scale.load.users
    for line in told:
        if number(line, "users") != users:
            because = f"{line.get('users')} of {users} users asked, {growth.into(line)}"
            return unknown(because, fact(line, because))
    return _served(growth, told)


def _served(growth: Growth, told: Lines) -> Verdict:
    load, slowest = growth.scale.load, None
    for first, last in _windows(told):
        took = last.t - first.t
        requests, failures = (_more(first, last, field) or 0.0 for field in ("requests", "failures"))
        rate = (requests - failures) / took
        if rate < load.rate or failures > load.failures * requests:
            message = f"{rate:.1f} requests a second served and {failures:.0f} of {requests:.0f} failed"
            because = f"{message} in {seconds(took)}, {growth.into(last)}"
            return unknown(because, fact(last, f"at least {load.rate} and at most {load.failures:.1%} are a load"))
        slowest = rate if slowest is None else min(rate, slowest)
    if slowest is None:
        return unknown("too little was told of it", fact(told[-1], _counts(told[-1])))
    message = f"at least {slowest:.0f} requests a second served in any {seconds(WINDOW)}"
    return passed(message, fact(told[-1], message))


def _windows(told: Lines) -> Iterator[tuple[Line, Line]]:
    """First and last line of each stretch of WINDOW; of the whole load where that is shorter."""
    if told[-1].t - told[0].t < WINDOW:
        yield from ((told[0], told[-1]),) if told[-1].t > told[0].t else ()
    for place, first in enumerate(told):
        last = next((line for line in told[place:] if line.t >= first.t + WINDOW), None)
        if last is not None:
            yield first, last


def _more(first: Line, last: Line, field: str) -> float | None:
    """How much a count grew; None when it is missing, or fell."""
    before, after = number(first, field), number(last, field)
    return None if before is None or after is None or not 0 <= before <= after else after - before


def _counts(line: Line) -> str:
    return f"{line.get('requests')} requests, {line.get('failures')} failed"


def unhurried(growth: Growth) -> Verdict:
    """A generator short of CPU asks less and measures itself."""
    told = growth.during("load")
    for line in told:
        busy = number(line, "cpu")
        if busy is None or busy > BUSY:
            used = "an unknown share" if busy is None else f"{busy:.0f}%"
            because = f"it used {used} of a CPU, {growth.into(line)}"
            return unknown(because, fact(line, because))
    if not told:
        return unknown("no load was seen")
    most = max(told, key=lambda line: number(line, "cpu") or 0.0)
    message = f"it used {number(most, 'cpu'):.0f}% of a CPU at most"
    return passed(message, fact(most, message))

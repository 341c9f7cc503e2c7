"""Whether the watches of an observation saw all of it: a watch that has gone deaf says nothing, as a quiet one does."""

from collections.abc import Iterable
from itertools import groupby, pairwise
from operator import attrgetter

from kubeproof.evidence.kinds import OF_WATCHES
from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, of_kind, seconds

# Seconds without a word of a watch: the API server is asked to end each after 10, which is a word, and the next begins.
WATCH_SILENCE = 15.0
_BRACKETS = ("observe.begin", "observe.end")
_TOLD = (*_BRACKETS, "bookmark")
NOT_DEPLOYED = "NotDeployed"  # begins the error of an observation of a system that never came up: nothing was watched


def missed(lines: Lines, watches: object) -> str | None:
    """
    What the watches may not have seen in the observations of these lines, or None; `watches` are those of run.begin.

    A gap; a watch that was not heard for long; one of which no list at the end showed that it had seen all.
    """
    for gap in of_kind(lines, "gap"):
        return f"something was missed: {gap.get('says')}"
    names = [name for name in watches if isinstance(name, str)] if isinstance(watches, list) else []
    if not names:
        return "run.begin does not say what was watched"
    for _, of_one in groupby(sorted(lines, key=attrgetter("of")), key=attrgetter("of")):
        own = tuple(of_one)
        if _never_deployed(own):
            continue
        last_deed = max((line.number for line in own if _is_deed(line)), default=0)
        # Of thousands of lines a few say these things, and each watch is asked about.
        told = tuple(line for line in own if line.kind in _TOLD)
        if why := _first(_unheard(told, name, last_deed) for name in names):
            return why
    return None


def _never_deployed(lines: Lines) -> bool:
    return any(str(end.get("error")).startswith(NOT_DEPLOYED) for end in of_kind(lines, "observe.end"))


def _first(reasons: Iterable[str | None]) -> str | None:
    return next(filter(None, reasons), None)


def _unheard(lines: Lines, watch: str, last_deed: int) -> str | None:
    """Why a watch may have been deaf in one observation, whose last deed is the line of that number, or None."""
    heard = of_kind(lines, "bookmark", watch=watch)
    times = sorted(line.t for line in (*_brackets(lines), *heard))
    for before, after in pairwise(times):
        if after - before > WATCH_SILENCE:
            return f"nothing was heard of the {watch} watch for {seconds(after - before)}"
    if not any(line.get("caught") is True and line.number > last_deed for line in heard):
        return f"it was not shown that the {watch} watch saw all"
    return None


def _brackets(lines: Lines) -> Lines:
    return tuple(line for line in lines if line.kind in _BRACKETS)


def _is_deed(line: Line) -> bool:
    """Whether a line is something that was done or asked: what the watches saw before it shows nothing of it."""
    return line.kind not in OF_WATCHES and line.kind not in _BRACKETS

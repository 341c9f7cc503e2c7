"""
What tests of judges are written with: moments of an observation, changes of a history, and the verdict on it.

A history is what one observation would have seen, written out: moments of (seconds, kind of line, its fields).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

import pytest

from kubeproof.checks.check import Check
from kubeproof.evidence.envelope import VERSION, signed
from kubeproof.evidence.reading import EVERYTHING, Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Outcome, Verdict
from tests.helpers.one_run import one_run
from tests.helpers.shop import PROFILE, SYSTEM

Moment = tuple[float, str, dict[str, Any]]
History = list[Moment]
Change = Callable[[History], History]
# Of a test module: each observation that its checks read, with the history of it in which all holds.
Histories = Mapping[str, Callable[[], History]]

TRANSPORT = "ConnectionResetError: reset"
MISSED = "not observed: exec failed"


def pod(t: float, uid: str, of: str = "shop", **fields: Any) -> Moment:
    known = {"name": f"{of}-{uid}", "workload": of, "uid": uid, "ready": True, "ip": "10.0.0.1", "restarts": 0}
    known |= {"waiting": [], "ended": [], "revision": None, "phase": "Running"}
    return t, "pod", {**known, "deleted": False, "gone": False, "node": "n", **fields}


def sample(t: float, name: str, desired: int, ready: int, **fields: Any) -> Moment:
    known = {"name": name, "object_kind": "Deployment", "generation": 1, "observed": 1, "desired": desired}
    known |= {"updated": ready, "ready": ready, "available": ready, "replicas": ready, "gone": False}
    return t, "workload", {**known, **fields}


def marker(t: float, deed: str, **fields: Any) -> Moment:
    return t, "marker", {"says": deed, **fields}


def endpoints(t: float, *ready: str) -> Moment:
    return t, "endpoints", {"service": "shop", "ready": list(ready), "serving": list(ready), "terminating": []}


def step(t: float, journey: str, index: int, method: str, status: int | None, body: Any, **fields: Any) -> Moment:
    known = {"journey": journey, "index": index, "method": method, "url": "http://shop:80/things", "status": status}
    return t, "step", {**known, "body": body, "error": None, "saved": {}, "seconds": 0.01, **fields}


def without(kind: str, **fields: Any) -> Change:
    """The history without the lines of a kind that have these fields."""
    return lambda history: [
        moment
        for moment in history
        if moment[1] != kind or any(moment[2].get(key) != value for key, value in fields.items())
    ]


def changed(kind: str, where: dict[str, Any], **fields: Any) -> Change:
    """The history with other fields in the lines of a kind that match `where`."""
    return lambda history: [
        (t, k, {**data, **fields}) if k == kind and where.items() <= data.items() else (t, k, data)
        for t, k, data in history
    ]


def plus(*moments: Moment) -> Change:
    """The history with these moments in their places."""
    return lambda history: sorted([*history, *moments], key=lambda moment: moment[0])


def moved(to: float, kind: str, **fields: Any) -> Change:
    """The history with the lines of a kind that have these fields at another time, and in its place."""

    def apply(history: History) -> History:
        mine = [kind == moment[1] and fields.items() <= moment[2].items() for moment in history]
        there = [(to, k, data) if moves else (t, k, data) for (t, k, data), moves in zip(history, mine, strict=True)]
        return sorted(there, key=lambda moment: moment[0])

    return apply


def until(end: float) -> Change:
    """The history up to a moment."""
    return lambda history: [moment for moment in history if moment[0] <= end]


def only(*moments: Moment) -> Change:
    """These moments, whatever the history."""
    return lambda _: list(moments)


def both(*changes: Change) -> Change:
    """One change after the other."""

    def apply(history: History) -> History:
        for change in changes:
            history = change(history)
        return history

    return apply


def lines(of: str, history: Iterable[Moment]) -> tuple[Line, ...]:
    """
    A history as the lines a judge is given, numbered from 1.

    In one of EVERYTHING each `observe.begin` names in its `of` the observation whose moments follow.
    """
    found, now = [], of
    for n, (t, kind, fields) in enumerate(history, start=1):
        now = fields.get("of", now) if of == EVERYTHING and kind == "observe.begin" else now
        found.append(Line(n, t, now, kind, fields))
    return tuple(found)


AS_IT_IS = both()


def judging(histories: Histories) -> Callable[..., Verdict]:
    """The judgement of a test module: of a check on these histories, as they are or changed."""

    def judged(
        check: Check, change: Change = AS_IT_IS, *, system: System = SYSTEM, profile: Profile = PROFILE
    ) -> Verdict:
        asked = check.planned(SYSTEM, PROFILE)[0]
        history = change(histories[asked.observation]())
        return check.verdict(system, profile, asked.subject, lines(asked.observation, history))

    return judged


def cases(table: Mapping[str, tuple[Any, ...]]) -> pytest.MarkDecorator:
    """A test for each case of a table: name → (check, change of its history, a part of the reason)."""
    width = max(len(case) for case in table.values())
    return pytest.mark.parametrize(("check", "change", "reason")[:width], table.values(), ids=table)


def assert_broken(verdict: Verdict, reason: str = "") -> None:
    """It is a FAIL, says why, and shows a line of the evidence."""
    assert verdict.outcome is Outcome.FAIL, verdict.report()
    assert reason in verdict.because, verdict.report()
    assert any(fact.line is not None for fact in verdict.evidence), verdict.report()


def assert_unknown(verdict: Verdict, reason: str = "") -> None:
    """It is UNKNOWN, and says what was missing."""
    assert verdict.outcome is Outcome.UNKNOWN, verdict.report()
    assert reason in verdict.because, verdict.report()


# What run.begin of a written file says is watched; each is heard of as often as the API server ends a watch.
WATCHES = ("pod", "deployment", "event")
HEARD_EVERY = 10.0


def written(histories: Mapping[str, History], plan: list[list[str]] | None = None, **begin: Any) -> list[str]:
    """
    Histories as the lines of an evidence file, one observation after the other, by one writer.

    The watches of each are heard until its end, and the end vouches for all; `begin` are more fields of run.begin.
    """
    known = {"run": "7f3a", "cluster": "somewhere", "started": "2026-01-01T00:00:00Z", "versions": {}, "skew": [0, 0]}
    known |= {"writers": ["main"], "watches": list(WATCHES)}
    moments: list[tuple[str, Moment]] = [("", (0.0, "run.begin", {**known, **begin}))]
    if plan is not None:
        moments.append(("", (0.0, "run.plan", {"checks": plan})))
    # What is told of the whole run is all that the others tell.
    told = {of: history for of, history in histories.items() if of != EVERYTHING}
    for of, history in one_run(told).items():
        moments += [(of, moment) for moment in observed(history, since=moments[-1][1][0])]
    return ended([_line(n, of, *moment) for n, (of, moment) in enumerate(moments)])


def observed(history: History, since: float) -> History:
    """A history as an observation that begins at a time of the run: bracketed, and with what its watches say."""
    end = max((t for t, _, _ in history), default=0.0)
    heard = [
        (HEARD_EVERY * n, "bookmark", {"watch": watch, "version": str(n), "caught": False})
        for n in range(1, int(end / HEARD_EVERY) + 1)
        for watch in WATCHES
    ]
    caught = [(end, "bookmark", {"watch": watch, "version": "end", "caught": True}) for watch in WATCHES]
    inside = [*sorted([*history, *heard], key=lambda moment: moment[0]), *caught]
    moments = [(0.0, "observe.begin", {}), *inside]
    moments.append((end, "observe.end", {"lines": len(moments) + 1, "error": None}))
    return [(round(since + max(t, 0.0), 4), kind, fields) for t, kind, fields in moments]


def signed_line(n: int, moment: Moment, of: str = "") -> str:
    """A moment as a line of an evidence file."""
    return _line(n, of, *moment)


def _line(n: int, of: str, t: float, kind: str, fields: dict[str, Any]) -> str:
    return signed({"v": VERSION, "w": "main", "n": n, "t": t, "of": of, "kind": kind, **fields})


def resigned(row: str, **fields: Any) -> str:
    """A line with other fields, and the checksum of them."""
    return signed({**json.loads(row), **fields})


def ended(rows: list[str]) -> list[str]:
    """The lines of a run with the end that vouches for them, of each writer for its own; main writes it."""
    own: dict[str, list[str]] = {}
    for row in rows:
        own.setdefault(json.loads(row)["w"], []).append(row)
    writers = {name: sha256("".join(f"{row}\n" for row in of_it).encode()).hexdigest() for name, of_it in own.items()}
    last = max((json.loads(row)["t"] for row in rows), default=0.0)
    return [*rows, _line(len(own.get("main", ())), "", last, "run.end", {"writers": writers})]


def revouched(rows: list[str]) -> list[str]:
    """A whole file with a new end: what was changed in it is vouched for."""
    return ended(rows[:-1])

"""
Edits of a passing run, small and composable: each takes an observation's history and gives another.

`since` and `until` are deeds: the lines after the marker of the one, and up to the marker of the other. Without them an
edit reaches over the whole history. Counts that a sender makes itself (ledger.end, asked.end) `counted` makes right.
"""

from collections.abc import Callable
from typing import Any

from tests.forged.run import Run
from tests.helpers.histories import Change, History, Moment, both
from tests.helpers.outages import counted as asks_counted

Edit = Callable[[Run], Run]
Where = Callable[[Moment], bool]


def of(observation: str, *changes: Change) -> Edit:
    """The run with one observation changed."""
    return lambda run: {**run, observation: both(*changes)(run[observation])}


def when(history: History, deed: str, otherwise: float) -> float:
    """When a marker of this deed stands there."""
    return next((t for t, kind, data in history if kind == "marker" and data.get("says") == deed), otherwise)


def lines(kind: str, since: str | None = None, until: str | None = None, **fields: Any) -> Callable[[History], Where]:
    """Which lines of a history are meant: by kind, by fields, and by the deeds between which they stand."""

    def meant(history: History) -> Where:
        begin = when(history, since, float("inf")) if since else float("-inf")
        end = when(history, until, float("-inf")) if until else float("inf")
        return lambda moment: (
            moment[1] == kind
            and begin < moment[0] <= end
            and all(moment[2].get(name) == value for name, value in fields.items())
        )

    return meant


def others(which: Callable[[History], Where]) -> Callable[[History], Where]:
    """All other lines."""

    def meant(history: History) -> Where:
        these = which(history)
        return lambda moment: not these(moment)

    return meant


def dropped(which: Callable[[History], Where]) -> Change:
    """Without these lines."""

    def change(history: History) -> History:
        meant = which(history)
        return [moment for moment in history if not meant(moment)]

    return change


def rewritten(which: Callable[[History], Where], **fields: Any) -> Change:
    """With other fields in these lines; a function is given the line's own value."""

    def change(history: History) -> History:
        meant = which(history)
        return [
            (t, kind, _with(data, fields)) if meant((t, kind, data)) else (t, kind, data) for t, kind, data in history
        ]

    return change


def _with(data: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    values = {name: value(data.get(name)) if callable(value) else value for name, value in fields.items()}
    return {**data, **values}


def later(which: Callable[[History], Where], seconds: float) -> Change:
    """With these lines so much later, or earlier, in their places there."""

    def change(history: History) -> History:
        meant = which(history)
        moved = [(moment[0] + seconds, *moment[1:]) if meant(moment) else moment for moment in history]
        return sorted(moved, key=lambda moment: moment[0])

    return change


def at_the_end(*moments: Moment) -> Change:
    """With these lines so many seconds after the last that tells of an object or an answer."""

    def change(history: History) -> History:
        last = max(t for t, _, _ in history)
        return [*history, *((last + t, kind, data) for t, kind, data in moments)]

    return change


def backward(history: History) -> History:
    """With the last line written before the one that stands there before it."""
    *rest, (t, kind, data) = history
    return [*rest, (t - 0.5, kind, data)]


def counted(history: History) -> History:
    """With the senders' own counts made right."""
    sent = [data["connection"] for _, kind, data in history if kind == "request"]
    told = [
        (t, kind, {**data, "sent": sent.count(data["connection"])}) if kind == "ledger.end" else (t, kind, data)
        for t, kind, data in history
    ]
    return asks_counted(told)


def stays(workload: str) -> Change:
    """A workload whose pods and endpoints never change, whatever the markers say was done to it."""

    def change(history: History) -> History:
        first: dict[tuple[str, Any], float] = {}
        for t, kind, data in history:
            if kind == "pod" and data["workload"] == workload and not data["gone"]:
                first.setdefault((kind, data["name"]), t)
            if kind == "endpoints" and data["service"] == workload:
                first.setdefault((kind, workload), t)
        kept = []
        for t, kind, data in history:
            mine = (kind == "pod" and data["workload"] == workload) or (
                kind == "endpoints" and data["service"] == workload
            )
            key = (kind, data["name"] if kind == "pod" else workload)
            if not mine or (t == first.get(key) and t < when(history, "database stopped", 0.0)):
                kept.append((t, kind, data))
        return kept

    return change


def cloned(name: str, *letters: str) -> Change:
    """With pods that were and answered exactly as this one."""

    def change(history: History) -> History:
        more: History = []
        for t, kind, data in history:
            if kind == "pod" and data["name"] == name:
                more += [(t, kind, {**data, "name": f"{name}{n}", "uid": f"{data['uid']}{n}"}) for n in letters]
            if kind == "asked" and data["pod"] == name:
                twins = [
                    {"pod": f"{name}{n}", "uid": f"{data['uid']}{n}"} if "uid" in data else {"pod": f"{name}{n}"}
                    for n in letters
                ]
                more += [(t, kind, {**data, **twin}) for twin in twins]
        return sorted([*history, *more], key=lambda moment: moment[0])

    return change

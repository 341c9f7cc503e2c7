"""What may become of a line: dropped, duplicated, moved in time, or another value in one of its fields, by its type."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tests.helpers.histories import History, Moment

HOUR = 3600.0  # seconds: longer than any window
CLOSE = 0.001  # seconds between a line and the neighbour that it was put beside
FORGED = "forged"
WHOLE_LINE = ""  # in place of a field: what is done to the line as a whole
DROPPED, DUPLICATED = "dropped", "duplicated"
MOVES = ("before its neighbour", "after its neighbour", "to the begin", "to the end", "an hour later")
MANY = 6  # lines of one kind that are tried in one observation where time is taken for it: of hundreds many are alike
# By kind what tells lines of it apart that say something else: one of each is tried where no time is taken.
ROLES = {"marker": ("says",), "reach": ("role",), "pod": ("deleted", "gone"), "asked": ("question",)}
ROLES |= {"request": ("connection",), "ledger.end": ("connection",), "greeted": ("outcome",)}
Role = tuple[Any, ...]


@dataclass(frozen=True)
class Corruption:
    """One thing done to one line: of which kind, to which field (empty: the line), what, and the history after it."""

    kind: str
    field: str
    operation: str
    history: History


def role_of(moment: Moment) -> Role:
    """The kind of a line, and what it is among the lines of its kind."""
    return moment[1], *(moment[2].get(field) for field in ROLES.get(moment[1], ()))


def representatives(history: History, roles: Container[Role]) -> list[int]:
    """The place of one line of each of these roles that the history has: the one in the middle."""
    places: dict[Role, list[int]] = {}
    for place, moment in enumerate(history):
        places.setdefault(role_of(moment), []).append(place)
    return [of_it[len(of_it) // 2] for role, of_it in places.items() if role in roles]


def corruptions(history: History, places: Iterable[int]) -> Iterator[Corruption]:
    """Everything that is tried on these lines of one observation."""
    for place in places:
        kind = _called(history[place])
        rest = [*history[:place], *history[place + 1 :]]
        yield Corruption(kind, WHOLE_LINE, DROPPED, rest)
        yield Corruption(kind, WHOLE_LINE, DUPLICATED, [*history[: place + 1], *history[place:]])
        for move, t in _moves(history, place):
            yield Corruption(kind, WHOLE_LINE, move, _put(rest, t, history[place]))
        yield from _changes(history, place)


def _called(moment: Moment) -> str:
    """What a line is called in the tables: its kind, and its role where lines of one kind have several."""
    role = moment[2].get("role")
    return f"{moment[1]} {role}" if role else moment[1]


def sampled(history: History, sample: int = MANY) -> list[int]:
    """Places of the lines that are tried: of each kind and role the first, the last, and some evenly between."""
    kinds = sorted(range(len(history)), key=lambda place: _called(history[place]))
    found: set[int] = set()
    for _, group in groupby(kinds, key=lambda place: _called(history[place])):
        places = list(group)
        few = min(sample, len(places))
        found |= {places[i * (len(places) - 1) // max(few - 1, 1)] for i in range(few)}
    return sorted(found)


def _moves(history: History, place: int) -> Iterator[tuple[str, float]]:
    t = history[place][0]
    before = [moment[0] for moment in history if moment[0] < t]
    after = [moment[0] for moment in history if moment[0] > t]
    if before and max(before) >= CLOSE:
        yield MOVES[0], max(before) - CLOSE
    if after:
        yield MOVES[1], min(after) + CLOSE
    if before:
        yield MOVES[2], 0.0
    if after:
        yield MOVES[3], max(after)
    yield MOVES[4], t + HOUR


def _put(rest: History, t: float, moment: Moment) -> History:
    """The line at another time, in its place there: after all that came before."""
    place = sum(1 for other in rest if other[0] <= t)
    return [*rest[:place], (t, *moment[1:]), *rest[place:]]


def _changes(history: History, place: int) -> Iterator[Corruption]:
    t, kind, fields = history[place]
    called = _called(history[place])
    for field, value in fields.items():
        seen = [moment[2].get(field) for moment in history if moment[1] == kind and moment[2].get(field) != value]
        for operation, other in _statuses(value) if field == "status" else _others(value, seen):
            changed = (t, kind, {**fields, field: other})
            yield Corruption(called, field, operation, [*history[:place], changed, *history[place + 1 :]])


def _statuses(value: int | None) -> list[tuple[str, Any]]:
    """Another status is one of another class: 201 says what 200 does."""
    others: list[tuple[str, Any]] = [("other", 503 if value is None or value < 500 else 200), ("zero", 0)]
    return others if value is None else [*others, ("null", None)]


def _others(value: Any, seen: Sequence[Any]) -> list[tuple[str, Any]]:
    """Other values in place of one, each after what was done to it; what is the same is none."""
    if isinstance(value, bool):
        others: list[tuple[str, Any]] = [("flipped", not value)]
    elif isinstance(value, (int, float)):
        others = [("more", value + 1), ("much more", value * 10 + 100), ("zero", 0)]
        others.append(("negative", -abs(value) - 1))
    elif isinstance(value, str):
        others = [("other", FORGED), ("that of another line", next((other for other in seen if other), value))]
    elif isinstance(value, list):
        others = [("emptied", []), ("one more", [*value, FORGED])]
    elif isinstance(value, dict):
        others = [("emptied", {})]
    else:
        others = [("some text", FORGED), ("some number", 7)]
    others.append(("null", None))
    return [(operation, other) for operation, other in others if other != value]

"""
The figures of every contestant by the name of the measure, and where ours is not first. Pure.

Latencies are percentiles of the requests of all rounds together; everything else is the middle of the rounds, with the
smallest and the largest beside it.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from bench.readme import number
from bench.services.latency import Request, latency
from bench.services.load import Load
from bench.services.rounds import Turn

NEAR = 1.05
"""Nobody is ahead by less: repeats of one program differ by more."""


@dataclass(frozen=True)
class Figure:
    """A value in a unit; `less` tells whether less of it is better. `low` and `high`: the rounds' extremes."""

    value: float
    unit: str
    less: bool
    low: float | None = None
    high: float | None = None


Standing: TypeAlias = Mapping[str, Figure]
T = TypeVar("T")


def limit_of(limited: bool) -> str:
    """Name the limit of a turn, as the measures do."""
    return "500m" if limited else "unlimited"


def standing(turns: Sequence[Turn]) -> Standing:
    """Give all figures of one contestant from its turns."""
    found: dict[str, Figure] = {}
    for limited in (False, True):
        ours = [turn for turn in turns if turn.limited is limited]
        if ours:
            found |= {f"{measure}, {limit_of(limited)}": figure for measure, figure in _figures(ours)}
    return found


def _figures(turns: Sequence[Turn]) -> Iterator[tuple[str, Figure]]:
    saturated = [turn.saturated for turn in turns]
    yield "requests per CPU-second", _middle(saturated, lambda load: load.per_cpu_second, "/CPU-s", less=False)
    yield "requests per second, closed loop", _middle(saturated, lambda load: load.per_second, "/s", less=False)
    yield "CPU of PostgreSQL per request", _middle(saturated, _postgres_microseconds, "us", less=True)
    yield "cold start", _middle(turns, lambda turn: turn.cold_start, "s", less=True)
    yield "RSS idle", _middle(turns, lambda turn: turn.idle, "MiB", less=True)
    yield "RSS loaded", _middle(turns, lambda turn: turn.loaded, "MiB", less=True)
    for place in range(len(turns[0].loads)):
        loads = [turn.loads[place] for turn in turns]
        name = "closed loop" if loads[0].rate is None else f"{loads[0].rate:g}/s"
        yield from _latency(name, [request for load in loads for request in load.requests])
        if any(load.throttling for load in loads):
            yield f"throttled periods at {name}", _middle(loads, throttled, "%", less=True)


def _latency(name: str, requests: Sequence[Request]) -> Iterator[tuple[str, Figure]]:
    seen = latency(requests)
    yield f"p50 at {name}", Figure(seen.p50, "ms", less=True)
    yield f"p99 at {name}", Figure(seen.p99, "ms", less=True)
    yield f"p99.9 at {name}", Figure(seen.p999, "ms", less=True)
    yield f"failed at {name}", Figure(100 * seen.failed / seen.requests, "%", less=True)


def _middle(of: Iterable[T], value: Callable[[T], float], unit: str, *, less: bool) -> Figure:
    values = [value(measurement) for measurement in of]
    return Figure(statistics.median(values), unit, less, min(values), max(values))


def throttled(load: Load) -> float:
    """Give the throttled periods of a load in per cent; 0 without a limit."""
    return load.throttling.percent if load.throttling else 0.0


def _postgres_microseconds(load: Load) -> float:
    return load.postgres_cpu / load.served * 1e6 if load.served else 0.0


def behind(ours: Standing, others: Mapping[str, Standing]) -> Iterator[str]:
    """Give a line for every measure in which somebody is ahead of ours by more than NEAR: who, and by how much."""
    for measure, figure in ours.items():
        ahead = {name: figures[measure] for name, figures in others.items() if is_ahead(figures[measure], than=figure)}
        if ahead:
            told = ", ".join(f"{name}: {number(other.value)}" for name, other in ahead.items())
            yield f"{measure}: ours {number(figure.value)} {figure.unit}; {told}"


def is_ahead(figure: Figure, *, than: Figure) -> bool:
    """Tell whether a figure is better than another by more than NEAR."""
    better, worse = (figure.value, than.value) if than.less else (than.value, figure.value)
    return better * NEAR < worse

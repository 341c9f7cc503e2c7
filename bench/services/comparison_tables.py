"""The tables that set the contestants side by side, and the sentence on where ours is not first. Pure."""

from collections.abc import Mapping, Sequence

from bench.readme import number
from bench.row import ComparisonTable, Row
from bench.services.environments import Environment
from bench.services.rounds import Admitted, Plan
from bench.services.standings import Figure, Standing, behind

MEGABYTES, NATIVE, EXCHANGES, SEGMENTS = "packages", "native packages", "exchanges per GET", "segments per response"


def of_environment(admitted: Admitted, environment: Environment) -> Standing:
    """Give the figures of a contestant that no load changes."""
    return {
        EXCHANGES: Figure(admitted.counts.exchanges, "", less=True),
        SEGMENTS: Figure(admitted.counts.segments, "", less=True),
        NATIVE: Figure(environment.native, "", less=True),
        MEGABYTES: Figure(round(environment.megabytes, 1), "MB", less=True),
    }


def rows(standings: Mapping[str, Standing]) -> list[Row]:
    """Give every figure of every contestant as a row that promises nothing."""
    return [
        Row(f"{name}: {measure}", round(figure.value, 3), figure.unit, low=figure.low, high=figure.high)
        for name, figures in standings.items()
        for measure, figure in figures.items()
    ]


def comparison_tables(standings: Mapping[str, Standing], plan: Plan) -> list[ComparisonTable]:
    """Give the tables: what a contestant costs, and its latencies without and with a limit."""
    return [cost(standings), *(latencies(standings, plan, limit) for limit in ("unlimited", "500m"))]


def cost(standings: Mapping[str, Standing]) -> ComparisonTable:
    """Give the table of what the contestants cost."""
    columns = {
        "requests per CPU-second (spread)": ("requests per CPU-second, unlimited",),
        "PostgreSQL, us per request": ("CPU of PostgreSQL per request, unlimited",),
        "exchanges per GET": (EXCHANGES,),
        "segments": (SEGMENTS,),
        "RSS idle / loaded, MiB": ("RSS idle, unlimited", "RSS loaded, unlimited"),
        "cold start, s (500m)": ("cold start, unlimited", "cold start, 500m"),
        "native packages": (NATIVE,),
        "packages, MB": (MEGABYTES,),
    }
    lines = {
        name: [_spread(figures, *of) if "spread" in head else _beside(figures, of) for head, of in columns.items()]
        for name, figures in standings.items()
    }
    return ComparisonTable("What they cost", tuple(columns), lines)


def latencies(standings: Mapping[str, Standing], plan: Plan, limit: str) -> ComparisonTable:
    """Give the table of latencies under one limit; failed requests beside those that had any."""
    loads = ["closed loop", *(f"{rate:g}/s" for rate in plan.rates)]
    throttling = [f"throttled periods at {load}, {limit}" for load in loads] if limit != "unlimited" else []
    lines = {}
    for name, figures in standings.items():
        cells = [number(figures[f"requests per second, closed loop, {limit}"].value)]
        cells += [_percentiles(figures, load, limit) for load in loads]
        cells += [_beside(figures, throttling)] if throttling else []
        lines[name] = cells
    heads = ["closed loop, requests/s", *(f"{load}: p50 / p99 / p99.9, ms" for load in loads)]
    heads += ["throttled periods, % each"] if throttling else []
    title = f"Latency from the time a request was due, {'500m CPU' if throttling else limit}"
    return ComparisonTable(title, heads, lines)


def losses(ours: str, standings: Mapping[str, Standing]) -> str:
    """Give as Markdown in which measures somebody is ahead of ours."""
    others = {name: figures for name, figures in standings.items() if name != ours}
    found = list(behind(standings[ours], others))
    if not found:
        return "Nobody is ahead of ours by more than 5 % in anything measured here."
    return "\n".join(["Where ours is not first (by more than 5 %):\n", *(f"- {line}" for line in found)])


def _percentiles(figures: Standing, load: str, limit: str) -> str:
    cell = _beside(figures, [f"{percent} at {load}, {limit}" for percent in ("p50", "p99", "p99.9")])
    failed = figures[f"failed at {load}, {limit}"].value
    return f"{cell}; {failed:.3g} % failed" if failed else cell


def _beside(figures: Standing, measures: Sequence[str]) -> str:
    return " / ".join(number(figures[measure].value) for measure in measures)


def _spread(figures: Standing, measure: str) -> str:
    figure = figures[measure]
    assert figure.low is not None
    assert figure.high is not None
    return f"{number(figure.value)} ({number(figure.low)} to {number(figure.high)})"

"""What is promised of our services, as rows: the measured value beside what must and what should hold. Pure."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.row import Row, at_least, at_most
from bench.services.counts import Counts
from bench.services.latency import latency, lateness
from bench.services.load import Load
from bench.services.own_measurements import PROMISED_RATE, OwnMeasurements, StoreWall
from bench.services.rounds import Turn
from bench.services.standings import throttled

LATE = 1.0  # milliseconds
BUSY = 10.0  # per cent
"""A run in which the generator was later, on a machine that was busier with other things, says little of a server."""


@dataclass(frozen=True)
class Seen:
    """
    All that the promises are judged by. `ours` has the turns of our items, round by round.

    `busy` is how busy other programs kept the machine before the run, in per cent.
    """

    gets: Counts
    naive_gets: Counts
    own: OwnMeasurements
    ours: Sequence[Turn]
    busy: float


def promises(seen: Seen) -> list[Row]:
    """Judge every promise of the services."""
    machine = at_most("machine: busy with other programs before the run", seen.busy, "%", BUSY)
    services = *_counts(seen), *_processor(seen), *_wall(seen.own.wall), *_size(seen)
    return [*services, *_under_load(seen.own.promised), machine]


def _counts(seen: Seen) -> Iterator[Row]:
    naive = seen.naive_gets
    beside = {"GET": (f"naive: {naive.exchanges:g}", f"naive: {naive.segments:g}")}
    kinds = {"GET": seen.gets, "POST": seen.own.posts, "POST with a key": seen.own.keyed_posts}
    for kind, counts in kinds.items():
        exchanges, segments = beside.get(kind, (None, None))
        yield at_most(f"exchanges with PostgreSQL per {kind}", counts.exchanges, "", 1, exchanges, aim=1)
        yield at_most(f"TCP segments per response to {kind}", counts.segments, "", 1, segments, aim=1)


def _processor(seen: Seen) -> Iterator[Row]:
    ours = [turn.saturated.per_cpu_second for turn in seen.ours if not turn.limited]
    ratios = [mine.per_cpu_second / naive.per_cpu_second for mine, naive in seen.own.duels]
    naive = statistics.median(naive.per_cpu_second for _, naive in seen.own.duels)
    beside = f"naive: {naive:,.0f} per CPU-second; {len(ratios)} pairs"
    measure = "requests per CPU-second, GET by id"
    yield at_least(f"{measure}, against naive", statistics.median(ratios), "x", 3, beside, aim=4.5).between(ratios)
    yield at_least(measure, statistics.median(ours), "/CPU-s", 3000, aim=4500).between(ours)
    calls = seen.own.calls
    consumer, plain = calls["consumer"], calls["requests.get"]
    beside = f"{consumer:.0f} us; requests.get: {plain:.0f} us; a kept Session: {calls['Session.get']:.0f} us"
    yield at_most("consumer: CPU per upstream call, against requests.get", consumer / plain, "x", 0.5, beside, aim=0.25)


def _wall(wall: StoreWall) -> Iterator[Row]:
    walls = [store / pgbench for store, pgbench in zip(wall.store, wall.pgbench, strict=True)]
    store, pgbench = statistics.median(wall.store), statistics.median(wall.pgbench)
    beside = f"{store:.0f} us; pgbench: {pgbench:.0f} us"
    measure = "the store against pgbench -M prepared, 1 client, wall"
    yield at_most(measure, statistics.median(walls), "x", 4, beside, aim=2.5).between(walls)


def _under_load(loads: Sequence[Load]) -> Iterator[Row]:
    """Judge the requests of all rounds together: a percentile of a few is no percentile."""
    seen = latency([request for load in loads for request in load.requests])
    name = f"{PROMISED_RATE:g} requests/s, open loop, 500m"
    rounds = [latency(load.requests).p99 for load in loads]
    beside = f"p50 {seen.p50:.2f} ms, p99.9 {seen.p999:.2f} ms, {seen.requests:,} requests"
    yield at_most(f"{name}: p99 from intended time", seen.p99, "ms", 10, beside, aim=3).between(rounds)
    yield at_most(f"{name}: failed requests", seen.failed, "", 0, aim=0)
    periods = [throttled(load) for load in loads]
    yield at_most(f"{name}: throttled periods", statistics.median(periods), "%", 5).between(periods)
    # What the generator sends late is held against the server: then the rows above tell of the machine.
    late = max(lateness(load.requests) for load in loads)
    yield at_most(f"{name}: the generator was late, p99", late, "ms", LATE)


def _size(seen: Seen) -> Iterator[Row]:
    limited = [turn for turn in seen.ours if turn.limited]
    for name, turns in (("items", limited), ("consumer", seen.own.consumer)):
        idle, loaded = [turn.idle for turn in turns], [turn.loaded for turn in turns]
        starts = [turn.cold_start for turn in turns]
        yield at_most(f"{name}: RSS idle", statistics.median(idle), "MiB", 45, aim=38).between(idle)
        yield at_most(f"{name}: RSS loaded", statistics.median(loaded), "MiB", 45, aim=38).between(loaded)
        start = f"{name}: cold start to Ready at 500m"
        yield at_most(start, statistics.median(starts), "s", 2, aim=1).between(starts)

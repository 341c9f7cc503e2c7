"""
What is measured of our services alone: beside the naive path by turns, the store beside pgbench, 600 requests a second,
the consumer's calls.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path
from typing import Any

from bench.errors import CannotMeasure
from bench.services.contestants import CONSUMER, NAIVE, OURS
from bench.services.counts import Counts, counted
from bench.services.load import Load, load
from bench.services.quota import quota
from bench.services.rounds import MILLICORES, WARM_UP, Plan, Turn, relayed
from bench.services.server import ROOT, Contestant
from bench.services.test_bed import ROWS, TestBed

PROMISED_RATE = 600.0
DUELS = 4  # times the rounds: the ratio of two neighbours varies with whatever else the processor's owner does
LONGER = 3  # times a round's load: its percentiles are promised
INSIDE = Path(__file__).parent / "inside"
PGBENCH = f"\\set id random(1, {ROWS})\nSELECT id, name, description, created_at FROM items WHERE id = :id;\n"


@dataclass(frozen=True)
class StoreWall:
    """Microseconds that one item by id takes, one caller: our store, and PostgreSQL's own client, round by round."""

    store: tuple[float, ...]
    pgbench: tuple[float, ...]


@dataclass(frozen=True)
class OwnMeasurements:
    """
    What was measured of our services alone.

    `duels`: closed loops on ours and on naive, each pair one right after the other. `calls`: processor time in
    microseconds of an upstream call, by the way it is made.
    """

    posts: Counts
    keyed_posts: Counts
    duels: tuple[tuple[Load, Load], ...]
    wall: StoreWall
    promised: tuple[Load, ...]
    consumer: tuple[Turn, ...]
    calls: Mapping[str, float]


def measure_own(test_bed: TestBed, plan: Plan) -> OwnMeasurements:
    """Measure what concerns our services only."""
    test_bed.progress("counts per POST")
    plain, keyed = posts(test_bed)
    test_bed.progress("ours and naive by turns")
    by_turns = tuple(duels(test_bed, plan))
    test_bed.progress("the store beside pgbench")
    wall = store_wall(test_bed, plan)
    test_bed.progress(f"{PROMISED_RATE:g} requests/s at {MILLICORES}m")
    promised = promised_load(test_bed, plan)
    test_bed.progress("the consumer")
    consumer, calls = consumer_turns(test_bed, plan)
    return OwnMeasurements(plain, keyed, by_turns, wall, tuple(promised), tuple(consumer), calls)


def duels(test_bed: TestBed, plan: Plan) -> Iterator[tuple[Load, Load]]:
    """Put a closed loop on ours and on naive by turns, unlimited; the one that is not asked waits."""
    with test_bed.running(OURS) as ours, test_bed.running(NAIVE) as naive:
        for server in (ours, naive):
            load(test_bed, server, rate=None, seconds=WARM_UP)
        for _ in range(DUELS * plan.rounds):
            yield (
                load(test_bed, ours, rate=None, seconds=plan.seconds / 2),
                load(test_bed, naive, rate=None, seconds=plan.seconds / 2),
            )


def store_wall(test_bed: TestBed, plan: Plan) -> StoreWall:
    """Measure both in turns, on the same processor."""
    seconds = f"{plan.seconds / 2:g}"
    pairs = [
        (
            float(inside(test_bed, OURS, test_bed.postgres.env, "store_wall", seconds)),
            _pgbench(test_bed, plan.seconds / 2),
        )
        for _ in range(plan.rounds)
    ]
    return StoreWall(tuple(store for store, _ in pairs), tuple(pgbench for _, pgbench in pairs))


def posts(test_bed: TestBed) -> tuple[Counts, Counts]:
    """Give the counts per POST, without and with an Idempotency-Key."""
    with relayed(test_bed, OURS) as (between, server):
        plain = counted(between, server.port, "POST", repeat("/items"))
        keys = ({"Idempotency-Key": f"bench-{number}"} for number in count())
        keyed = counted(between, server.port, "POST", repeat("/items"), keys)
    test_bed.psql(f"DELETE FROM items WHERE id > {ROWS}; VACUUM ANALYZE items;")
    return plain, keyed


def promised_load(test_bed: TestBed, plan: Plan) -> list[Load]:
    """Offer PROMISED_RATE to ours at 500m CPU, once a round, each time to a new process."""
    loads = []
    for _ in range(plan.rounds):
        with quota(MILLICORES) as share, test_bed.running(OURS, share) as server:
            load(test_bed, server, rate=None, seconds=WARM_UP)
            loads.append(load(test_bed, server, rate=PROMISED_RATE, seconds=LONGER * plan.seconds))
    return loads


def consumer_turns(test_bed: TestBed, plan: Plan) -> tuple[list[Turn], dict[str, float]]:
    """Give the consumer's turns at 500m CPU before our items, and the processor time of its calls in microseconds."""
    with test_bed.running(OURS) as items:
        calls: dict[str, float] = inside(
            test_bed, CONSUMER, {}, "upstream_cost", items.url, str(int(400 * plan.seconds))
        )
        return [_consumer_turn(test_bed, plan, items.url) for _ in range(plan.rounds)], calls


def _consumer_turn(test_bed: TestBed, plan: Plan, items_url: str) -> Turn:
    with quota(MILLICORES) as share, test_bed.running(CONSUMER, share, {"MICROSERVICE_1_URL": items_url}) as server:
        idle = server.mebibytes()
        saturated = load(test_bed, server, rate=None, seconds=plan.seconds)
        return Turn(CONSUMER, True, server.cold_start, idle, server.mebibytes(), (saturated,))


def inside(
    test_bed: TestBed, contestant: Contestant, variables: Mapping[str, str], program: str, *arguments: str
) -> Any:
    """Run a program of `inside` with the Python and on the processor of a contestant; give the JSON it prints."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    command = [test_bed.environment(contestant).python, str(INSIDE / f"{program}.py"), *arguments]
    return json.loads(_run(test_bed, command, env))


def _pgbench(test_bed: TestBed, seconds: float) -> float:
    script = test_bed.scratch / "find.sql"
    script.write_text(PGBENCH)
    program = str(test_bed.postgres.programs / "pgbench")
    command = [program, "-n", "-M", "prepared", "-c", "1", "-T", f"{max(1, round(seconds))}", "-f", str(script)]
    return pgbench_microseconds(_run(test_bed, command, test_bed.libpq))


def pgbench_microseconds(said: str) -> float:
    """Read the mean time of a transaction from what pgbench prints; raises CannotMeasure when it is not there."""
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if found is None:
        raise CannotMeasure(f"pgbench told no tps: {said[-600:]}")
    return 1e6 / float(found[1])


def _run(test_bed: TestBed, command: Sequence[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: os.sched_setaffinity(0, test_bed.server_cpus),
    )
    if done.returncode != 0:
        raise CannotMeasure(f"{Path(command[0]).name} {Path(command[1]).name} failed: {done.stderr.strip()[-600:]}")
    return done.stdout

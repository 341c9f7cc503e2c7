"""
All contestants side by side: in each round everyone is started, loaded and ended, first unlimited, then at 500m CPU.

Rounds are interleaved, so that what else the machine does meets all alike. Before the first, every contestant is asked
for the same items: whose bytes differ from ours is not measured, since it does other work.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

from bench.errors import CannotMeasure
from bench.services.contestants import CONTESTANTS
from bench.services.counts import Counts, Relay, counted, relay
from bench.services.load import Load, load
from bench.services.quota import quota
from bench.services.server import Contestant, Server, get
from bench.services.test_bed import PATHS, TestBed

MILLICORES = 500
WARM_UP = 1.0  # seconds of a closed loop, not counted
COMPARED = ("/items/1", "/items/4711", "/items/10000")


class Plan(NamedTuple):
    """How long and how often: `rates` are offered per second, each for `seconds`, in each of `rounds`."""

    rounds: int
    seconds: float
    rates: Sequence[float]


WHOLE = Plan(rounds=3, seconds=3.0, rates=(200, 400, 800))
QUICK = Plan(rounds=1, seconds=1.5, rates=(200, 800))


@dataclass(frozen=True)
class Turn:
    """One contestant once: `loads` has the closed loop first, then each rate; memory in MiB before and after them."""

    contestant: Contestant
    limited: bool
    cold_start: float
    idle: float
    loaded: float
    loads: tuple[Load, ...]

    @property
    def saturated(self) -> Load:
        """The closed loop."""
        return self.loads[0]


@dataclass(frozen=True)
class Admitted:
    """A contestant that answers the same bytes, with its counts per GET."""

    contestant: Contestant
    counts: Counts


def admitted(test_bed: TestBed) -> Iterator[Admitted]:
    """Give the contestants that may be measured, ours first; says which may not."""
    expected: list[bytes] | None = None
    for contestant in CONTESTANTS:
        with relayed(test_bed, contestant) as (between, server):
            answered = [get(server.port, path)[1] for path in COMPARED]
            expected = expected or answered
            if answered != expected:
                test_bed.progress(f"not measured: {contestant.name} answers {answered[0]!r}, ours is {expected[0]!r}")
                continue
            yield Admitted(contestant, counted(between, server.port, "GET", cycle(PATHS)))


@contextmanager
def relayed(test_bed: TestBed, contestant: Contestant) -> Iterator[tuple[Relay, Server]]:
    """Lend a contestant and the relay through which it talks with PostgreSQL."""
    with relay(test_bed.postgres.port) as between:
        variables = {**test_bed.postgres.env, "DB_PORT": str(between.port)}
        with test_bed.running(contestant, variables=variables) as server:
            yield between, server


def turns(test_bed: TestBed, contestants: Sequence[Contestant], plan: Plan) -> Iterator[Turn]:
    """Give every contestant's turn of every round, unlimited and limited."""
    for number in range(plan.rounds):
        for contestant in contestants:
            for limited in (False, True):
                limit = f"{MILLICORES}m" if limited else "unlimited"
                test_bed.progress(f"round {number + 1} of {plan.rounds}: {contestant.name}, {limit}")
                yield turn(test_bed, contestant, plan, limited=limited)


def turn(test_bed: TestBed, contestant: Contestant, plan: Plan, *, limited: bool) -> Turn:
    """Start a contestant, put every load on it, and give what was seen."""
    with ExitStack() as held:
        share = held.enter_context(quota(MILLICORES)) if limited else None
        server = held.enter_context(test_bed.running(contestant, share))
        idle = server.mebibytes()
        load(test_bed, server, rate=None, seconds=WARM_UP)
        loads = [load(test_bed, server, rate=None, seconds=plan.seconds)]
        for rate in plan.rates:
            loads.append(load(test_bed, server, rate=rate, seconds=plan.seconds))
        _must_live(server, contestant)
        return Turn(contestant, limited, server.cold_start, idle, server.mebibytes(), tuple(loads))


def _must_live(server: Server, contestant: Contestant) -> None:
    try:
        get(server.port, "/health", contestant.ready)
    except OSError as error:
        raise CannotMeasure(f"{contestant.name} did not outlive its load: {error}") from error

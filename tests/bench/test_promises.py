"""Promises of the services are judged by rounds written out; standings say honestly who is ahead."""

from dataclasses import replace

import pytest

from bench.errors import CannotMeasure
from bench.row import Row
from bench.services.comparison_tables import comparison_tables, losses, rows
from bench.services.contestants import CONSUMER, CONTESTANTS, NAIVE, OURS
from bench.services.counts import Counts
from bench.services.environments import requirements
from bench.services.latency import Request
from bench.services.load import Load
from bench.services.own_measurements import OwnMeasurements, StoreWall, pgbench_microseconds
from bench.services.promises import Seen, promises
from bench.services.quota import Throttling
from bench.services.rounds import Plan, Turn
from bench.services.server import Contestant
from bench.services.standings import Figure, behind, is_ahead, standing

PLAN = Plan(rounds=2, seconds=1.0, rates=(200,))


def load(
    *,
    cpu: float,
    rate: float | None = None,
    took: float = 0.001,
    late: float = 0.0,
    failed: int = 0,
    throttled: int = 0,
) -> Load:
    """Make a load of 1000 requests over one second, of which some failed."""
    requests = tuple(
        Request(n / 1000, n / 1000 + late, n / 1000 + took, 503 if n < failed else 200) for n in range(1000)
    )
    return Load(rate, requests, cpu, 0.05, Throttling(100, throttled))


def turn(contestant: Contestant, *, limited: bool, cpu: float, memory: float = 30.0) -> Turn:
    """Make a turn with a closed loop and one rate, which need `cpu` seconds each."""
    loads = (load(cpu=cpu), load(cpu=cpu, rate=200))
    return Turn(contestant, limited, 0.4, memory, memory + 2, loads)


def turns(contestant: Contestant, *costs: float) -> list[Turn]:
    """Make a turn of both limits for each cost."""
    return [turn(contestant, limited=limited, cpu=cpu) for cpu in costs for limited in (False, True)]


def seen() -> Seen:
    """All promises hold: 4000 requests per CPU-second against 1000, twice."""
    one = Counts(1.0, 1.0)
    calls = {"consumer": 400.0, "requests.get": 1000.0, "Session.get": 700.0}
    wall = StoreWall((80.0, 90.0), (40.0, 30.0))
    consumer = (turn(CONSUMER, limited=True, cpu=0.3),)
    duels = ((load(cpu=0.25), load(cpu=1.0)),) * 2
    own = OwnMeasurements(one, one, duels, wall, (load(cpu=0.2, rate=600), load(cpu=0.2, rate=600)), consumer, calls)
    return Seen(one, Counts(7.0, 2.0), own, turns(OURS, 0.25, 0.25), 2.0)


def broken(what: Seen) -> list[str]:
    """Give the measures that do not hold."""
    return [row.measure for row in promises(what) if not row.holds]


def row(measure: str) -> Row:
    """Give a row of the promises that hold."""
    return next(one for one in promises(seen()) if one.measure == measure)


def test_every_line_of_the_issue_is_promised() -> None:
    """All hold, and each has a bound."""
    assert broken(seen()) == []
    assert all(one.must is not None for one in promises(seen()))
    assert len(promises(seen())) == 21


def test_ratios_are_those_of_each_round() -> None:
    """The middle of the ratios, not the ratio of the middles: what else the machine does meets both alike."""
    against = row("requests per CPU-second, GET by id, against naive")
    assert (against.value, against.low, against.high) == (4.0, 4.0, 4.0)
    wall = row("the store against pgbench -M prepared, 1 client, wall")
    assert (wall.value, wall.low, wall.high) == (2.5, 2.0, 3.0)
    assert row("consumer: CPU per upstream call, against requests.get").value == 0.4


@pytest.mark.parametrize(
    ("change", "measures"),
    [
        ({"gets": Counts(2.0, 1.0)}, ["exchanges with PostgreSQL per GET"]),
        ({"gets": Counts(1.0, 1.01)}, ["TCP segments per response to GET"]),
        ({"busy": 40.0}, ["machine: busy with other programs before the run"]),
    ],
)
def test_what_does_not_hold_is_named(change: dict[str, object], measures: list[str]) -> None:
    assert broken(replace(seen(), **change)) == measures  # type: ignore[arg-type]


def test_naive_is_beaten_by_less_than_promised_in_half_of_the_pairs() -> None:
    """One pair that something disturbed decides nothing; the middle one does."""
    lost, won = (load(cpu=0.25), load(cpu=0.5)), (load(cpu=0.25), load(cpu=1.0))
    whole = seen()
    for duels, measures in (
        ((lost, won, won), []),
        ((lost, lost, won), ["requests per CPU-second, GET by id, against naive"]),
    ):
        assert broken(replace(whole, own=replace(whole.own, duels=duels))) == measures


@pytest.mark.parametrize(
    ("promised", "measures"),
    [
        (load(cpu=0.2, took=0.011), ["p99 from intended time"]),
        (load(cpu=0.2, failed=1), ["failed requests"]),
        (load(cpu=0.2, throttled=20), ["throttled periods"]),
        (load(cpu=0.2, late=0.0011), ["the generator was late, p99"]),
    ],
)
def test_one_bad_round_of_the_promised_load_is_enough(promised: Load, measures: list[str]) -> None:
    """Requests of all rounds count; a generator that was late makes the run worthless, and says so."""
    whole = seen()
    own = replace(whole.own, promised=(load(cpu=0.2), promised))
    named = [measure.rpartition("500m: ")[2] for measure in broken(replace(whole, own=own))]
    assert named == measures


def test_a_figure_is_ahead_only_beyond_the_spread_of_repeats() -> None:
    less, more = Figure(100, "ms", less=True), Figure(100, "/s", less=False)
    assert is_ahead(replace(less, value=90), than=less)
    assert not is_ahead(replace(less, value=96), than=less)
    assert not is_ahead(replace(less, value=110), than=less)
    assert is_ahead(replace(more, value=110), than=more)
    assert not is_ahead(replace(more, value=90), than=more)


def test_where_we_lose_is_printed() -> None:
    ours, naive = standing(turns(OURS, 0.25, 0.25)), standing(turns(NAIVE, 0.2, 0.2))
    told = losses("ours", {"ours": ours, "naive": naive})
    assert "- requests per CPU-second, unlimited: ours 4,000 /CPU-s; naive: 5,000" in told
    assert list(behind(naive, {"ours": ours})) == []
    assert losses("naive", {"ours": ours, "naive": naive}).startswith("Nobody is ahead of ours")


def test_a_standing_has_the_middle_of_rounds_and_percentiles_of_all() -> None:
    figures = standing(turns(OURS, 0.2, 0.25, 0.5))
    assert figures["requests per CPU-second, unlimited"] == Figure(4000, "/CPU-s", False, 2000, 5000)
    assert figures["p99 at 200/s, 500m"].value == pytest.approx(1.0)
    assert figures["failed at closed loop, 500m"].value == 0
    assert figures["RSS loaded, 500m"].value == 32


def test_the_tables_have_a_line_for_each_and_failures_in_their_cells() -> None:
    of_all = {"exchanges per GET": Figure(1, "", True), "segments per response": Figure(1, "", True)}
    of_all |= {"native packages": Figure(0, "", True), "packages": Figure(2.3, "MB", True)}
    failing = [replace(one, loads=(one.loads[0], load(cpu=0.25, rate=200, failed=20))) for one in turns(OURS, 0.25)]
    standings = {"ours": {**of_all, **standing(failing)}, "naive": {**of_all, **standing(turns(NAIVE, 1.0))}}
    cost, unlimited, limited = comparison_tables(standings, PLAN)
    assert cost.lines["ours"][0] == "4,000 (4,000 to 4,000)"
    assert unlimited.lines["ours"][-1] == "1 / 1 / 1; 2 % failed"
    assert unlimited.lines["naive"][-1] == "1 / 1 / 1"
    assert len(limited.columns) == len(unlimited.columns) + 1
    assert all(
        len(cells) == len(table.columns) for table in (cost, unlimited, limited) for cells in table.lines.values()
    )
    assert {one.measure for one in rows(standings)} >= {"ours: packages", "naive: p99 at 200/s, 500m"}


def test_pgbench_is_read_or_refused() -> None:
    assert pgbench_microseconds("latency average = 0.027 ms\ntps = 40000.0 (without initial)\n") == 25.0
    with pytest.raises(CannotMeasure, match="pgbench told no tps: pgbench: error"):
        pgbench_microseconds("pgbench: error")


def test_a_group_brings_those_it_includes() -> None:
    groups: dict[str, list[str | dict[str, str]]] = {"a": ["x==1", {"include-group": "b"}], "b": ["y==2"]}
    assert requirements("a", groups) == ["x==1", "y==2"]


def test_contestants_have_names_and_groups_of_their_own() -> None:
    """Logs, environments and rows are named by them."""
    assert len({one.name for one in CONTESTANTS}) == len({one.group for one in CONTESTANTS}) == len(CONTESTANTS)

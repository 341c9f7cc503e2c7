"""
What our services cost, beside the same service as others would write it, and beside PostgreSQL's own client.

Same machine, same table, same JSON bytes, same run: contestants.py says who, rounds.py how. bench/README.md explains
the choices and holds the last table.
"""

import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from bench.errors import CannotMeasure
from bench.processes import busy_percent
from bench.row import Figures
from bench.services.comparison_tables import comparison_tables, losses, of_environment, rows
from bench.services.contestants import NAIVE, OURS
from bench.services.load import CLIENTS
from bench.services.own_measurements import measure_own
from bench.services.promises import Seen, promises
from bench.services.rounds import QUICK, WHOLE, Admitted, Plan, Turn, admitted, turns
from bench.services.server import Contestant
from bench.services.standings import standing
from bench.services.test_bed import TestBed, prepared_test_bed

SETTLE = 2.0  # seconds
STAT = Path("/proc/stat")


def measure(*, quick: bool = False) -> Figures:
    """Measure everything; leaves no process, cgroup or table behind. Raises CannotMeasure."""
    began = time.monotonic()
    others = busy(SETTLE)  # before anything of ours runs

    def progress(said: str) -> None:
        print(f"bench: services: {time.monotonic() - began:4.0f} s: {said}", file=sys.stderr, flush=True)

    plan = QUICK if quick else WHOLE
    with prepared_test_bed(progress) as test_bed:
        entered = {entrant.contestant.name: entrant for entrant in admitted(test_bed)}
        if missing := [contestant.name for contestant in (OURS, NAIVE) if contestant.name not in entered]:
            raise CannotMeasure(f"without {' and '.join(missing)} there is nothing to compare: see above")
        own = measure_own(test_bed, plan)
        taken = list(turns(test_bed, [entrant.contestant for entrant in entered.values()], plan))
        counts = entered[OURS.name].counts, entered[NAIVE.name].counts
        seen = Seen(*counts, own, turns_of(OURS, taken), others)
        return figures(test_bed, plan, entered.values(), seen, taken)


def turns_of(contestant: Contestant, taken: Sequence[Turn]) -> list[Turn]:
    """Give the turns of one contestant, round by round."""
    return [turn for turn in taken if turn.contestant is contestant]


def busy(seconds: float) -> float:
    """Give how busy the machine is with other things, in per cent, watching for so many seconds."""
    before = STAT.read_text()
    time.sleep(seconds)
    return busy_percent(before, STAT.read_text())


def figures(test_bed: TestBed, plan: Plan, entered: Collection[Admitted], seen: Seen, taken: Sequence[Turn]) -> Figures:
    """Give what was seen as rows, tables and sentences."""
    standings = {
        entrant.contestant.name: {
            **of_environment(entrant, test_bed.environment(entrant.contestant)),
            **standing(turns_of(entrant.contestant, taken)),
        }
        for entrant in entered
    }
    how = (
        f"PostgreSQL {test_bed.postgres_version()}; {plan.rounds} rounds, {plan.seconds:g} s for each load, "
        f"{CLIENTS} clients in a closed loop."
    )
    return Figures(
        [*promises(seen), *rows(standings)],
        comparison_tables(standings, plan),
        [how, losses(OURS.name, standings)],
    )

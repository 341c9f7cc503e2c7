"""Which corruptions of the passing run no check sees: each tried one by one, signed anew, and judged."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from kubeproof.checks.catalogue import LIVE
from kubeproof.evidence.reading import EVERYTHING
from tests.forged.corruptions import (
    DROPPED,
    DUPLICATED,
    MOVES,
    WHOLE_LINE,
    Role,
    corruptions,
    representatives,
    role_of,
    sampled,
)
from tests.forged.run import passing, passing_on, survives
from tests.helpers.one_run import one_run

# Observations whose checks are those of another, which is tried; and what they alone have.
AS_ANOTHER = {"gateway": (), "black-holed:ledger": (), "frozen:ledger": ("greeted", "event", "marker")}
# What follows the observation that is forged: whom it left behind is seen there. One that is short.
AFTER = "journey:buy"
COLUMNS = ("line dropped", "line duplicated", "field changed", "time moved")


@dataclass(frozen=True)
class Tried:
    """One corruption of one observation, and whether it survived."""

    observation: str
    kind: str
    field: str
    operation: str
    survived: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What an allow-list names."""
        return self.kind, self.field, self.operation

    @property
    def column(self) -> str:
        """Where the table counts it."""
        if self.field != WHOLE_LINE:
            return COLUMNS[2]
        return COLUMNS[3] if self.operation in MOVES else COLUMNS[(DROPPED, DUPLICATED).index(self.operation)]


def tried(observation: str, roles: Container[Role] | None = None) -> Iterator[Tried]:
    """
    What was tried on one observation, between two others, by the checks that read what was tried.

    On one line of each of these roles; without them on some lines of each kind.

    Only checks that are a PASS without it: what reads the whole run may miss something in a part of one.
    """
    honest = passing()
    run = one_run({of: honest[of] for of in dict.fromkeys(("deploy", observation, AFTER))})
    concerned = [planned for planned in passing_on(run) if planned.observation in (observation, EVERYTHING)]
    history, kinds = run[observation], AS_ANOTHER.get(observation)
    places = sampled(history) if roles is None else representatives(history, roles)
    for one in corruptions(history, [at for at in places if kinds is None or history[at][1] in kinds]):
        # Whoever does not read lines of this kind says what it said; one of them says what is said of any line.
        readers = [planned for planned in concerned if one.kind.split()[0] in LIVE[planned.check].reads]
        survived = survives({**run, observation: one.history}, readers or concerned[:1])
        yield Tried(observation, one.kind, one.field, one.operation, survived)


def representing() -> dict[str, set[Role]]:
    """Of each observation the roles of lines that none before it has: in all, each role once."""
    seen: set[Role] = set()
    found: dict[str, set[Role]] = {}
    for of, history in passing().items():
        kinds = AS_ANOTHER.get(of)
        roles = {role_of(moment) for moment in history if kinds is None or moment[1] in kinds} - seen
        seen |= roles
        if roles:
            found[of] = roles
    return found


def table(results: Iterable[Tried]) -> list[str]:
    """Survived and tried, a line a kind of evidence: as Markdown."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for result in results:
        counts[result.kind, result.column, result.survived] += 1
    kinds = sorted({kind for kind, _, _ in counts})
    rows = [["kind", *COLUMNS], ["---"] * 5]
    for kind in (*kinds, "all"):
        of = kinds if kind == "all" else [kind]
        cells = []
        for column in COLUMNS:
            survived, died = (sum(counts[k, column, lived] for k in of) for lived in (True, False))
            cells.append(f"{survived}/{survived + died}")
        rows.append([kind, *cells])
    return [f"| {' | '.join(row)} |" for row in rows]

"""The matrix of who reaches whom, as text: a row for a source, a column for a target, wrong cells in brackets."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from kubeproof.netpol.reach import Reach

NARROWEST = 7


class Entry(Protocol):
    """What a cell has to be drawn: an `ExpectedCell`, or an observed one."""

    @property
    def source(self) -> str:
        """The row."""

    @property
    def target(self) -> str:
        """The column."""

    @property
    def seen(self) -> Reach:
        """The answer."""

    @property
    def wrong(self) -> bool:
        """Whether the answer is known and not what is wanted."""


def draw(sources: Sequence[str], targets: Sequence[str], cells: Iterable[Entry]) -> str:
    """The matrix as text; of several ports of one target the worst is shown, and what was not asked is `-`."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for cell in cells:
        found.setdefault((cell.source, cell.target), []).append(cell)
    first = max((len(name) for name in sources), default=0)
    rows = [" " * first + "".join(f"  {name:^{NARROWEST}}" for name in targets)]
    for source in sources:
        marks = [f"  {_mark(found.get((source, name), [])):^{max(NARROWEST, len(name))}}" for name in targets]
        rows.append(f"{source:<{first}}" + "".join(marks))
    return "\n".join(row.rstrip() for row in rows)


def _mark(cells: Sequence[Entry]) -> str:
    if not cells:
        return "-"
    wrong = next((cell for cell in cells if cell.wrong), None)
    if wrong:
        return f"[{wrong.seen.value}]"
    return next((cell for cell in cells if cell.seen is Reach.UNKNOWN), cells[0]).seen.value

"""
A measured row, a table that compares rows side by side, and the file and the text made of them.

`value`, `must`, `aim`, `low` and `high` are in `unit`; `must` is the bound that is promised, `aim` the one that is
hoped for, None where there is none. `low` and `high` are the smallest and the largest of repeated measurements.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measure. `peer` says in words who else was measured, how, and what came out."""

    measure: str
    value: float
    unit: str
    must: float | None = None
    aim: float | None = None
    holds: bool = True
    low: float | None = None
    high: float | None = None
    peer: str | None = None

    def between(self, values: Sequence[float]) -> "Row":
        """Give this row with the spread of the measurements it is the middle of."""
        return replace(self, low=round(min(values), 3), high=round(max(values), 3))


@dataclass(frozen=True)
class ComparisonTable:
    """Rows side by side: a name and a text per column for each line; text because a cell may say why it is empty."""

    title: str
    columns: Sequence[str]
    lines: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Figures:
    """What one benchmark found: rows to promise with, comparison tables and sentences to read."""

    rows: Sequence[Row]
    comparison_tables: Sequence[ComparisonTable] = ()
    sentences: Sequence[str] = field(default=())


def at_most(
    measure: str, value: float, unit: str, must: float, peer: str | None = None, aim: float | None = None
) -> Row:
    """Make a row whose value must not be above a bound."""
    return Row(measure, round(value, 3), unit, must, aim, value <= must, peer=peer)


def at_least(
    measure: str, value: float, unit: str, must: float, peer: str | None = None, aim: float | None = None
) -> Row:
    """Make a row whose value must not be below a bound."""
    return Row(measure, round(value, 3), unit, must, aim, value >= must, peer=peer)


def measured(measure: str, value: float, unit: str, peer: str | None = None) -> Row:
    """Make a row that promises nothing."""
    return Row(measure, round(value, 3), unit, peer=peer)


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """Write the rows as a JSON list of objects with the fields of Row."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def table(name: str, rows: Sequence[Row]) -> str:
    """Give the rows as lines of text for a terminal."""
    width = max((len(row.measure) for row in rows), default=0)
    lines = [f"{name}"]
    for row in rows:
        line = f"  {row.measure:<{width}}  {row.value:>10g} {row.unit:<5} {promise(row):<30} {row.peer or ''}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def promise(row: Row) -> str:
    """Give what was promised of a row and whether it holds; empty if nothing was."""
    if row.must is None:
        return ""
    aim = "" if row.aim is None else f", aim {row.aim:g}"
    return f"must {row.must:g}{aim}: {'holds' if row.holds else 'BROKEN'}"

"""
A measured row, and the file and the table made of rows.

`value` and `must` are in `unit`; `must` is the bound that is promised, None where nothing is.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measure. `peer` says in words who else was measured, how, and what came out."""

    measure: str
    value: float
    unit: str
    must: float | None = None
    holds: bool = True
    peer: str | None = None


def at_most(measure: str, value: float, unit: str, must: float, peer: str | None = None) -> Row:
    """Make a row whose value must not be above a bound."""
    return Row(measure, round(value, 3), unit, must, value <= must, peer)


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
        bound = "" if row.must is None else f"must {row.must:g}: {'holds' if row.holds else 'BROKEN'}"
        line = f"  {row.measure:<{width}}  {row.value:>10g} {row.unit:<5} {bound:<20} {row.peer or ''}"
        lines.append(line.rstrip())
    return "\n".join(lines)

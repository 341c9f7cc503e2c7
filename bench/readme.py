"""
The generated part of bench/README.md: the last figures of each benchmark, and of what machine they are.

`written` replaces the block between the two marks of a benchmark and leaves the rest of the text alone. The machine
is described by what makes figures comparable; no name and no path of it is told.
"""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.row import ComparisonTable, Figures, Row

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


def marks(name: str) -> tuple[str, str]:
    """Give the lines that enclose the block of a benchmark."""
    return f"<!-- measured by `python -m bench {name} --write` -->", f"<!-- end of {name} -->"


def written(text: str, name: str, block: str) -> str:
    """Give the text with the block of one benchmark replaced; raises ValueError when its marks are not there."""
    begin, end = marks(name)
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"bench/README.md has no lines {begin!r} and {end!r}: put them where the figures belong")
    return f"{before}{begin}\n\n{block.strip()}\n\n{end}{after}"


def block(figures: Figures, when: datetime | None = None, *, quick: bool = False) -> str:
    """Give figures as Markdown, under the date and the machine of this moment."""
    at = (when or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    parts = [f"Measured {at} on {machine()}{', one short round (`--quick`)' if quick else ''}."]
    promised = [row for row in figures.rows if row.must is not None]
    if promised:
        parts.append(rows_table(promised))
    parts += [f"**{table.title}**\n\n{comparison_table(table)}" for table in figures.comparison_tables]
    parts += figures.sentences
    return "\n\n".join(parts)


def rows_table(rows: Sequence[Row]) -> str:
    """Give promised rows as a Markdown table."""
    lines = ["| measure | value | spread | must | aim | | beside it |", "|---|--:|--:|--:|--:|---|---|"]
    for row in rows:
        spread = "" if row.low is None or row.high is None else f"{number(row.low)} to {number(row.high)}"
        aim = "" if row.aim is None else number(row.aim)
        assert row.must is not None
        holds = "holds" if row.holds else "**BROKEN**"
        cells = (f"{number(row.value)} {row.unit}", spread, number(row.must), aim, holds, row.peer or "")
        lines.append("| " + " | ".join((row.measure, *cells)) + " |")
    return "\n".join(lines)


def comparison_table(table: ComparisonTable) -> str:
    """Give it as a Markdown table."""
    head = f"| | {' | '.join(table.columns)} |\n|---|{'--:|' * len(table.columns)}"
    return "\n".join([head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in table.lines.items())])


def number(value: float) -> str:
    """Give a number with about three digits, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def machine() -> str:
    """Describe this machine: cores, processor, memory, kernel, Python."""
    model = _first(r"model name\s*: (.+)", CPUINFO) or platform.machine()
    kibibytes = int(_first(r"MemTotal:\s*(\d+)", MEMINFO) or 0)
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({model}), {kibibytes / 2**20:.0f} GiB, Linux {kernel}, Python {platform.python_version()}"


def _first(pattern: str, file: Path) -> str | None:
    found = re.search(pattern, file.read_text())
    return found[1].strip() if found else None

"""
What processes cost, read from /proc: their family, processor time, memory, context switches.

All sums take the processes as they are now; one that ended meanwhile counts nothing. `proc` is another root for tests.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def family(roots: Sequence[int], proc: Path = PROC) -> set[int]:
    """Give the given processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for stat in proc.glob("[0-9]*/stat"):
        if fields := _stat(stat):
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    ahead = list(roots)
    while ahead:
        found.add(pid := ahead.pop())
        ahead += [child for child in children.get(pid, ()) if child not in found]
    return found


def cpu_seconds(pids: Iterable[int], proc: Path = PROC) -> float:
    """Sum the user and system time of processes, all threads, in seconds (resolution: a tick, 10 ms)."""
    stats = (_stat(proc / str(pid) / "stat") for pid in pids)
    return sum(int(fields[11]) + int(fields[12]) for fields in stats if fields) / TICKS


def busy_percent(before: str, after: str) -> float:
    """Give how busy the machine was between two readings of /proc/stat, in per cent of all its processors."""
    (idle, total), (idle_after, total_after) = (_idle_and_total(text) for text in (before, after))
    passed = total_after - total
    return 100 * (1 - (idle_after - idle) / passed) if passed else 0.0


def pss_megabytes(pids: Iterable[int], proc: Path = PROC) -> float:
    """Sum the proportional set size of processes, in MB of 10^6 bytes."""
    return sum(_kibibytes(text, "Pss:") for text in _smaps(pids, proc)) * 1024 / 1e6


def resident_mebibytes(pids: Iterable[int], proc: Path = PROC) -> float:
    """
    Give what processes hold resident, in MiB.

    The RSS of the largest, and of the others what they hold alone: a forked worker's share of its parent counts once.
    """
    held = [
        (_kibibytes(text, "Rss:"), _kibibytes(text, "Private_Clean:") + _kibibytes(text, "Private_Dirty:"))
        for text in _smaps(pids, proc)
    ]
    largest = max(held, default=(0, 0))
    return (largest[0] + sum(private for _, private in held) - largest[1]) / 1024


def _idle_and_total(stat: str) -> tuple[int, int]:
    """Read the first line: user nice system idle iowait irq softirq steal, then guests that are in user already."""
    ticks = [int(field) for field in stat.splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _stat(file: Path) -> list[str] | None:
    """Give the fields after the name, which may hold spaces and brackets: state, parent, ..."""
    try:
        return file.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _smaps(pids: Iterable[int], proc: Path) -> Iterator[str]:
    for pid in pids:
        try:
            yield (proc / str(pid) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue


def _kibibytes(text: str, field: str) -> int:
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(field))

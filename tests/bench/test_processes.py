"""What processes cost, read from a /proc that is written out."""

from pathlib import Path

import pytest

from bench.processes import TICKS, busy_percent, cpu_seconds, family, pss_megabytes, resident_mebibytes


def process(
    proc: Path, pid: int, *, parent: int = 1, ticks: tuple[int, int] = (0, 0), smaps: str | None = None
) -> None:
    """Write a process; the fields between parent and times are of no interest."""
    (proc / str(pid)).mkdir()
    fields = ["S", str(parent), *["0"] * 9, *map(str, ticks), "0"]
    (proc / str(pid) / "stat").write_text(f"{pid} (a) name) {' '.join(fields)}")
    if smaps is not None:
        (proc / str(pid) / "smaps_rollup").write_text(smaps)


def test_memory_is_that_of_the_whole_family(tmp_path: Path) -> None:
    """Children of children count, strangers do not, a process that just ended is nothing."""
    for pid, parent, pss in ((10, 1, 100), (11, 10, 200), (12, 11, 300), (13, 1, 4000)):
        process(tmp_path, pid, parent=parent, smaps=f"Rss: 9 kB\nPss: {pss} kB\nPss_Dirty: 7 kB\n")
    process(tmp_path, 14, parent=12)
    assert family([10], tmp_path) == {10, 11, 12, 14}
    assert pss_megabytes({10, 11, 12, 14}, tmp_path) == pytest.approx(600 * 1024 / 1e6)


def test_processor_time_is_user_and_system_of_all(tmp_path: Path) -> None:
    process(tmp_path, 10, ticks=(150, 50))
    process(tmp_path, 11, ticks=(0, 100))
    assert cpu_seconds({10, 11, 12}, tmp_path) == pytest.approx(300 / TICKS)


def test_what_a_worker_shares_with_its_parent_counts_once(tmp_path: Path) -> None:
    """The largest whole, of the others what is theirs alone; nobody holds nothing."""
    process(tmp_path, 10, smaps="Rss: 20480 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 4096 kB\n")
    process(tmp_path, 11, smaps="Rss: 30720 kB\nPrivate_Clean: 1024 kB\nPrivate_Dirty: 9216 kB\n")
    assert resident_mebibytes({10, 11}, tmp_path) == 30 + 4
    assert resident_mebibytes({11}, tmp_path) == 30
    assert resident_mebibytes({12}, tmp_path) == 0


def test_guests_and_waiting_are_not_busy() -> None:
    """Fields: user nice system idle iowait irq softirq steal guest guest_nice; a guest's time is in user already."""
    before, after = "cpu 100 0 100 1000 0 0 0 0 50 0\n", "cpu 110 0 105 1060 20 0 0 5 60 0\n"
    assert busy_percent(before, after) == pytest.approx(20)
    assert busy_percent(before, before) == 0

"""A share of a processor in both versions of cgroups, on trees that are written out."""

from pathlib import Path

import pytest

from bench.services.quota import Throttling, limit, throttling

V1 = "nr_periods 40\nnr_throttled 3\nthrottled_time 123456\nnr_bursts 0\nburst_time 0\n"
V2 = "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 40\nnr_throttled 3\nthrottled_usec 123\n"


@pytest.mark.parametrize("stat", [V1, V2])
def test_both_versions_tell_throttled_periods(stat: str) -> None:
    assert throttling(stat) == Throttling(periods=40, throttled=3)


def test_only_what_came_since_counts() -> None:
    since = Throttling(60, 8).since(Throttling(40, 3))
    assert since == Throttling(20, 5)
    assert since.percent == 25
    assert Throttling(0, 0).percent == 0


def test_half_a_processor_in_version_1(tmp_path: Path) -> None:
    """The CPU controller's hierarchy is the one that has the quota; its name differs between systems."""
    for hierarchy in ("cpu,cpuacct", "memory"):
        (tmp_path / hierarchy / "group").mkdir(parents=True)
        (tmp_path / hierarchy / "cgroup.procs").touch()
    group = tmp_path / "cpu,cpuacct" / "group"
    (group / "cpu.cfs_quota_us").write_text("-1")
    assert limit("group", 50_000, tmp_path) == group
    assert (group / "cpu.cfs_quota_us").read_text() == "50000"
    assert (group / "cpu.cfs_period_us").read_text() == "100000"


def test_half_a_processor_in_version_2(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "group").mkdir()
    assert limit("group", 50_000, tmp_path) == tmp_path / "group"
    assert (tmp_path / "group" / "cpu.max").read_text() == "50000 100000"

"""
A cgroup with a share of a processor, as a container with a CPU limit is put in one; version 1 (also hybrid) and 2.

A process enters by writing its id to `procs`; who is in it stays in it, and so do its children.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import getpid
from pathlib import Path

from bench.errors import CannotMeasure
from kubeproof.embedded import cgroups

PERIOD = 100_000  # microseconds, Kubernetes' default


@dataclass(frozen=True)
class Throttling:
    """How many periods had somebody run in them, and in how many of these the share was used up."""

    periods: int
    throttled: int

    def since(self, before: "Throttling") -> "Throttling":
        """Give what came after `before`."""
        return Throttling(self.periods - before.periods, self.throttled - before.throttled)

    @property
    def percent(self) -> float:
        """Throttled periods of all, in per cent; 0 when nothing ran."""
        return 100 * self.throttled / self.periods if self.periods else 0.0


@dataclass(frozen=True)
class Quota:
    """The group in the hierarchy of the CPU controller."""

    folder: Path

    @property
    def procs(self) -> Path:
        """Where a process writes its id to enter."""
        return self.folder / "cgroup.procs"

    def throttling(self) -> Throttling:
        """Read the counters until now."""
        return throttling((self.folder / "cpu.stat").read_text())


def throttling(stat: str) -> Throttling:
    """Read cpu.stat; the two fields are the same in both versions."""
    counts = dict(line.split() for line in stat.splitlines())
    return Throttling(int(counts["nr_periods"]), int(counts["nr_throttled"]))


@contextmanager
def quota(millicores: int, mount: Path = cgroups.MOUNT) -> Iterator[Quota]:
    """Lend a group of so many thousandths of a processor; what still runs in it at the end is killed."""
    name = f"kubeproof-bench-{getpid()}"
    try:
        cgroups.make(name, mount)
        try:
            yield Quota(limit(name, millicores * PERIOD // 1000, mount))
        finally:
            cgroups.remove(name, mount)
    except PermissionError as error:
        raise CannotMeasure(f"a CPU limit needs a cgroup that may be written, which root may: {error}") from error


def limit(name: str, share: int, mount: Path) -> Path:
    """Give a group so many microseconds of each period; return its folder where the CPU controller is."""
    if cgroups.is_v2(mount):
        (mount / name / "cpu.max").write_text(f"{share} {PERIOD}")
        return mount / name
    folder = next(root / name for root in cgroups.hierarchies(mount) if (root / name / "cpu.cfs_quota_us").exists())
    (folder / "cpu.cfs_period_us").write_text(str(PERIOD))
    (folder / "cpu.cfs_quota_us").write_text(str(share))
    return folder

"""
A growth as the lines of its observation tell it: from the load's start until the target was wanted and Ready.

Objects are known by their changes: between two lines of an object it stayed as the first says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from kubeproof.evidence.questions import Lines, marker, number, of_kind, seconds, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.objects import Autoscaler
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile, Scale
from kubeproof.verdict import Verdict, unknown


@dataclass(frozen=True)
class Size:
    """So many replicas since this line, and how many there were before; `before` is None for the first line."""

    line: Line
    replicas: int
    before: int | None


@dataclass(frozen=True)
class Growth:
    """
    What was promised, the autoscaler that must keep it, and the lines of the observation.

    `reached` is the first line with which the target was wanted and Ready at once, None when it never was.
    """

    scale: Scale
    autoscaler: Autoscaler
    started: Line
    reached: Line | None
    lines: Lines

    @property
    def end(self) -> float:
        """When it was over: reached, else when the load ended, else when nobody looked any longer."""
        ended = self.reached or marker(self.lines, "load ended")
        return ended.t if ended else watched_until(self.lines)

    @property
    def wanted(self) -> tuple[Size, ...]:
        """Every size that its autoscaler wanted, also before the load."""
        return sizes(of_kind(self.lines, "autoscaler", target=self.scale.workload))

    @property
    def asked(self) -> tuple[Size, ...]:
        """Every size that was asked of the workload, by whomever."""
        return sizes(of_kind(self.lines, "workload", name=self.scale.workload))

    @property
    def steps(self) -> tuple[Size, ...]:
        """The sizes that its autoscaler came to under the load, each larger than the one before."""
        return tuple(
            size for size in self.wanted if size.line.t > self.started.t and size.replicas > (size.before or 0)
        )

    def into(self, line: Line) -> str:
        """How long after the load's start a line was written."""
        return f"{seconds(line.t - self.started.t)} into the load"

    def during(self, kind: str, **fields: object) -> Lines:
        """The lines of a kind from the last before the load's start to the end of the growth."""
        known = [line for line in of_kind(self.lines, kind, **fields) if line.t <= self.end]
        before = sum(line.t <= self.started.t for line in known)
        return tuple(known[max(before - 1, 0) :])


def growth_of(system: System, profile: Profile, subject: str, lines: Lines) -> Growth | Verdict:
    """The growth of a workload, or UNKNOWN where there was none to look at."""
    scale, autoscaler = profile.scale(subject), system.autoscaler_of(subject)
    if scale is None or system.workload(subject) is None:
        return unknown(f"the profile promises no growth of a workload {subject}")
    if autoscaler is None:
        return unknown(f"no autoscaler targets {subject}")
    started = marker(lines, "load started")
    if started is None:
        return unknown("no marker says that the load started")
    return Growth(scale, autoscaler, started, _reached(scale, started, lines), lines)


def _reached(scale: Scale, started: Line, lines: Lines) -> Line | None:
    wanted = ready = 0.0
    for line in lines:
        if line.kind == "autoscaler" and line.get("target") == scale.workload:
            wanted = there(line, "desired") or 0.0
        elif line.kind == "workload" and line.get("name") == scale.workload:
            ready = there(line, "ready") or 0.0
        else:
            continue
        if line.t > started.t and min(wanted, ready) >= scale.target:
            return line
    return None


def there(line: Line, field: str) -> float | None:
    """A number of an object, None when it is missing or the object is gone."""
    return None if line.get("gone") is True else number(line, field)


def sizes(lines: Iterable[Line]) -> tuple[Size, ...]:
    """Each change of the size that these lines of one object say, the first included."""
    return tuple(_sizes(lines))


def _sizes(lines: Iterable[Line]) -> Iterator[Size]:
    last: int | None = None
    for line in lines:
        replicas = there(line, "desired")
        if replicas is not None and int(replicas) != last:
            yield Size(line, int(replicas), last)
            last = int(replicas)


def longest_silence(lines: Lines, begin: float, end: float) -> tuple[float, float]:
    """The longest time without one of the lines, from `begin` to `end`: (since when, seconds)."""
    moments = [min(begin, *(line.t for line in lines)), *(line.t for line in lines), end] if lines else [begin, end]
    return max(((before, after - before) for before, after in pairwise(moments)), key=lambda found: found[1])


def ready_pods(growth: Growth, at: float) -> tuple[tuple[str, float], ...]:
    """The pods of the workload that were Ready and not being deleted at that time: (name, since when)."""
    since: dict[object, tuple[str, float]] = {}
    for line in of_kind(growth.lines, "pod", workload=growth.scale.workload):
        if line.t > at:
            break
        if line.get("ready") is True and line.get("deleted") is not True and line.get("gone") is not True:
            since.setdefault(line.get("uid"), (str(line.get("name")), line.t))
        else:
            since.pop(line.get("uid"), None)
    return tuple(since.values())

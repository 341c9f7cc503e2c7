"""
Attempts to connect as `reach` lines tell them, the pods at their ends, and who could connect meanwhile.

An attempt that failed says nothing by itself: a dead listener looks like a guarded one. Its control reached the same
pod and port, its source reached something, both within BOUND of it.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property

from kubeproof.evidence.questions import Lines, number, of_kind, restarts, seconds
from kubeproof.evidence.reading import Line

# Seconds between an attempt and what shows that it could have come off, before or after. The observer makes controls
# around each round of attempts, and a round takes a few time-outs of 3 s: this leaves room for hundreds of pods.
BOUND = 60.0
# Seconds that an attempt must have waited for a packet that does not come: one that is let through takes milliseconds,
# and one that was lost is sent again after one.
PATIENT = 1.5
FAILED = frozenset({"refused", "timeout", "unreachable"})


def near(one: Line, other: Line) -> bool:
    """Whether two lines are of one time."""
    return abs(one.t - other.t) <= BOUND


class Attempts:
    """What an observation tried, and the pods that it was tried from and at."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._reached = of_kind(lines, "reach")
        self._pods = of_kind(lines, "pod")

    @cached_property
    def cells(self) -> Lines:
        """Every attempt from one pod to another: one that came off once is no less a way for failing later."""
        return tuple(line for line in self._reached if line.get("role") == "cell")

    @cached_property
    def _by_pair(self) -> dict[tuple[object, object, object], list[Line]]:
        found = defaultdict(list)
        for line in self.cells:
            found[line.get("source"), line.get("target"), line.get("port")].append(line)
        return found

    def of_pair(self, source: str, target: str, port: int) -> list[Line]:
        """The attempts from pods of one to a port of each pod of another."""
        return self._by_pair.get((source, target, port), [])

    @cached_property
    def _connected_to(self) -> dict[object, list[Line]]:
        return self._connected(lambda line: (target_of(line), line.get("port")))

    @cached_property
    def _connected_from(self) -> dict[object, list[Line]]:
        return self._connected(source_of)

    def _connected(self, key: Callable[[Line], object]) -> dict[object, list[Line]]:
        found = defaultdict(list)
        for line in self._reached:
            if line.get("outcome") == "connected":
                found[key(line)].append(line)
        return found

    def listened(self, attempt: Line) -> bool:
        """Whether somebody connected to the same pod and port about then: it listens."""
        there = self._connected_to.get((target_of(attempt), attempt.get("port")), [])
        return target_of(attempt) is not None and any(near(line, attempt) for line in there)

    def worked(self, attempt: Line) -> bool:
        """Whether the same source connected to something about then, be it itself: its probe works."""
        there = self._connected_from.get(source_of(attempt), [])
        return source_of(attempt) is not None and any(near(line, attempt) for line in there)

    @cached_property
    def _ready(self) -> dict[object, dict[str, Line]]:
        found: dict[object, dict[str, Line]] = defaultdict(dict)
        for line in self._pods:
            uid = _text(line, "uid")
            if uid and line.get("ready") is True and not _is_going(line):
                found[line.get("workload")][uid] = line
        return found

    def ready_pods(self, workload: str) -> dict[str, Line]:
        """Every pod of a workload that was Ready at some time of the observation, by its uid."""
        return self._ready.get(workload, {})

    @cached_property
    def changed_pods(self) -> dict[str, Line]:
        """By uid, the line that tells of a pod which was Ready that it went, was no more Ready, or restarted."""
        was_ready: set[str] = set()
        found: dict[str, Line] = {}
        for line in self._pods:
            uid, is_ready = _text(line, "uid"), line.get("ready") is True and not _is_going(line)
            if uid and uid in was_ready and not is_ready:
                found.setdefault(uid, line)
            if uid and is_ready:
                was_ready.add(uid)
        return {str(line.get("uid")): line for line in restarts(self._pods, -1)} | found

    def trouble(self, attempt: Line) -> str | None:
        """
        Why an attempt says nothing of its pair although it was made, or None.

        A pod at one of its ends was going by then, and somebody else may have its address; or it failed, and such a
        pod was not Ready all the time, or it did not wait.
        """
        waited = number(attempt, "seconds") or 0.0
        if attempt.get("outcome") == "timeout" and waited < PATIENT:
            return f"it gave up after {seconds(waited)}"
        for end, uid in (("source", source_of(attempt)), ("target", target_of(attempt))):
            line = self.changed_pods.get(uid or "")
            if line is None:
                continue
            if line.t <= attempt.t and _is_going(line):
                return f"its {end} was going by then"
            if attempt.get("outcome") in FAILED:
                return f"its {end} was not Ready all the time"
        return None


def source_of(line: Line) -> str | None:
    """The uid of the pod that an attempt was made from."""
    return _text(line, "source_uid")


def target_of(line: Line) -> str | None:
    """The uid of the pod that an attempt was made to."""
    return _text(line, "target_uid")


def _text(line: Line, name: str) -> str | None:
    value = line.get(name)
    return value if isinstance(value, str) and value else None


def _is_going(line: Line) -> bool:
    return line.get("deleted") is not False or line.get("gone") is True

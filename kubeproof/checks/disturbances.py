"""
What happened to the pods of a workload in a run that nobody had planned.

Planned is what a marker of ours says by its `uids`: from there to the end of its observation these pods may be
disturbed, and what began then may end in the next. So is what an autoscaler lets go, as many pods as it wants fewer.
Between two observations nothing is planned: what changed there is seen by setting the beginning of one beside the end
of the one before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubeproof.checks.check import Premise
from kubeproof.evidence.questions import Lines, fact, number, of_kind, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, passed, unknown

OUT_OF_MEMORY = "OOMKilled"
KILLED = frozenset({"Killing", "Evicted", "Preempted", "TaintManagerEviction", "OOMKilling"})
# How the kubelet's events of these reasons begin when they are of this: it is unready, or waits for an image, as well.
BEGIN = {"Unhealthy": "Liveness probe failed", "BackOff": "Back-off restarting"}
# Seconds between the moments at which an autoscaler and its workload want fewer pods, and a pod goes: the controllers
# take milliseconds, up to some seconds on a busy machine.
LET_GO = 30.0


@dataclass(frozen=True)
class Trouble:
    """What happened to a pod: the line that says so, and whether it `ended` the pod."""

    uid: str
    line: Line
    what: str
    ended: bool = False

    @property
    def fact(self) -> Fact:
        """The line, with the pod's name and in which observation."""
        return fact(self.line, f"{self.what} in {self.line.of}")


@dataclass
class _Pods:
    """What was seen of the pods of one workload so far; `troubles` are those that no marker of ours planned."""

    workload: str
    uids: frozenset[str]
    names: frozenset[str]
    last: dict[str, Line] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)  # by markers of this observation
    begun: set[str] = field(default_factory=set)  # whose planned end or restart began in this observation
    ending: set[str] = field(default_factory=set)  # whose began in the observation before
    troubles: list[Trouble] = field(default_factory=list)

    def window(self, lines: Lines) -> None:
        """See all lines of the next observation."""
        self.planned, self.begun, self.ending = set(), set(), self.begun
        if of_kind(lines, "pod"):
            self._vanished(lines)
        for line in lines:
            if line.kind == "marker":
                self.planned.update(texts(line, "uids"))
            elif line.kind == "pod" and line.get("workload") == self.workload:
                self._pod(line)
            elif line.kind == "event" and self._is_mine(line):
                self._event(line)

    def _vanished(self, lines: Lines) -> None:
        there = {line.get("uid") for line in of_kind(lines, "pod")}
        for uid, line in self.last.items():
            if uid not in there and not _is_over(line):
                # Of a pod that is not there any more, the first line without it is what says so.
                self._note(uid, lines[0], f"{line.get('name')} vanished before anything was seen", ended=True)
        self.last = {uid: line for uid, line in self.last.items() if uid in there}

    def _pod(self, line: Line) -> None:
        uid, name, before = str(line.get("uid")), line.get("name"), self.last.get(str(line.get("uid")))
        self.last[uid] = line
        rise = _restarts(line) - (_restarts(before) if before else 0.0)
        if rise > 0:
            why = ", ".join(reason for reason in texts(line, "ended") if reason != "Completed")
            self._note(uid, line, f"{name} restarted {rise:.0f} times{f' ({why})' if why else ''}")
            # It has come: another would be one too many, but while we still have the pod disturbed.
            self.begun.discard(uid)
            self.ending.discard(uid)
        elif _out_of_memory(line) > (_out_of_memory(before) if before else 0):
            self._note(uid, line, f"{name} ran out of memory")
        if line.get("phase") == "Failed" and not (before and before.get("phase") == "Failed"):
            self._note(uid, line, f"{name} was evicted or failed")
        if _is_over(line) and not (before and _is_over(before)):
            self._note(uid, line, f"{name} {'vanished' if line.get('gone') else 'was deleted'}", ended=True)

    def _is_mine(self, line: Line) -> bool:
        kind, _, name = str(line.get("object")).partition("/")
        return line.get("uid") in self.uids or (kind == "Pod" and name in self.names)

    def _event(self, line: Line) -> None:
        reason, says = line.get("reason"), str(line.get("says"))
        if reason in KILLED or (reason in BEGIN and says.startswith(BEGIN[str(reason)])):
            name = str(line.get("object")).removeprefix("Pod/")
            self._note(str(line.get("uid")), line, f"{name}: {reason}, {says}", ended=says.startswith("Stopping"))

    def _note(self, uid: str, line: Line, what: str, *, ended: bool = False) -> None:
        if uid not in self.planned | self.ending:
            self.troubles.append(Trouble(uid, line, what, ended))
        elif ended or line.get("reason") in KILLED:
            self.begun.add(uid)


def disturbances(workload: str, lines: Lines) -> tuple[Trouble, ...]:
    """All that happened to pods of the workload unplanned, in the order in which it was seen."""
    mine = of_kind(lines, "pod", workload=workload)
    uids, names = (frozenset(str(line.get(key)) for line in mine) for key in ("uid", "name"))
    pods = _Pods(workload, uids, names)
    for window in windows_of(lines).values():
        pods.window(window)
    return _without_let_go(pods.troubles, workload, lines)


def windows_of(lines: Iterable[Line]) -> dict[str, Lines]:
    """The lines of each observation, in the order in which they began."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.of:
            found.setdefault(line.of, []).append(line)
    return {of: tuple(window) for of, window in found.items()}


def _without_let_go(troubles: list[Trouble], workload: str, lines: Lines) -> tuple[Trouble, ...]:
    """The troubles without pods that ended because an autoscaler wanted fewer, and the workload with it."""
    wanted = _falls(of_kind(lines, "autoscaler", target=workload))
    scaled = _falls(of_kind(lines, "workload", name=workload))
    let_go: set[str] = set()
    for t in scaled:
        by = next((when for when in wanted if abs(when - t) <= LET_GO), None)
        near = [one for one in troubles if one.ended and one.uid not in let_go and abs(one.line.t - t) <= LET_GO]
        if by is not None and near:
            wanted.remove(by)
            let_go.add(min(near, key=lambda one: abs(one.line.t - t)).uid)
    return tuple(trouble for trouble in troubles if not (trouble.ended and trouble.uid in let_go))


def _falls(wishes: Lines) -> list[float]:
    """When fewer replicas were wanted than before, once for each that was wanted no more."""
    found: list[float] = []
    last = 0.0
    for line in wishes:
        desired = number(line, "desired")
        if desired is None or line.get("gone"):
            continue
        found += [line.t] * int(min(max(last - desired, 0.0), 1000.0))
        last = desired
    return found


def _is_over(pod: Line) -> bool:
    return bool(pod.get("deleted") or pod.get("gone"))


def _restarts(pod: Line) -> float:
    return number(pod, "restarts") or 0.0


def _out_of_memory(pod: Line) -> int:
    return texts(pod, "ended").count(OUT_OF_MEMORY)


def _restarts_told(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    del system, profile
    pods = of_kind(lines, "pod", workload=subject)
    for line in pods:
        if number(line, "restarts") is None:
            return unknown(f"line {line.number} does not say how often {line.get('name')} restarted")
    told = f"{len(pods)} lines of pods say it"
    return passed(told, fact(pods[-1], told)) if pods else unknown(f"no pod of {subject} was seen")


RESTARTS_TOLD = Premise("every line of its pods said how often they had restarted", _restarts_told)

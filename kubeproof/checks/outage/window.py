"""
When a database was away: the markers of an outage, and whether a database that refuses was really gone.

`database stopped` stands before the deed, `database away` once the loss is complete, `database started` before it is
given back. An observation that broke off in between shows the loss up to its last line.
"""

from dataclasses import dataclass

from kubeproof.evidence.questions import Lines, about, fact, of_kind, seconds, texts, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Dependency, Loss, Profile
from kubeproof.verdict import Verdict, merge, passed, unknown

LATE = 1.0  # seconds that what began before the loss may take to end, and to reach the evidence


@dataclass(frozen=True)
class Window:
    """The markers of one loss: `started` is None where it broke off. `end` is the run's time at which it was over."""

    stopped: Line
    away: Line
    started: Line | None
    end: float

    @property
    def lasted(self) -> float:
        """Seconds that the database was shown to be away."""
        return self.end - self.away.t


def window(lines: Lines) -> Window | None:
    """When the database was away, None when the markers do not say it: one of each, in order."""
    stopped, away, started = (
        of_kind(lines, "marker", says=f"database {deed}") for deed in ("stopped", "away", "started")
    )
    if (len(stopped), len(away)) != (1, 1) or len(started) > 1 or not stopped[0].t <= away[0].t:
        return None
    end = started[0].t if started else watched_until(lines)
    return Window(stopped[0], away[0], started[0] if started else None, end) if away[0].t < end else None


def no_window(loss: Loss) -> Verdict:
    """The UNKNOWN of an observation without these markers; a database that did not stop in time leaves none."""
    return unknown(f"no markers say when the database was {loss.value} and when no more")


def gone_throughout(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether a database was there, and all its pods and endpoints were gone from `away` to `started`."""
    found, database = window(lines), about(lines)
    if found is None or profile.dependency(subject, database) is None:
        return no_window(Loss.REFUSED)
    workload = system.workload(database)
    services = system.services_of(workload) if workload else ()
    parts = [_pods_gone(database, found, lines), *(_endpoints_gone(service.name, found, lines) for service in services)]
    verdict = merge(parts)
    return passed(f"{database} was away for {seconds(found.lasted)}", *verdict.evidence) if verdict.passed else verdict


def _pods_gone(database: str, found: Window, lines: Lines) -> Verdict:
    pods = of_kind(lines, "pod", workload=database)
    before = {line.get("uid"): line for line in pods if line.t <= found.stopped.t}
    planned = texts(found.stopped, "uids")
    ready = {uid for uid, line in before.items() if line.get("ready") is True and line.get("gone") is not True}
    if not planned or not ready <= set(planned):
        return unknown(f"it was not said which pods of {database} would be stopped", fact(found.stopped, "stopped"))
    if not ready:
        return unknown(f"no pod of {database} was Ready before it was stopped")
    latest = {line.get("uid"): line for line in pods if line.t <= found.away.t}
    here = [line for line in latest.values() if line.get("gone") is not True]
    here += [line for line in pods if found.away.t < line.t <= found.end and line.get("gone") is not True]
    if here:
        message = f"{here[0].get('name')} was there while {database} was to be away"
        return unknown(message, fact(here[0], message))
    return passed(
        "gone", *(fact(latest[uid], f"{latest[uid].get('name')} was gone") for uid in planned if uid in latest)
    )


def _endpoints_gone(service: str, found: Window, lines: Lines) -> Verdict:
    samples = of_kind(lines, "endpoints", service=service)
    before = [line for line in samples if line.t <= found.away.t]
    if not before:
        return unknown(f"the endpoints of {service} were not seen")
    for line in (before[-1], *(line for line in samples if found.away.t < line.t <= found.end)):
        # One that is only serving still gets connections when no other is there.
        if line.data.get("ready") != [] or line.data.get("serving") != []:
            message = (
                f"{service} led to {', '.join(texts(line, 'serving')) or 'somebody'} while it was to lead to nobody"
            )
            return unknown(message, fact(line, message))
    return passed("empty", fact(before[-1], f"{service} led to nobody"))


def long_enough(loss: Loss, _: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether a loss lasted as long as the profile says; a shorter one says nothing of a longer."""
    found, dependency = window(lines), profile.dependency(subject, about(lines))
    promise = dependency.outage(loss) if dependency else None
    if found is None or found.started is None or promise is None:
        return no_window(loss)
    if found.lasted < promise.lasts:
        return unknown(f"the database was away for {seconds(found.lasted)}, {seconds(promise.lasts)} are promised")
    return passed("long enough", fact(found.started, f"away for {seconds(found.lasted)}"))


def back(loss: Loss, database: str, started: Line | None, lines: Lines) -> Line | None:
    """The line that shows that the database serves again, None when nobody saw it."""
    if started is None:
        return None
    # What is frozen or cut off may have been Ready all the time: the kubelet does not look into it.
    seen = (
        of_kind(lines, "pod", workload=database, ready=True)
        if loss is Loss.REFUSED
        else of_kind(lines, "greeted", outcome="answered")
    )
    return next((line for line in seen if line.t > started.t), None)


WAS_BACK = {Loss.REFUSED: "was Ready", Loss.FROZEN: "answered", Loss.BLACK_HOLED: "answered"}


def recovery(profile: Profile, dependency: Dependency) -> float:
    """Seconds from the database's return within which all serve again: the level's, else those to leave."""
    level = profile.level(dependency.workload)
    return level.recovery if level else dependency.within


def same_pods(_: System, __: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether the pods of the workload that were there before were there to the end: none deleted, evicted, moved."""
    stopped = of_kind(lines, "marker", says="database stopped")
    pods = of_kind(lines, "pod", workload=subject)
    if not stopped or not pods:
        return unknown(f"no pod of {subject} was seen before and after")
    before = {line.get("uid"): line for line in pods if line.t <= stopped[0].t}
    there = {uid: line for uid, line in before.items() if not _leaves(line)}
    if not there:
        return unknown(f"no pod of {subject} was seen before the outage")
    for line in pods:
        first = there.get(line.get("uid"))
        if first is None or line.t <= stopped[0].t:
            continue
        if _leaves(line):
            message = f"{line.get('name')} was deleted or evicted meanwhile"
            return unknown(message, fact(line, message))
        if (line.get("name"), line.get("ip")) != (first.get("name"), first.get("ip")):
            message = f"{first.get('name')} became {line.get('name')} at {line.get('ip')} meanwhile"
            return unknown(message, fact(line, message))
    return passed("the same", *(fact(line, f"{line.get('name')} throughout") for line in there.values()))


def _leaves(line: Line) -> bool:
    return line.get("gone") is True or line.get("deleted") is True or line.get("phase") in ("Failed", "Succeeded")

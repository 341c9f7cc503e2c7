"""
probes.*: what readiness and liveness do while a database is away.

The outage is bracketed by markers (`window`). Endpoints and pods are known by their changes: between two lines of an
object it stayed as the first says.
"""

from collections.abc import Iterator
from functools import partial

from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.checks.outage.window import (
    WAS_BACK,
    Window,
    back,
    gone_throughout,
    no_window,
    recovery,
    same_pods,
    window,
)
from kubeproof.evidence.questions import Lines, about, fact, number, of_kind, restarts, seconds, texts, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Dependency, Loss, Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown

SOON = 5.0  # seconds from the end of a container to the line that tells it: the kubelet's own pace


def judge_readiness(loss: Loss, system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Without its database a workload leaves every Service of it in time, and all of it returns in time, and stays."""
    workload = system.workload(subject)
    # A workload may depend on several databases: the observation says which.
    dependency = profile.dependency(subject, about(lines))
    if workload is None or dependency is None:
        return unknown(f"{subject} is not a workload that the profile lets depend on this database")
    services, found = system.services_of(workload), window(lines)
    if not services:
        return unknown(f"no Service selects the pods of {subject}")
    if found is None:
        return no_window(loss)
    returned, bound = back(loss, dependency.database, found.started, lines), recovery(profile, dependency)
    verdicts = []
    for service in services:
        samples = of_kind(lines, "endpoints", service=service.name)
        before = [line for line in samples if line.t <= found.stopped.t]
        if not before or not texts(before[-1], "ready"):
            # The positive control: what was never in the Service cannot be seen leaving it.
            verdicts.append(unknown(f"{service.name} had no ready endpoint before the outage"))
            continue
        verdicts.append(_left(dependency, service.name, samples, found))
        if returned is None:
            verdicts.append(unknown(f"it was not seen that {dependency.database} {WAS_BACK[loss]} after the outage"))
            continue
        verdicts.append(_returned(workload, before[-1], samples, returned, bound, lines))
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    return passed("; ".join(found.message for found in verdict.evidence), *verdict.evidence)


def _left(dependency: Dependency, service: str, samples: Lines, found: Window) -> Verdict:
    """Whether the Service was left in time, counted from when the database was away, and for as long as it was."""
    within = [line for line in samples if found.stopped.t < line.t < found.end]
    # Before it is away for good, a database that lingers may have somebody leave and come back.
    full = [line for line in within if line.data.get("ready") != [] and line.t <= found.away.t]
    empty = next((line for line in within if line.data.get("ready") == [] and (not full or line.t > full[-1].t)), None)
    if empty is None:
        because = f"{service} still had ready endpoints {seconds(found.lasted)} after the database was away"
        where = fact((within or [found.away])[-1], because)
        return failed(because, where) if found.lasted >= dependency.within else unknown(because, where)
    took = max(0.0, empty.t - found.away.t)
    if took > dependency.within:
        message = f"left {service} after {seconds(took)}, promised are {seconds(dependency.within)}"
        return failed(message, fact(empty, message))
    if found.started is None:
        # Whatever happened after, nobody can say whether it was still without the database.
        return unknown("no marker says that the database was started again", fact(empty, f"left {service}"))
    again = next((line for line in within if line.t >= empty.t and line.data.get("ready") != []), None)
    if again is not None:
        message = f"{', '.join(texts(again, 'ready'))} came back to {service} without the database"
        return failed(message, fact(again, message))
    return passed("left", fact(empty, f"left {service} after {seconds(took)}"))


def _returned(workload: Workload, before: Line, samples: Lines, returned: Line, bound: float, lines: Lines) -> Verdict:
    """Whether all were back in the Service in time, counted from when the database was back, and to the end."""
    service, since = before.get("service"), returned.t
    least = len(set(texts(before, "ready")))
    counts = [
        (line, len(set(texts(line, "ready"))) >= _wanted(workload, line.t, bound, least, lines)) for line in samples
    ]
    after = [(line, enough) for line, enough in counts if line.t > since]
    first = next((line for line, enough in after if enough), None)
    watched, last = watched_until(lines), samples[-1]
    if first is None or first.t - since > bound:
        waited = (first.t if first else watched) - since
        wanted = _wanted(workload, first.t if first else watched, bound, least, lines)
        state = f"all {wanted:.0f} returned to" if first else f"not all {wanted:.0f} are back in"
        message = f"{state} {service} {seconds(waited)} after the database, promised are {seconds(bound)}"
        return (
            failed(message, fact(first or last, message)) if waited >= bound else unknown(message, fact(last, message))
        )
    lost = next((line for line, enough in after if not enough and line.t > first.t), None)
    wanted = _wanted(workload, watched, bound, least, lines)
    if lost is not None or len(set(texts(last, "ready"))) < wanted:
        message = f"not all {wanted:.0f} stayed in {service} after they were back"
        return failed(message, fact(lost or last, message))
    return passed(
        "returned", fact(first, f"all {wanted:.0f} returned to {service} {seconds(first.t - since)} after it did")
    )


def _wanted(workload: Workload, at: float, grace: float, least: int, lines: Lines) -> float:
    """How many pods must be there at a time: the fewest that were desired lately, as who is new is given its time."""
    sized = [
        (line.t, number(line, "desired")) for line in of_kind(lines, "workload", name=workload.name) if line.t <= at
    ]
    settled = [desired for t, desired in sized if t <= at - grace][-1:]
    lately = [desired for t, desired in sized if t > at - grace]
    known = [desired for desired in (*settled, *lately) if desired is not None]
    return min(known, default=float(least))


def judge_liveness(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """No container of a workload is restarted, or failed by its liveness probe, because its database is away."""
    if system.workload(subject) is None or profile.dependency(subject, about(lines)) is None:
        return unknown(f"{subject} is not a workload that the profile lets depend on this database")
    found, pods = window(lines), of_kind(lines, "pod", workload=subject)
    if found is None:
        return no_window(Loss.REFUSED)
    if (restarted := restarted_without_it(subject, found, lines)) is not None:
        return restarted
    if found.started is None:
        return unknown("no marker says that the database was started again")
    if not pods:
        return unknown(f"no pod of {subject} was seen before the outage")
    return passed(f"no restart in {seconds(found.lasted)} without it", fact(pods[-1], f"{subject}: no restart"))


def restarted_without_it(subject: str, found: Window, lines: Lines) -> Verdict | None:
    """The FAIL of a container that restarted, or that the kubelet's liveness probe failed or killed; None for none."""
    pods = of_kind(lines, "pod", workload=subject)
    facts = [
        fact(line, f"{line.get('name')} restarted while its database was away")
        for line in restarts(pods, found.stopped.t)
    ]
    uids = {line.get("uid") for line in pods}
    for line in of_kind(lines, "event"):
        if line.t > found.stopped.t and line.get("uid") in uids and _of_liveness(line):
            message = f"{line.get('object')} failed its liveness probe while its database was away: {line.get('says')}"
            facts.append(fact(line, message))
    return failed("; ".join(dict.fromkeys(one.message for one in facts)), *facts) if facts else None


def _of_liveness(event: Line) -> bool:
    """Whether the kubelet says that a liveness probe failed, or that it kills for it."""
    return event.get("reason") in ("Unhealthy", "Killing") and "liveness probe" in str(event.get("says")).lower()


# Premises of the law about liveness.


def _time_to_restart(system: System, _: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether a liveness probe that asks for the database would have had the time to have the pod restarted."""
    workload, found = system.workload(subject), window(lines)
    probes = workload.probes("liveness") if workload else ()
    if not probes:
        return unknown(f"{subject} declares no liveness probe that could restart it")
    if found is None or found.started is None:
        return no_window(Loss.REFUSED)
    needed = max(probe.period * probe.failure_threshold for probe in probes)
    if found.lasted < needed:
        message = (
            f"the outage lasted {seconds(found.lasted)}, a liveness probe needs {seconds(needed)} to restart a pod"
        )
        return unknown(message)
    return passed("long enough", fact(found.started, f"{seconds(found.lasted)} are more than {seconds(needed)}"))


def _restarts_seen(system: System, _: Profile, subject: str, lines: Lines) -> Verdict:
    """
    Whether a restart would have been seen: each pod's count is known before and after, and a kill has had its time.

    A container that is killed drains first, and its restart counts only then: so long it was watched. Or the kubelet
    was heard to speak of the pod's probes: then it would have been heard to say that it kills.
    """
    workload, found = system.workload(subject), window(lines)
    if workload is None or found is None or found.started is None:
        return no_window(Loss.REFUSED)
    pods = of_kind(lines, "pod", workload=subject)
    before = {line.get("uid") for line in pods if line.t <= found.stopped.t and line.get("gone") is not True}
    before -= {line.get("uid") for line in pods if line.t <= found.stopped.t and line.get("gone") is True}
    unseen = before - {line.get("uid") for line in pods if line.t > found.end}
    if not before:
        return unknown(f"no pod of {subject} was seen before the outage")
    if unseen:
        return unknown(f"{len(unseen)} of {len(before)} pods of {subject} were not seen after the outage")
    if any(number(line, "restarts") is None for line in pods):
        return unknown(f"a pod line of {subject} does not say how often it restarted")
    new = {line.get("uid"): line for line in reversed(pods) if line.get("uid") not in before}
    if any(number(line, "restarts") and line.t > found.stopped.t for line in new.values()):
        return unknown(f"a new pod of {subject} had restarted before it was first seen")
    return _kills_seen(workload, before, found, lines)


def _kills_seen(workload: Workload, uids: set[object], found: Window, lines: Lines) -> Verdict:
    heard = [line for line in of_kind(lines, "event", reason="Unhealthy") if line.t > found.stopped.t]
    unheard = uids - {line.get("uid") for line in heard}
    watched, needed = watched_until(lines) - found.end, workload.grace_seconds + SOON
    if unheard and watched < needed:
        return unknown(
            f"the kubelet was not heard of {len(unheard)} of {len(uids)} pods of {workload.name}, and they were watched"
            f" for {seconds(watched)} after the outage: one that is killed has {seconds(needed)} until it restarts"
        )
    shown = heard[-1] if not unheard else lines[-1]
    return passed("seen", fact(shown, f"{len(uids)} pods of {workload.name} were watched, and the kubelet heard"))


GONE = Premise("the database was gone from start to end", gone_throughout, of_failure=True)
SAME_PODS = Premise("its pods were the same throughout", same_pods)


def _dependents(_: System, profile: Profile) -> Iterator[Subject]:
    for needed in profile.dependencies:
        yield Subject(needed.workload, f"outage:{needed.database}")


READINESS = Check(
    name="probes.readiness-follows-database",
    law="without its database a pod leaves the Service, and returns with it",
    needs="the right to scale the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=_dependents,
    observer="outage.observe_refused",
    reads=("marker", "pod", "endpoints", "workload"),
    judge=partial(judge_readiness, Loss.REFUSED),
    premises=(GONE, SAME_PODS),
)
LIVENESS = Check(
    name="probes.liveness-ignores-database",
    law="no container restarts because its database is away",
    needs="the right to scale the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=_dependents,
    observer="outage.observe_refused",
    reads=("marker", "pod", "endpoints", "event"),
    judge=judge_liveness,
    premises=(
        GONE,
        SAME_PODS,
        Premise("a wrong liveness probe would have had the time to restart a pod", _time_to_restart),
        Premise("a restart would have been seen", _restarts_seen),
    ),
    lasting=True,
)

"""
probes.*: what readiness and liveness do while a database is away.

The outage is bracketed by the markers 'database stopped' and 'database started'. Endpoints and pods are known
by their changes: between two lines of an object it stayed as the first says.
"""

from collections.abc import Iterator

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import (
    Lines,
    about,
    fact,
    marker,
    number,
    of_kind,
    restarts,
    seconds,
    texts,
    watched_until,
)
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Dependency, Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown


def judge_readiness(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Without its database a workload leaves every Service of it in time, and all of it returns afterwards."""
    workload = system.workload(subject)
    # A workload may depend on several databases: the observation says which.
    dependency = profile.dependency(subject, about(lines))
    if workload is None or dependency is None:
        return unknown(f"{subject} is not a workload that the profile lets depend on this database")
    services = system.services_of(workload)
    if not services:
        return unknown(f"no Service selects the pods of {subject}")
    stopped, started = marker(lines, "database stopped"), marker(lines, "database started")
    if stopped is None:
        return unknown("no marker says that the database was stopped")
    verdicts = []
    for service in services:
        samples = of_kind(lines, "endpoints", service=service.name)
        before = [line for line in samples if line.t <= stopped.t]
        if not before or not texts(before[-1], "ready"):
            # The positive control: what was never in the Service cannot be seen leaving it.
            verdicts.append(unknown(f"{service.name} had no ready endpoint before the outage"))
            continue
        verdicts.append(_left(dependency, service.name, samples, stopped, started, watched_until(lines)))
        verdicts.append(_returned(dependency, workload, samples, before[-1], started, lines))
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    return passed("; ".join(found.message for found in verdict.evidence), *verdict.evidence)


def _left(
    dependency: Dependency, service: str, samples: Lines, stopped: Line, started: Line | None, watched: float
) -> Verdict:
    end = started.t if started else watched
    within = [line for line in samples if stopped.t < line.t < end]
    empty = next((line for line in within if line.data.get("ready") == []), None)
    if empty is None:
        outage = end - stopped.t
        because = f"{service} still had ready endpoints {seconds(outage)} after the database stopped"
        where = fact((within or [stopped])[-1], because)
        return failed(because, where) if outage >= dependency.within else unknown(because, where)
    took = empty.t - stopped.t
    if took > dependency.within:
        message = f"left {service} after {seconds(took)}, promised are {seconds(dependency.within)}"
        return failed(message, fact(empty, message))
    if started is None:
        # Whatever happened after, nobody can say whether it was still without the database.
        return unknown("no marker says that the database was started again", fact(empty, f"left {service}"))
    back = next((line for line in within if line.t >= empty.t and line.data.get("ready") != []), None)
    if back is not None:
        message = f"{', '.join(texts(back, 'ready'))} came back to {service} without the database"
        return failed(message, fact(back, message))
    return passed("left", fact(empty, f"left {service} after {seconds(took)}"))


def _returned(
    dependency: Dependency, workload: Workload, samples: Lines, before: Line, started: Line | None, lines: Lines
) -> Verdict:
    if started is None:
        return unknown("no marker says that the database was started again")
    sized = [number(line, "desired") for line in of_kind(lines, "workload", name=workload.name)]
    wanted = (sized[-1] if sized else None) or len(set(texts(before, "ready")))
    service = before.get("service")
    for line in samples:
        if line.t > started.t and len(set(texts(line, "ready"))) >= wanted:
            message = f"all {wanted:.0f} returned to {service} {seconds(line.t - started.t)} after the database did"
            return passed("returned", fact(line, message))
    watched = watched_until(lines) - started.t
    message = f"not all {wanted:.0f} are back in {service} {seconds(watched)} after the database"
    where = fact(samples[-1], message)
    return failed(message, where) if watched >= dependency.within else unknown(message, where)


def judge_liveness(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """No container of a workload restarts because its database is away, in a window long enough for it."""
    workload = system.workload(subject)
    if workload is None or profile.dependency(subject, about(lines)) is None:
        return unknown(f"{subject} is not a workload that the profile lets depend on this database")
    stopped, started = marker(lines, "database stopped"), marker(lines, "database started")
    if stopped is None:
        return unknown("no marker says that the database was stopped")
    pods = of_kind(lines, "pod", workload=subject)
    if restarted := restarts(pods, stopped.t):
        return restarted_without_it(restarted)
    if started is None:
        return unknown("no marker says that the database was started again")
    reason = _too_little(workload, pods, stopped, started)
    if reason:
        return unknown(reason)
    window = started.t - stopped.t
    return passed(f"no restart in {seconds(window)} without it", fact(pods[-1], f"{subject}: no restart"))


def restarted_without_it(restarted: Lines) -> Verdict:
    """The FAIL that these lines of restarts are."""
    facts = [fact(line, f"{line.get('name')} restarted while its database was away") for line in restarted]
    return failed("; ".join(dict.fromkeys(restart.message for restart in facts)), *facts)


def _too_little(workload: Workload, pods: Lines, stopped: Line, started: Line) -> str | None:
    """Why the lines do not allow to say that nothing restarted, None when they do."""
    probes = workload.probes("liveness")
    if not probes:
        return f"{workload.name} declares no liveness probe that could restart it"
    needed = max(probe.period * probe.failure_threshold for probe in probes)
    window = started.t - stopped.t
    if window < needed:
        return f"the outage lasted {seconds(window)}, a liveness probe needs {seconds(needed)} to restart a pod"
    before = {line.get("uid") for line in pods if line.t <= stopped.t and line.get("gone") is not True}
    after = {line.get("uid") for line in pods if line.t > started.t}
    gone = {line.get("uid") for line in pods if line.t <= stopped.t and line.get("gone") is True}
    unseen = before - gone - after
    if not before:
        return f"no pod of {workload.name} was seen before the outage"
    if unseen:
        return f"{len(unseen)} of {len(before - gone)} pods of {workload.name} were not seen after the outage"
    new = {line.get("uid"): line for line in reversed(pods) if line.get("uid") not in before | gone}
    if any(number(line, "restarts") for line in new.values()):
        return f"a new pod of {workload.name} had restarted before it was first seen"
    if any(number(line, "restarts") is None for line in pods):
        return f"a pod line of {workload.name} does not say how often it restarted"
    return None


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
    reads=("marker", "endpoints", "workload"),
    judge=judge_readiness,
)
LIVENESS = Check(
    name="probes.liveness-ignores-database",
    law="no container restarts because its database is away",
    needs="the right to scale the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=_dependents,
    observer="outage.observe_refused",
    reads=("marker", "pod"),
    judge=judge_liveness,
    lasting=True,
)

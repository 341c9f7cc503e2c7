"""
system.undisturbed: in the whole run no pod was disturbed but those that we set out to disturb.

Disturbed is a pod whose container (init container or sidecar too) restarted, that was killed, evicted or ran out of
memory, that failed its liveness probe, or that vanished: kubeproof.checks.disturbances.
"""

from kubeproof.checks.check import Check, Phase, Premise, every_workload
from kubeproof.checks.disturbances import RESTARTS_TOLD, disturbances, windows_of
from kubeproof.evidence.questions import Lines, fact, number, of_kind, watched_until
from kubeproof.evidence.reading import EVERYTHING
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, failed, passed, unknown

SETTLED = 2.0  # seconds until a workload's counts have followed its pods, at most; seen: a tenth
TOLD = 3  # of what happened in the sentence of a FAIL; all of it is in its evidence


def judge_undisturbed(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload from its pods' lines and events in every observation of the run, in order."""
    del profile
    if not any(workload.name == subject for workload in (*system.workloads, *system.daemons)):
        return unknown(f"the manifests have no workload {subject}")
    pods = of_kind(lines, "pod", workload=subject)
    if not pods:
        return unknown(f"no pod of {subject} was ever seen")
    facts = tuple(trouble.fact for trouble in disturbances(subject, lines))
    if facts:
        more = f", and {len(facts) - TOLD} more" if len(facts) > TOLD else ""
        return failed("; ".join(one.message for one in facts[:TOLD]) + more, *facts)
    pods_seen = len({line.get("uid") for line in pods})
    message = f"{pods_seen} pods in {len(windows_of(lines))} observations, none disturbed but as planned"
    return passed(message, fact(pods[-1], message))


def _every_pod_seen(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """In each observation the pods that its workload counts as ready: at its end, and at most."""
    del system, profile
    windows = windows_of(lines)
    for of, window in windows.items():
        samples = of_kind(window, "workload", name=subject)
        if not samples:
            return unknown(f"{of} says nothing of {subject}")
        last = {line.get("uid"): line for line in of_kind(window, "pod", workload=subject)}
        if not last and any(number(sample, "desired") != 0 for sample in samples):
            return unknown(f"{of} has no pod of {subject}", fact(samples[-1], f"desired {samples[-1].get('desired')}"))
        for seen, counted in ((_there(window, subject), samples[-1:]), (len(last), samples)):
            ready = max(counted, key=lambda sample: number(sample, "ready") or 0.0)
            if seen < (number(ready, "ready") or 0.0):
                return unknown(f"{of} has {seen} of {ready.get('ready')} ready pods of {subject}", fact(ready, of))
    return _held(of_kind(lines, "pod", workload=subject), f"in each of {len(windows)} observations")


def _there(window: Lines, subject: str) -> int:
    """How many pods its workload may still count at the end: those that go are counted for a moment."""
    pods = of_kind(window, "pod", workload=subject)
    since = watched_until(window) - SETTLED
    over = {line.get("uid") for line in pods if line.t < since and (line.get("deleted") or line.get("gone"))}
    return len({line.get("uid") for line in pods} - over)


def _watched_to_the_end(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    del system, profile, subject
    windows = windows_of(lines)
    for of, window in windows.items():
        for watch in ("pod", "event"):
            if not of_kind(window, "bookmark", watch=watch, caught=True):
                return unknown(f"at the end of {of} the watch of {watch}s had not shown that it had seen all")
    return _held(of_kind(lines, "bookmark", caught=True), f"in each of {len(windows)} observations")


def _held(lines: Lines, message: str) -> Verdict:
    return passed(message, fact(lines[-1], message)) if lines else unknown("nothing was seen")


UNDISTURBED = Check(
    name="system.undisturbed",
    law="in the whole run no pod restarts, is killed, fails its liveness probe or vanishes but those that the harness"
    " disturbs",
    needs="nothing beyond what was observed for other checks",
    phase=Phase.LOOK_BACK,
    subjects=every_workload(EVERYTHING),
    observer=None,
    reads=("marker", "workload", "pod", "autoscaler", "event", "bookmark"),
    judge=judge_undisturbed,
    premises=(
        Premise("its pods were seen in every observation", _every_pod_seen),
        RESTARTS_TOLD,
        Premise("pods and events were watched to the end of every observation", _watched_to_the_end),
    ),
    # Not lasting: the marker that planned it may be what was lost, or the observation that the pod came in.
)

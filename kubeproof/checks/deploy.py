"""
deploy.ready: a workload becomes available within its progress deadline, stays so, and no container of it restarts.

Available is what `kubectl rollout status` asks, all of it: the spec is observed, every pod is updated, ready and
available, none of the old are left. Beyond that as many are wanted as the manifests say, and the pods themselves are
Ready at the end.
"""

from kubeproof.checks.check import Check, Phase, Premise, every_workload
from kubeproof.checks.disturbances import RESTARTS_TOLD
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown

# What the kubelet says when an image is not there: waiting longer will not bring it.
IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})
# Which watch tells of a workload, by its kind.
WATCHES = {"Deployment": "deployment", "StatefulSet": "stateful_set", "DaemonSet": "daemon_set"}


def judge_ready(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload from its workload, pod and event lines; time counts from the marker 'applied'."""
    del profile
    workload = _declared(system, subject)
    if workload is None:
        return unknown(f"the manifests have no workload {subject}")
    applied = marker(lines, "applied")
    if applied is None:
        return unknown("no marker says when the manifests were applied")
    return merge((_available(system, workload, applied.t, lines), _restarts(workload, lines)))


def _declared(system: System, subject: str) -> Workload | None:
    return next((w for w in (*system.workloads, *system.daemons) if w.name == subject), None)


def _least(system: System, workload: Workload) -> int:
    """How many pods there must be of it; a DaemonSet has one on each node that takes one."""
    return 1 if workload.kind == "DaemonSet" else max(system.least_replicas(workload), 1)


def complete(line: Line, least: int) -> bool:
    """Whether a workload line answers all of kubectl's questions with yes, for at least so many replicas."""
    desired = number(line, "desired")
    counts = [number(line, name) for name in ("updated", "ready", "available")]
    if "replicas" in line.data:
        counts.append(number(line, "replicas"))
    observed = number(line, "observed")
    return (
        not line.get("gone")
        and desired is not None
        and desired >= least
        and observed is not None
        and observed == number(line, "generation")
        and all(count == desired for count in counts)
    )


def _available(system: System, workload: Workload, applied: float, lines: Lines) -> Verdict:
    samples = of_kind(lines, "workload", name=workload.name)
    if not samples:
        return unknown(f"{workload.name} was never seen")
    last, least, deadline = samples[-1], _least(system, workload), workload.progress_deadline
    counts = ", ".join(f"{name} {last.get(name)}" for name in ("desired", "updated", "ready", "available"))
    state = fact(last, f"gone, {counts}" if last.get("gone") else counts)
    if workload.kind == "DaemonSet" and number(last, "desired") == 0.0:
        return unknown("no node takes a pod of it", state)
    ready = _ready_at_the_end(workload, lines)
    if not complete(last, least):
        wanted = f"; the manifests want {least}" if (number(last, "desired") or 0.0) < least else ""
        return _not_available(workload, Fact(state.line, state.message + wanted), applied, lines)
    if len(ready) < (number(last, "desired") or 0.0):
        few = Fact(state.line, f"{counts}; {len(ready)} of its pods are Ready at the end")
        return _not_available(workload, few, applied, lines)
    took = next(sample.t for sample in samples if complete(sample, least)) - applied
    if took < 0:
        return unknown(f"available {seconds(-took)} before the manifests were applied", state)
    if took > deadline:
        return failed(f"available after {seconds(took)}, its deadline is {deadline:.0f} s", state)
    return passed(f"available after {seconds(took)}", state)


def _ready_at_the_end(workload: Workload, lines: Lines) -> Lines:
    last = {line.get("uid"): line for line in of_kind(lines, "pod", workload=workload.name)}
    return tuple(
        line for line in last.values() if line.get("ready") is True and not (line.get("deleted") or line.get("gone"))
    )


def _not_available(workload: Workload, state: Fact, applied: float, lines: Lines) -> Verdict:
    pulls = _image_events(workload, lines)
    if pulls:
        # The kubelet's last word may be "Error: ErrImagePull": which image, the one before says.
        named = next((pull for pull in reversed(pulls) if "image" in pull.message), pulls[-1])
        return failed(f"not available: {named.message}", state, *pulls[-3:])
    watched = watched_until(lines) - applied
    because = f"not available after {seconds(watched)} ({state.message})"
    if watched >= workload.progress_deadline:
        return failed(because, state)
    return unknown(f"{because}, watched for less than its {workload.progress_deadline:.0f} s", state)


def _image_events(workload: Workload, lines: Lines) -> tuple[Fact, ...]:
    pods = {line.get("name") for line in of_kind(lines, "pod", workload=workload.name)}
    found = []
    for line in of_kind(lines, "event"):
        mine = str(line.get("object")).removeprefix("Pod/") in pods
        message = str(line.get("says"))
        # The kubelet reports a failed pull as Failed or BackOff, and names the image in the message only.
        about_image = line.get("reason") in ("Failed", "BackOff") and ("pull" in message.lower() or "image" in message)
        if mine and (about_image or line.get("reason") in IMAGE_REASONS):
            found.append(fact(line, message))
    return tuple(found)


def _restarts(workload: Workload, lines: Lines) -> Verdict:
    pods = of_kind(lines, "pod", workload=workload.name)
    if not pods:
        return unknown(f"no pod of {workload.name} was seen")
    wrong = {}
    for line in pods:
        restarts = number(line, "restarts")
        if restarts:
            wrong[line.get("name")] = fact(line, f"{line.get('name')} restarted {restarts:.0f} times")
    if wrong:
        return failed("; ".join(restarted.message for restarted in wrong.values()), *wrong.values())
    return passed("no restarts", fact(pods[-1], f"{workload.name}: no pod restarted"))


def _pods_seen(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Silence about a pod is not "no restart": as many pods as are wanted must have been seen."""
    del profile
    workload = _declared(system, subject)
    samples = of_kind(lines, "workload", name=subject)
    if workload is None or not samples:
        return unknown(f"{subject} was never seen")
    wanted = max(*(number(sample, "desired") or 0.0 for sample in samples), float(_least(system, workload)))
    pods = of_kind(lines, "pod", workload=subject)
    seen = {line.get("uid") for line in pods}
    if len(seen) < wanted:
        return unknown(f"{len(seen)} of {wanted:.0f} pods of {subject} were seen")
    return passed("all pods seen", fact(pods[-1], f"{len(seen)} pods of {subject} were seen"))


def _watched_to_the_end(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    del profile
    workload = _declared(system, subject)
    watches = ("pod", WATCHES[workload.kind]) if workload else ("pod",)
    caught = [of_kind(lines, "bookmark", watch=watch, caught=True) for watch in watches]
    for watch, marks in zip(watches, caught, strict=True):
        if not marks:
            return unknown(f"the watch of {watch}s had not shown at the end that it had seen all")
    return passed("watched to the end", *(fact(marks[-1], f"{marks[-1].get('watch')}s") for marks in caught))


READY = Check(
    name="deploy.ready",
    law="every workload becomes available within its progress deadline with all its replicas, and stays so, with no"
    " restart",
    needs="images that can be pulled",
    phase=Phase.DEPLOY,
    subjects=every_workload("deploy"),
    observer=None,
    reads=("marker", "workload", "pod", "event", "bookmark"),
    judge=judge_ready,
    premises=(
        Premise("as many of its pods were seen as are wanted", _pods_seen),
        RESTARTS_TOLD,
        Premise("it and its pods were watched to the end", _watched_to_the_end),
    ),
)

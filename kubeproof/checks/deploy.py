"""
deploy.ready: a workload becomes available within its progress deadline, and no container of it restarts.

Available is what `kubectl rollout status` asks, all of it: the spec is observed, every pod is updated, ready
and available, none of the old are left, and at least one is wanted.
"""

from kubeproof.checks.check import Check, Phase, every_workload
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown

# What the kubelet says when an image is not there: waiting longer will not bring it.
IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})


def judge_ready(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload from its workload, pod and event lines; time counts from the marker 'applied'."""
    del profile
    workload = system.workload(subject)
    if workload is None:
        return unknown(f"the manifests have no workload {subject}")
    applied = marker(lines, "applied")
    if applied is None:
        return unknown("no marker says when the manifests were applied")
    return merge((_available(workload, applied.t, lines), _restarts(workload, lines), _pods_seen(workload, lines)))


def complete(line: Line) -> bool:
    """Whether a workload line answers all of kubectl's questions with yes."""
    desired = number(line, "desired")
    counts = [number(line, name) for name in ("updated", "ready", "available")]
    if "replicas" in line.data:
        counts.append(number(line, "replicas"))
    observed = number(line, "observed")
    return (
        desired is not None
        and desired >= 1
        and observed is not None
        and observed == number(line, "generation")
        and all(count == desired for count in counts)
    )


def _available(workload: Workload, applied: float, lines: Lines) -> Verdict:
    samples = of_kind(lines, "workload", name=workload.name)
    if not samples:
        return unknown(f"{workload.name} was never seen")
    last, deadline = samples[-1], workload.progress_deadline
    counts = ", ".join(f"{name} {last.get(name)}" for name in ("desired", "updated", "ready", "available"))
    state = fact(last, counts)
    if not complete(last):
        return _not_available(workload, state, watched_until(lines) - applied, lines)
    took = next(sample.t for sample in samples if complete(sample)) - applied
    if took > deadline:
        return failed(f"available after {seconds(took)}, its deadline is {deadline:.0f} s", state)
    return passed(f"available after {seconds(max(took, 0.0))}", state)


def _not_available(workload: Workload, state: Fact, watched: float, lines: Lines) -> Verdict:
    pulls = _image_events(workload, lines)
    if pulls:
        return failed(f"not available: {pulls[-1].message}", state, *pulls[-3:])
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
        if restarts is None:
            return unknown(f"line {line.number} does not say how often {line.get('name')} restarted")
        if restarts:
            wrong[line.get("name")] = fact(line, f"{line.get('name')} restarted {restarts:.0f} times")
    if wrong:
        return failed("; ".join(restarted.message for restarted in wrong.values()), *wrong.values())
    return passed("no restarts", fact(pods[-1], f"{workload.name}: no pod restarted"))


def _pods_seen(workload: Workload, lines: Lines) -> Verdict:
    """Silence about a pod is not "no restart": as many pods as are wanted must have been seen."""
    samples = of_kind(lines, "workload", name=workload.name)
    wanted = number(samples[-1], "desired") if samples else None
    pods = of_kind(lines, "pod", workload=workload.name)
    seen = {line.get("uid") for line in pods}
    if wanted is None or len(seen) < wanted:
        return unknown(f"{len(seen)} of {wanted or workload.replicas:.0f} pods of {workload.name} were seen")
    return passed("all pods seen", fact(pods[-1], f"{len(seen)} pods seen") if pods else Fact(None, "none"))


READY = Check(
    name="deploy.ready",
    law="every workload becomes available within its progress deadline, with no restart",
    needs="images that can be pulled",
    phase=Phase.DEPLOY,
    subjects=every_workload("deploy"),
    observer=None,
    reads=("marker", "workload", "pod", "event"),
    judge=judge_ready,
)

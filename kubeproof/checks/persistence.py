"""persistence.pod-delete: what a journey wrote is read again after the pod with the volume was replaced."""

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.checks.journeys import walked
from kubeproof.evidence.questions import Lines, fact, marker, of_kind
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, merge, passed, unknown


def judge_persistence(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload: the write journey before the marker 'pod deleted', the read journey after 'pod back'."""
    promise = profile.persistence_of(subject)
    if promise is None or system.workload(subject) is None:
        return unknown(f"{subject} is not a workload that the profile expects to keep anything")
    write, read = profile.journey(promise.write), profile.journey(promise.read)
    if write is None or read is None:
        return unknown(f"the profile has no journey {promise.write!r} or {promise.read!r}")
    deleted, back = marker(lines, "pod deleted"), marker(lines, "pod back")
    if deleted is None or back is None or back.t < deleted.t:
        return unknown("no markers say that the pod was deleted and came back")
    steps = of_kind(lines, "step")
    before = tuple(line for line in steps if line.t <= deleted.t and line.get("journey") == write.name)
    after = tuple(line for line in steps if line.t >= back.t and line.get("journey") == read.name)
    written, saved = walked(write, before, {})
    if not written.passed:
        # Nothing was written, so nothing could be lost.
        return unknown(f"the journey {write.name!r} did not hold: {written.because}", *written.evidence)
    verdict = merge((walked(read, after, saved)[0], _replaced(subject, deleted.t, lines)))
    if not verdict.passed:
        return verdict
    return passed("read again after the pod was replaced", *verdict.evidence)


def _replaced(subject: str, deleted: float, lines: Lines) -> Verdict:
    """The pod that is there now is not the one that was: another uid, and the old one seen going."""
    pods = of_kind(lines, "pod", workload=subject)
    old = {line.get("uid") for line in pods if line.t <= deleted and line.get("gone") is not True}
    left = {
        line.get("uid")
        for line in pods
        if line.t >= deleted and (line.get("deleted") is True or line.get("gone") is True)
    }
    new = [
        line
        for line in pods
        if deleted < line.t and line.get("ready") is True and not line.get("deleted") and line.get("uid") not in old
    ]
    if not old & left or not new:
        return unknown(f"{subject}: the old pod was not seen going, or no new one was seen ready")
    return passed("replaced", fact(new[-1], f"{new[-1].get('name')} was replaced: uid {new[-1].get('uid')}"))


POD_DELETE = Check(
    name="persistence.pod-delete",
    law="what was written is read again after the pod with the volume was replaced",
    needs="a StorageClass for the claims",
    phase=Phase.REPLACE_A_POD,
    subjects=lambda _, profile: (Subject(kept.workload, f"restart:{kept.workload}") for kept in profile.persistence),
    observer="persistence.observe_restart",
    reads=("marker", "step", "pod"),
    judge=judge_persistence,
    lasting=True,
)

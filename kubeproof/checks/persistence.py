"""
persistence.pod-delete: what a journey wrote is read again after every pod of the workload was replaced.

Lost is what is answered 404, or without what was written. Who refuses (401, 403, 429, 5xx) did not look.
"""

from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.checks.walks import tells, walked
from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, began, fact, of_kind, texts
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Backup, Persistence, Profile
from kubeproof.profile.journeys import Journey
from kubeproof.verdict import Verdict, passed, unknown


def judge_persistence(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload: what a journey wrote before 'pod deleted', another reads after 'pod back'."""
    write, read = halves(profile, profile.persistence_of(subject))
    if write is None or read is None or system.workload(subject) is None:
        return unknown(f"{subject} is not a workload of which the profile says what writes, and what reads it again")
    deleted, back = deed(subject, "pod deleted", lines), deed(subject, "pod back", lines)
    if deleted is None or back is None or back.t < deleted.t:
        return unknown("no markers say that the pods were deleted and came back")
    _, saved = walked(system, write, between(write, 0.0, deleted.t, lines), {})
    verdict, _ = walked(system, read, between(read, back.t, float("inf"), lines), saved, tells)
    return passed("read again after its pods were replaced", *verdict.evidence) if verdict.passed else verdict


def halves(profile: Profile, promise: Persistence | Backup | None) -> tuple[Journey | None, Journey | None]:
    """The journeys of a promise, the one that writes and the one that reads; None for what the profile lacks."""
    if promise is None:
        return None, None
    return profile.journey(promise.write), profile.journey(promise.read)


def deed(to: str, says: str, lines: Lines) -> Line | None:
    """The first marker of something done to that workload, or with that CronJob; or None."""
    return next(iter(of_kind(lines, "marker", says=says, at=to)), None)


def between(journey: Journey, begin: float, end: float, lines: Lines) -> Lines:
    """The steps of a journey that began after one moment and ended before another."""
    steps = of_kind(lines, "step", journey=journey.name)
    return tuple(line for line in steps if begin <= began(line) and line.t <= end)


def held(system: System, write: Journey | None, end: Line | None, lines: Lines) -> Verdict:
    """The journey that writes held before a marker: where nothing was written, nothing could be lost."""
    if write is None or end is None:
        return unknown("nothing says what was written, and until when")
    verdict, _ = walked(system, write, between(write, 0.0, end.t, lines), {})
    return verdict if verdict.passed else unknown(f"{write.name!r} did not hold: {verdict.because}", *verdict.evidence)


def claims_of(line: Line) -> dict[str, str]:
    """The claims that a marker names, name → uid; none where it says nothing of the kind."""
    found = line.data.get("claims")
    claims = [claim for claim in found if isinstance(claim, dict)] if isinstance(found, list) else []
    return {str(claim.get("name")): str(claim.get("uid")) for claim in claims}


def replaced(system: System, subject: str, loss: Line | None, read: Lines, lines: Lines) -> Verdict:
    """
    Each pod that a loss took was gone before the `read` steps began, and as many others were Ready until they ended.

    A pod of a StatefulSet is replaced by one of its name.
    """
    if loss is None or not read:
        return unknown("nothing says when the pods went, or nothing was read")
    pods = of_kind(lines, "pod", workload=subject)
    then, now, last = _there(pods, loss.t), _there(pods, min(map(began, read))), _there(pods, read[-1].t)
    taken = {uid: line for uid, line in then.items() if line.get("deleted") is not True}
    if not taken or taken.keys() != set(texts(loss, "uids")):
        return unknown("the pods that were deleted are not those that were seen", fact(loss, f"{len(taken)} were seen"))
    if stayed := [fact(now[uid], f"{now[uid].get('name')} was still there") for uid in then if uid in now]:
        return unknown(f"when it was read, {stayed[0].message}", *stayed)
    ready = {uid: line for uid, line in now.items() if _serves(line) and uid in last and _serves(last[uid])}
    names = sorted(str(line.get("name")) for line in ready.values())
    workload = system.workload(subject)
    in_place = workload is None or workload.kind != "StatefulSet" or names == sorted(_names(taken))
    if len(ready) < len(taken) or not in_place:
        known = [fact(line, f"{line.get('name')}: ready {line.get('ready')}") for line in now.values()]
        return unknown(f"{len(names)} of {len(taken)} were Ready in their places while it was read", *known)
    return passed("replaced", *(fact(line, f"{line.get('name')} is another: uid {uid}") for uid, line in ready.items()))


def _there(pods: Lines, moment: float) -> dict[object, Line]:
    """The pods that are not gone at a moment, uid → its last line until then."""
    last = {line.get("uid"): line for line in pods if line.t <= moment}
    return {uid: line for uid, line in last.items() if line.get("gone") is not True}


def _serves(line: Line) -> bool:
    return line.get("ready") is True and line.get("deleted") is not True


def _names(pods: dict[object, Line]) -> list[str]:
    return [str(line.get("name")) for line in pods.values()]


def write_held(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """What was to be kept was written."""
    write, _ = halves(profile, profile.persistence_of(subject))
    return held(system, write, deed(subject, "pod deleted", lines), lines)


def same_claims(_system: System, _profile: Profile, subject: str, lines: Lines) -> Verdict:
    """The pods that came mount the claims that those mounted that went, by name and uid."""
    deleted, back = deed(subject, "pod deleted", lines), deed(subject, "pod back", lines)
    if deleted is None or back is None:
        return unknown("no markers say what was mounted")
    before, after = claims_of(deleted), claims_of(back)
    if not before:
        return unknown("no pod mounted a claim: nothing says what kept it", fact(deleted, "no claims"))
    if before != after:
        return unknown("the claims are others", fact(deleted, f"before: {before}"), fact(back, f"after: {after}"))
    return passed("the same", fact(back, ", ".join(f"{name} is still {uid}" for name, uid in after.items())))


def all_replaced(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Nobody was left who could have kept in memory what was not on the volume."""
    _, read = halves(profile, profile.persistence_of(subject))
    back = deed(subject, "pod back", lines)
    if read is None or back is None:
        return unknown("no marker says that the pods were back")
    steps = between(read, back.t, float("inf"), lines)
    return replaced(system, subject, deed(subject, "pod deleted", lines), steps, lines)


POD_DELETE = Check(
    name="persistence.pod-delete",
    law="what was written is read again after the pod with the volume was replaced",
    needs="a StorageClass for the claims",
    phase=Phase.REPLACE_A_POD,
    subjects=lambda _, profile: (Subject(kept.workload, f"restart:{kept.workload}") for kept in profile.persistence),
    observer="persistence.observe_restart",
    reads=("marker", "step", "pod"),
    judge=judge_persistence,
    premises=(
        Premise("what is read had been written before", write_held, of_failure=True),
        Premise("the pods mounted the same claims before and after", same_claims),
        Premise("every pod had been replaced before it was read", all_replaced),
    ),
    lasting=True,
)

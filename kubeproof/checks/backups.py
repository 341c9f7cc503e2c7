"""persistence.backup-restore: what a journey wrote is read again after its volumes were lost and a backup restored."""

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.checks.journeys import Saved, walked
from kubeproof.evidence.questions import Lines, fact, marker, not_observed, number, of_kind, seconds
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Backup, Profile
from kubeproof.profile.journeys import Journey
from kubeproof.verdict import Verdict, failed, merge, passed, unknown


def judge_backup(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload: written, backed up, lost (the control), restored, and read again, in this order."""
    promise = profile.backup(subject)
    if promise is None or system.workload(subject) is None:
        return unknown(f"{subject} is not a workload that the profile expects to be backed up")
    write, read = profile.journey(promise.write), profile.journey(promise.read)
    if write is None or read is None:
        return unknown(f"the profile has no journey {promise.write!r} or {promise.read!r}")
    begun = _started(promise.backup, lines)
    if begun is None:
        return unknown("no marker says that a backup was made")
    written, saved = walked(write, _between(write, 0.0, begun.t, lines), {})
    if not written.passed:
        # Nothing was written, so nothing could be saved.
        return unknown(f"the journey {write.name!r} did not hold: {written.because}", *written.evidence)
    backed_up = _job("backup", promise.backup, promise.within, lines)
    if not backed_up.passed:
        return backed_up
    verdict = merge((*_restored(promise, read, saved, lines), _lost(promise, read, saved, lines)))
    if not verdict.passed:
        return verdict
    took = f"backup in {_took(promise.backup, lines)}, restore in {_took(promise.restore, lines)}"
    return passed(f"read again after its volumes were lost: {took}", *backed_up.evidence, *verdict.evidence)


def _restored(promise: Backup, read: Journey, saved: Saved, lines: Lines) -> tuple[Verdict, ...]:
    """The restore completed, and the data is read after it."""
    restore = _job("restore", promise.restore, promise.within, lines)
    ends = of_kind(lines, "job", source=promise.restore)
    if not ends:
        return (restore,)
    return restore, walked(read, _between(read, ends[-1].t, float("inf"), lines), saved)[0]


def _lost(promise: Backup, read: Journey, saved: Saved, lines: Lines) -> Verdict:
    """The control: before the restore the data could not be read. Where it could, the loss failed, not the system."""
    deleted, new = marker(lines, "volumes deleted"), marker(lines, "volumes new")
    restore = _started(promise.restore, lines)
    if deleted is None or new is None or restore is None:
        return unknown("no markers say that the volumes were deleted, and then a restore begun")
    before, after = _uids(deleted), _uids(new)
    if not before or not after or before & after:
        return unknown("no volume was seen replaced by a new one", fact(new, "the claims are not new ones"))
    control = _between(read, new.t, restore.t, lines)
    unseen = [line for line in control if not_observed(line.get("error")) or (number(line, "status") or 500) >= 500]
    if not control or unseen:
        message = "nobody could look whether the data was gone"
        return unknown(message, *(fact(line, f"answered {line.get('status') or 'nothing'}") for line in unseen))
    still, _ = walked(read, control, saved)
    if still.passed:
        return unknown("the data was never lost: it was read on the new volumes before any restore", *still.evidence)
    return passed("lost", fact(control[-1], f"on new volumes, before the restore: {control[-1].get('status')}"))


def _job(what: str, cronjob: str, within: float, lines: Lines) -> Verdict:
    """A Job made from this CronJob completed in time."""
    ends = of_kind(lines, "job", source=cronjob)
    if not ends:
        return unknown(f"how the {what} ended was not seen")
    ended, message = ends[-1].get("ended"), str(ends[-1].get("says"))
    if ended == "complete":
        return passed(what, fact(ends[-1], f"{what} completed: {message}"))
    if ended in ("failed", "absent"):
        return failed(f"the {what} failed: {message}", fact(ends[-1], f"Job of {cronjob}: {message}"))
    if ended == "late":
        return failed(f"the {what} did not end within {seconds(within)}", fact(ends[-1], message))
    return unknown(f"how the {what} ended is not said", fact(ends[-1], f"ended: {ended!r}"))


def _took(cronjob: str, lines: Lines) -> str:
    took = [number(line, "seconds") for line in of_kind(lines, "job", source=cronjob)]
    return seconds(took[-1]) if took and took[-1] is not None else "a time that is not said"


def _started(cronjob: str, lines: Lines) -> Line | None:
    return next(iter(of_kind(lines, "marker", says="job started", at=cronjob)), None)


def _between(journey: Journey, begin: float, end: float, lines: Lines) -> Lines:
    return tuple(line for line in of_kind(lines, "step", journey=journey.name) if begin <= line.t <= end)


def _uids(line: Line) -> set[str]:
    claims = line.data.get("claims")
    found = claims if isinstance(claims, list) else []
    return {str(claim["uid"]) for claim in found if isinstance(claim, dict) and claim.get("uid")}


BACKUP_RESTORE = Check(
    name="persistence.backup-restore",
    law="what was written before a backup is read again when it is restored after a loss",
    needs="the right to delete claims and make Jobs",
    phase=Phase.REPLACE_A_POD,
    subjects=lambda _, profile: (Subject(kept.workload, f"backup:{kept.workload}") for kept in profile.backups),
    observer="backups.observe_backup",
    reads=("marker", "step", "job"),
    judge=judge_backup,
    lasting=True,
)

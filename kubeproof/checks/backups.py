"""
persistence.backup-restore: what a journey wrote is read again after its volumes were lost and a backup restored.

Lost is what is answered 404, or without what was written. Who refuses (401, 403, 429, 5xx) did not look.
"""

from kubeproof.checks.check import Check, Phase, Premise, Subject
from kubeproof.checks.persistence import between, claims_of, deed, halves, held, replaced
from kubeproof.checks.walks import followed, is_gone, tells, walked
from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, fact, number, of_kind, seconds
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, failed, merge, passed, unknown


def judge_backup(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one workload: what was written is backed up in time, restored in time, and read after that."""
    promise = profile.backup(subject)
    write, read = halves(profile, promise)
    if promise is None or write is None or read is None or system.workload(subject) is None:
        return unknown(f"{subject} is not a workload of which the profile says how it is backed up, written and read")
    begun = deed(promise.backup, "job started", lines)
    if begun is None:
        return unknown("no marker says that a backup was made")
    backed_up = _job("backup", promise.backup, promise.within, lines)
    if not backed_up.passed:
        return backed_up
    restored = _job("restore", promise.restore, promise.within, lines)
    ends = of_kind(lines, "job", source=promise.restore)
    if not ends:
        return restored
    _, saved = walked(system, write, between(write, 0.0, begun.t, lines), {})
    found, _ = walked(system, read, between(read, ends[-1].t, float("inf"), lines), saved, tells)
    verdict = merge((restored, found))
    if not verdict.passed:
        return verdict
    took = f"backup in {_took(promise.backup, lines)}, restore in {_took(promise.restore, lines)}"
    return passed(f"read again after its volumes were lost: {took}", *backed_up.evidence, *verdict.evidence)


def _job(what: str, cronjob: str, within: float, lines: Lines) -> Verdict:
    """The Job made from this CronJob completed in time; of several ends the worst counts."""
    ends = of_kind(lines, "job", source=cronjob)
    if not ends:
        return unknown(f"how the {what} ended was not seen")
    return merge(_end(what, cronjob, within, end) for end in ends)


def _end(what: str, cronjob: str, within: float, end: Line) -> Verdict:
    ended, message, took = end.get("ended"), str(end.get("says")), number(end, "seconds")
    if ended in ("failed", "absent"):
        return failed(f"the {what} failed: {message}", fact(end, f"Job of {cronjob}: {message}"))
    if ended == "late" or (ended == "complete" and took is not None and took > within):
        return failed(f"the {what} did not end within {seconds(within)}", fact(end, message))
    if ended != "complete" or took is None:
        return unknown(f"how the {what} ended is not said", fact(end, f"ended: {ended!r}, seconds: {took}"))
    return passed(what, fact(end, f"{what} completed in {seconds(took)}: {message}"))


def _took(cronjob: str, lines: Lines) -> str:
    return seconds(max(number(end, "seconds") or 0.0 for end in of_kind(lines, "job", source=cronjob)))


def write_held(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """What was to be saved was written."""
    promise = profile.backup(subject)
    write, _ = halves(profile, promise)
    return held(system, write, deed(promise.backup, "job started", lines) if promise else None, lines)


def in_order(_system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Nothing was lost before it was saved, and nothing brought back before it was lost."""
    promise = profile.backup(subject)
    if promise is None:
        return unknown(f"the profile has no backup of {subject}")
    saved, restored = (of_kind(lines, "job", source=cronjob)[-1:] for cronjob in (promise.backup, promise.restore))
    deeds = {
        "the backup's begin": deed(promise.backup, "job started", lines),
        "its end": next(iter(saved), None),
        "the loss of the volumes": deed(subject, "volumes deleted", lines),
        "new volumes": deed(subject, "volumes new", lines),
        "the restore's begin": deed(promise.restore, "job started", lines),
        "the restore's end": next(iter(restored), None),
    }
    if missing := [name for name, line in deeds.items() if line is None]:
        return unknown(f"no line tells of {', '.join(missing)}")
    seen = [line for line in deeds.values() if line is not None]
    if seen != sorted(seen, key=lambda line: line.t):
        facts = (fact(line, name) for name, line in zip(deeds, seen, strict=True))
        return unknown("they were done in another order", *facts)
    between_them = seconds(seen[2].t - seen[1].t)
    return passed("in order", fact(seen[-1], f"lost {between_them} after it was saved, then restored"))


def other_claims(_system: System, _profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Every claim that was deleted has a successor of its name with another uid."""
    deleted, new = deed(subject, "volumes deleted", lines), deed(subject, "volumes new", lines)
    if deleted is None or new is None:
        return unknown("no markers say which claims were deleted, and which came")
    before, after = claims_of(deleted), claims_of(new)
    if not before or before.keys() != after.keys() or set(before.values()) & set(after.values()):
        return unknown("the claims are not new ones", fact(deleted, f"before: {before}"), fact(new, f"after: {after}"))
    return passed("others", fact(new, ", ".join(f"{name} was {before[name]}, is {uid}" for name, uid in after.items())))


def lost(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """The control: on the new volumes, before the restore, somebody looked for the data and it was not there."""
    promise = profile.backup(subject)
    write, read = halves(profile, promise)
    new = deed(subject, "volumes new", lines)
    begun, restore = (
        (deed(job, "job started", lines) for job in (promise.backup, promise.restore)) if promise else (None, None)
    )
    if write is None or read is None or new is None or begun is None or restore is None:
        return unknown("no markers say when the data must have been gone")
    _, saved = walked(system, write, between(write, 0.0, begun.t, lines), {})
    control = between(read, new.t, restore.t, lines)
    seen = [(step, line) for step in followed(system, read, control, saved) for line in step.lines]
    asked = [line for _, line in seen]
    blind = [line for line in control if line not in asked] + [line for at, line in seen if not tells(at.step, line)]
    if not asked or blind:
        facts = (fact(line, f"answered {line.get('status') or line.get('error')}") for line in blind)
        return unknown("nobody could look", *facts)
    gone = [line for at, line in seen if is_gone(at, line)]
    if not gone:
        return unknown("it was not gone", *(fact(line, f"answered {line.get('status')}") for line in asked))
    return passed("lost", fact(gone[0], f"on new volumes, before the restore: {gone[0].get('status')}"))


def all_replaced(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Nobody was left who could have kept in memory what was not in the backup."""
    promise = profile.backup(subject)
    _, read = halves(profile, promise)
    new = deed(subject, "volumes new", lines)
    if read is None or new is None:
        return unknown("no marker says that the volumes are new")
    return replaced(
        system, subject, deed(subject, "volumes deleted", lines), between(read, new.t, float("inf"), lines), lines
    )


BACKUP_RESTORE = Check(
    name="persistence.backup-restore",
    law="what was written before a backup is read again when it is restored after a loss",
    needs="the right to delete claims and make Jobs",
    phase=Phase.REPLACE_A_POD,
    subjects=lambda _, profile: (Subject(kept.workload, f"backup:{kept.workload}") for kept in profile.backups),
    observer="backups.observe_backup",
    reads=("marker", "job", "step", "pod"),
    judge=judge_backup,
    premises=(
        Premise("what is read had been written before the backup", write_held, of_failure=True),
        Premise("it was saved, then lost, then restored", in_order),
        Premise("the volumes were new ones", other_claims),
        Premise("the data was gone before the restore", lost),
        Premise("every pod had been replaced before it was looked for", all_replaced),
    ),
    lasting=True,
)

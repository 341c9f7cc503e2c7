"""persistence.backup-restore on histories: written, backed up, lost for certain, restored, and read again."""

from typing import Any

from kubeproof.checks.backups import BACKUP_RESTORE
from tests.helpers.histories import (
    MISSED,
    TRANSPORT,
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    marker,
    plus,
    step,
    until,
    without,
)


def job(t: float, source: str, ended: str = "complete", words: str = "done", **fields: Any) -> Moment:
    return t, "job", {"source": source, "ended": ended, "says": words, "seconds": 4.0, **fields}


def backup() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "job started", at="save"),
        job(6, "save"),
        marker(7, "volumes deleted", claims=[{"name": "data-ledger-0", "uid": "v"}]),
        marker(15, "volumes new", claims=[{"name": "data-ledger-0", "uid": "w"}]),
        step(16, "read", 0, "GET", 404, {"title": "no such thing"}),
        marker(17, "job started", at="bring-back"),
        job(21, "bring-back"),
        step(22, "read", 0, "GET", 200, kept),
    ]


HISTORIES = {"backup:ledger": backup}
judged = judging(HISTORIES)

BROKEN = {
    "not in the backup": (
        BACKUP_RESTORE,
        changed("step", {"status": 200}, status=404, body=None),
        "answered 404, should be 200",
    ),
    "another thing in the backup": (
        BACKUP_RESTORE,
        changed("step", {"status": 200}, body={"id": 3, "name": "old"}),
        "contain",
    ),
    "no backup": (
        BACKUP_RESTORE,
        both(until(2), plus(job(6, "save", "failed", "pg_dump: no such database"))),
        "the backup failed: pg_dump: no such database",
    ),
    "no way to back up": (
        BACKUP_RESTORE,
        both(until(2), plus(job(6, "save", "absent", "there is no CronJob save"))),
        "there is no CronJob save",
    ),
    "backup without end": (BACKUP_RESTORE, both(until(2), plus(job(62, "save", "late"))), "did not end within 60.0 s"),
    "no restore": (
        BACKUP_RESTORE,
        changed("job", {"source": "bring-back"}, ended="failed", says="damaged"),
        "restore failed",
    ),
}
MISSING = {
    "backup never begun": (BACKUP_RESTORE, without("marker", at="save"), "no marker says that a backup was made"),
    "backup's end not seen": (BACKUP_RESTORE, without("job", source="save"), "how the backup ended was not seen"),
    "restore's end not seen": (
        BACKUP_RESTORE,
        without("job", source="bring-back"),
        "how the restore ended was not seen",
    ),
    "an end that says nothing": (BACKUP_RESTORE, changed("job", {"source": "save"}, ended=None), "is not said"),
    "nothing to back up": (
        BACKUP_RESTORE,
        changed("step", {"journey": "write"}, status=500),
        "'write' did not hold",
    ),
    "written after the backup began": (
        BACKUP_RESTORE,
        both(without("step", journey="write"), plus(step(3, "write", 0, "POST", 201, {"id": 3}))),
        "'write' did not hold",
    ),
    "not read after the restore": (BACKUP_RESTORE, until(21), "was not seen"),
    "volumes not deleted": (BACKUP_RESTORE, without("marker", says="volumes deleted"), "no markers"),
    "volumes not new": (BACKUP_RESTORE, without("marker", says="volumes new"), "no markers"),
    "restore never begun": (BACKUP_RESTORE, without("marker", at="bring-back"), "no markers"),
    "the same volume": (
        BACKUP_RESTORE,
        changed("marker", {"says": "volumes new"}, claims=[{"name": "data-ledger-0", "uid": "v"}]),
        "no volume was seen replaced",
    ),
    "no volume at all": (
        BACKUP_RESTORE,
        changed("marker", {"says": "volumes deleted"}, claims=[]),
        "no volume was seen",
    ),
    "volumes unsaid": (BACKUP_RESTORE, changed("marker", {"says": "volumes new"}, claims="w"), "no volume was seen"),
    "never lost": (
        BACKUP_RESTORE,
        changed("step", {"status": 404}, status=200, body={"id": 3, "name": "kept"}),
        "the data was never lost",
    ),
    "nobody looked": (BACKUP_RESTORE, without("step", status=404), "nobody could look"),
    "no answer before the restore": (
        BACKUP_RESTORE,
        changed("step", {"status": 404}, status=None, error=TRANSPORT),
        "nobody could look",
    ),
    # The service was there and its database was not: nothing was told of the data.
    "only an error before the restore": (
        BACKUP_RESTORE,
        changed("step", {"status": 404}, status=503),
        "nobody could look",
    ),
    "not observed before the restore": (
        BACKUP_RESTORE,
        changed("step", {"status": 404}, error=MISSED),
        "nobody could look",
    ),
}
WORST_WINS = {
    "not in the backup, and no control": (
        BACKUP_RESTORE,
        both(without("step", status=404), changed("step", {"status": 200}, status=404)),
    ),
    "no restore, and nobody read": (BACKUP_RESTORE, both(until(17), plus(job(21, "bring-back", "failed")))),
}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))

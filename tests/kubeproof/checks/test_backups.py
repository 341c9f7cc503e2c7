"""persistence.backup-restore on histories: written, backed up, lost for certain, restored, and read again."""

from functools import partial
from typing import Any

import pytest

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
    moved,
    plus,
    pod,
    step,
    until,
    without,
)


def job(t: float, source: str, ended: str = "complete", words: str = "done", **fields: Any) -> Moment:
    return t, "job", {"source": source, "ended": ended, "says": words, "seconds": 4.0, **fields}


CLAIMS = [{"name": "data-ledger-0", "uid": "v"}]
FOUND = "http://shop:80/things/3"


def ledger(t: float, uid: str, **fields: Any) -> Moment:
    return pod(t, uid, "ledger", name="ledger-0", **fields)


def backup() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        ledger(0, "l"),
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "job started", at="save"),
        job(6, "save"),
        marker(7, "volumes deleted", at="ledger", uids=["l"], claims=CLAIMS),
        ledger(8, "l", deleted=True),
        ledger(9, "l", deleted=True, gone=True),
        ledger(10, "m", ready=False),
        ledger(14, "m"),
        marker(15, "volumes new", at="ledger", claims=[{"name": "data-ledger-0", "uid": "w"}]),
        step(16, "read", 0, "GET", 404, {"title": "no such thing"}, url=FOUND),
        marker(17, "job started", at="bring-back"),
        job(21, "bring-back"),
        step(22, "read", 0, "GET", 200, kept, url=FOUND),
    ]


HISTORIES = {"backup:ledger": backup}
judged = judging(HISTORIES)
control_as = partial(changed, "step", {"status": 404})

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
    "slower than promised": (BACKUP_RESTORE, changed("job", {"source": "save"}, seconds=61.0), "within 60.0 s"),
    "a second end": (BACKUP_RESTORE, plus(job(20, "bring-back", "failed", "damaged")), "the restore failed: damaged"),
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
    "refused after the restore": (BACKUP_RESTORE, changed("step", {"status": 200}, status=403), "look: answered 403"),
    "silent after the restore": (
        BACKUP_RESTORE,
        changed("step", {"status": 200}, status=None, error=TRANSPORT),
        f"nobody could look: {TRANSPORT}",
    ),
    "read only before the restore's end": (BACKUP_RESTORE, moved(23, "job", source="bring-back"), "was not seen"),
    "an end without its time": (BACKUP_RESTORE, changed("job", {"source": "save"}, seconds=None), "is not said"),
    "volumes not deleted": (BACKUP_RESTORE, without("marker", says="volumes deleted"), "no markers"),
    "volumes not new": (BACKUP_RESTORE, without("marker", says="volumes new"), "no markers"),
    "restore never begun": (BACKUP_RESTORE, without("marker", at="bring-back"), "no markers"),
    "the same volume": (
        BACKUP_RESTORE,
        changed("marker", {"says": "volumes new"}, claims=CLAIMS),
        "the volumes were new ones: the claims are not new ones",
    ),
    "another claim": (
        BACKUP_RESTORE,
        changed("marker", {"says": "volumes new"}, claims=[{"name": "data-ledger-1", "uid": "w"}]),
        "the claims are not new ones",
    ),
    "volumes of another workload": (
        BACKUP_RESTORE,
        changed("marker", {"at": "ledger"}, at="shop"),
        "no markers",
    ),
    "no volume at all": (
        BACKUP_RESTORE,
        changed("marker", {"says": "volumes deleted"}, claims=[]),
        "the claims are not new ones",
    ),
    "volumes unsaid": (BACKUP_RESTORE, changed("marker", {"says": "volumes new"}, claims="w"), "are not new ones"),
    "lost before it was saved": (BACKUP_RESTORE, moved(3, "marker", says="volumes deleted"), "in another order"),
    "saved again after the loss": (BACKUP_RESTORE, plus(job(16.5, "save")), "in another order"),
    "restored before it was lost": (BACKUP_RESTORE, moved(14.5, "marker", at="bring-back"), "in another order"),
    "the same pod": (
        BACKUP_RESTORE,
        both(without("pod", deleted=True), changed("pod", {"uid": "m"}, uid="l")),
        "every pod had been replaced before it was looked for: when it was read, ledger-0 was still there",
    ),
    "no pods": (BACKUP_RESTORE, without("pod"), "are not those that were seen"),
    "another pod": (BACKUP_RESTORE, plus(ledger(18, "m", gone=True), ledger(20, "n")), "0 of 1 were Ready"),
    "never lost": (
        BACKUP_RESTORE,
        control_as(status=200, body={"id": 3, "name": "kept"}),
        "the data was gone before the restore: it was not gone",
    ),
    # Somebody's page, and nobody's thing: whether the thing was there is not said.
    "another thing before the restore": (
        BACKUP_RESTORE,
        control_as(status=200, body={"page": "login"}),
        "was not gone",
    ),
    "another thing was looked for": (BACKUP_RESTORE, control_as(url="http://shop:80/things/4"), "nobody could look"),
    "nobody looked": (BACKUP_RESTORE, without("step", status=404), "nobody could look"),
    "looked too early": (BACKUP_RESTORE, control_as(seconds=1.5), "nobody could look"),
    "no answer before the restore": (BACKUP_RESTORE, control_as(status=None, error=TRANSPORT), "nobody could look"),
    # The service was there and its database was not, or nobody was let in: nothing was told of the data.
    **{
        f"{status} before the restore": (BACKUP_RESTORE, control_as(status=status, body=None), "nobody could look")
        for status in (301, 401, 403, 429, 500, 503)
    },
    "not observed before the restore": (BACKUP_RESTORE, control_as(error=MISSED), "nobody could look"),
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


@pytest.mark.parametrize(("status", "body"), [(404, None), (410, None), (200, None), (200, {}), (200, [])])
def test_lost_is_what_is_not_there_or_empty(status, body):
    verdict = judged(BACKUP_RESTORE, control_as(status=status, body=body))
    assert verdict.passed, verdict.report()

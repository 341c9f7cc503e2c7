"""Worlds in which data was lost, or was never in danger: a pod with its volume replaced, a backup restored."""

from tests.forged.edits import dropped, later, lines, of, rewritten
from tests.forged.world import EITHER, UNKNOWN, World
from tests.helpers.histories import plus, pod

RESTART, BACKUP = "restart:ledger", "backup:ledger"
POD_DELETE, RESTORED = "persistence.pod-delete", "persistence.backup-restore"
GONE = lines("step", since="volumes new", journey="read", status=404)

WORLDS = {
    **{
        f"{status} taken for lost": World(
            RESTORED, of(BACKUP, rewritten(GONE, status=status)), "not shown that the data was gone", UNKNOWN
        )
        for status in (200, 204, 301, 401, 403, 429, 500)
    },
    "the volumes that were there before": World(
        RESTORED,
        of(BACKUP, rewritten(lines("marker", says="volumes new"), claims=[{"name": "data-ledger-0", "uid": "v"}])),
        "",
        UNKNOWN,
    ),
    "a backup from before there was anything to save": World(
        RESTORED, of(BACKUP, later(lines("step", journey="write"), 5.5)), "", UNKNOWN
    ),
    "a backup that ended before it began": World(
        RESTORED, of(BACKUP, later(lines("job", source="save"), -4.5)), "", UNKNOWN
    ),
    "a restore from before the volumes were lost": World(
        RESTORED,
        of(
            BACKUP,
            later(lines("marker", says="job started", at="bring-back"), -11.0),
            later(lines("job", source="bring-back"), -14.5),
        ),
        "",
        EITHER,
    ),
    "read from somewhere else than it was written to": World(
        RESTORED, of(BACKUP, rewritten(lines("step", journey="read"), url="http://elsewhere/things/3")), "", EITHER
    ),
    "a pod with a new volume": World(
        POD_DELETE,
        of(RESTART, rewritten(lines("marker", says="pod back"), claims=[{"name": "data-ledger-0", "uid": "other"}])),
        "",
        UNKNOWN,
    ),
    "read by a pod that survived": World(
        POD_DELETE, of(RESTART, plus(pod(0, "s", "ledger"), pod(9.5, "s", "ledger"))), "", UNKNOWN
    ),
    "read before the pod was back": World(
        POD_DELETE, of(RESTART, later(lines("step", journey="read"), -5.0)), "", UNKNOWN
    ),
    "back, and gone when it was read": World(
        POD_DELETE, of(RESTART, plus(pod(10.5, "m", "ledger", deleted=True, gone=True, ready=False))), "", EITHER
    ),
    "the old pod never ended": World(POD_DELETE, of(RESTART, dropped(lines("pod", uid="l", gone=True))), "", UNKNOWN),
    "read of another thing than was written": World(
        POD_DELETE, of(RESTART, rewritten(lines("step", journey="read"), url="http://shop/things/1")), "", EITHER
    ),
}

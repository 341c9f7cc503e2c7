"""persistence.pod-delete on histories: what was written before the pod went is read after another came."""

from kubeproof.checks.persistence import POD_DELETE
from tests.helpers.histories import (
    History,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    marker,
    pod,
    step,
    without,
)


def restart() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        pod(0, "l", "ledger"),
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "pod deleted"),
        pod(2.1, "l", "ledger", deleted=True),
        pod(5, "l", "ledger", deleted=True, gone=True),
        pod(6, "m", "ledger", ready=False),
        pod(9, "m", "ledger"),
        marker(10, "pod back"),
        step(11, "read", 0, "GET", 200, kept),
    ]


HISTORIES = {"restart:ledger": restart}
judged = judging(HISTORIES)

BROKEN = {
    "lost what was written": (
        POD_DELETE,
        changed("step", {"journey": "read"}, status=404, body={"title": "no such thing"}),
        "answered 404, should be 200",
    ),
}
MISSING = {
    "never deleted": (POD_DELETE, without("marker", says="pod deleted"), "no markers"),
    "never back": (POD_DELETE, without("marker", says="pod back"), "no markers"),
    "nothing written": (POD_DELETE, changed("step", {"journey": "write"}, status=500), "'write' did not hold"),
    "write not seen": (POD_DELETE, without("step", journey="write"), "'write' did not hold"),
    "read not seen": (POD_DELETE, without("step", journey="read"), "was not seen"),
    "the same pod": (POD_DELETE, changed("pod", {"uid": "m"}, uid="l"), "no new one"),
}
WORST_WINS = {
    "lost, and the pod unseen": (
        POD_DELETE,
        both(changed("step", {"journey": "read"}, status=404), without("pod")),
    ),
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

"""persistence.pod-delete on histories: what was written before the pod went is read after another came."""

from functools import partial
from typing import Any

from kubeproof.checks.persistence import POD_DELETE
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
    without,
)

CLAIMS = [{"name": "data-ledger-0", "uid": "v"}]
OTHERS = [{"name": "data-ledger-0", "uid": "w"}]
FOUND = "http://shop:80/things/3"


def ledger(t: float, uid: str, name: str = "ledger-0", **fields: Any) -> Moment:
    return pod(t, uid, "ledger", name=name, **fields)


def restart() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        ledger(0, "l"),
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "pod deleted", at="ledger", uids=["l"], claims=CLAIMS),
        ledger(2.1, "l", deleted=True),
        ledger(5, "l", deleted=True, gone=True),
        ledger(6, "m", ready=False),
        ledger(9, "m"),
        marker(10, "pod back", at="ledger", claims=CLAIMS),
        step(11, "read", 0, "GET", 200, kept, url=FOUND),
        ledger(12, "m"),
    ]


HISTORIES = {"restart:ledger": restart}
judged = judging(HISTORIES)
read_as = partial(changed, "step", {"journey": "read"})

BROKEN = {
    "lost what was written": (
        POD_DELETE,
        read_as(status=404, body={"title": "no such thing"}),
        "answered 404, should be 200",
    ),
    "gone for good": (POD_DELETE, read_as(status=410, body=None), "answered 410, should be 200"),
    "empty": (POD_DELETE, read_as(body={}), "does not contain"),
    "another thing": (POD_DELETE, read_as(body={"id": 3, "name": "old"}), "does not contain"),
    "lost, and it was on no claim": (
        POD_DELETE,
        both(changed("marker", {}, claims=[]), read_as(status=404, body=None)),
        "answered 404",
    ),
    "lost with its claim": (
        POD_DELETE,
        both(changed("marker", {"says": "pod back"}, claims=OTHERS), read_as(status=404, body=None)),
        "answered 404",
    ),
}
MISSING = {
    "never deleted": (POD_DELETE, without("marker", says="pod deleted"), "no markers"),
    "never back": (POD_DELETE, without("marker", says="pod back"), "no markers"),
    "pods of another workload": (POD_DELETE, changed("marker", {}, at="shop"), "no markers"),
    "nothing written": (POD_DELETE, changed("step", {"journey": "write"}, status=500), "'write' did not hold"),
    "write not seen": (POD_DELETE, without("step", journey="write"), "'write' did not hold"),
    "written after the pod went": (POD_DELETE, moved(3, "step", journey="write"), "'write' did not hold"),
    # What was not written cannot be lost.
    "nothing written, nothing read": (
        POD_DELETE,
        both(changed("step", {"journey": "write"}, status=500), read_as(status=404, body=None)),
        "what is read had been written before: 'write' did not hold",
    ),
    "read not seen": (POD_DELETE, without("step", journey="read"), "was not seen"),
    "read before the pod was back": (POD_DELETE, moved(9.5, "step", journey="read"), "was not seen"),
    "begun before the pod was back": (POD_DELETE, read_as(seconds=1.5), "was not seen"),
    "another thing was read": (POD_DELETE, read_as(url="http://shop:80/things/2"), "was not seen"),
    **{
        f"nobody could look, {status}": (POD_DELETE, read_as(status=status, body=None), f"look: answered {status}")
        for status in (301, 401, 403, 429, 500, 503)
    },
    "nobody answered": (POD_DELETE, read_as(status=None, error=TRANSPORT), f"nobody could look: {TRANSPORT}"),
    "not observed": (POD_DELETE, read_as(status=None, error=MISSED), MISSED),
    "the same pod": (
        POD_DELETE,
        both(without("pod", deleted=True), changed("pod", {"uid": "m"}, uid="l")),
        "every pod had been replaced before it was read: when it was read, ledger-0 was still there",
    ),
    "a survivor": (POD_DELETE, plus(ledger(0, "k", "ledger-1")), "are not those that were seen"),
    "a survivor that was going": (
        POD_DELETE,
        plus(ledger(0, "k", "ledger-1", deleted=True)),
        "when it was read, ledger-1 was still there",
    ),
    "gone only afterwards": (
        POD_DELETE,
        both(without("pod", gone=True), plus(ledger(11.5, "l", deleted=True, gone=True))),
        "ledger-0 was still there",
    ),
    "one of two came back": (
        POD_DELETE,
        both(
            plus(ledger(0, "k", "ledger-1"), ledger(4, "k", "ledger-1", gone=True)),
            changed("marker", {"says": "pod deleted"}, uids=["k", "l"]),
        ),
        "1 of 2 were Ready in their places",
    ),
    "another in its place": (POD_DELETE, changed("pod", {"uid": "m"}, name="ledger-1"), "1 of 1 were Ready in their"),
    "the new one is not Ready": (POD_DELETE, changed("pod", {"uid": "m"}, ready=False), "0 of 1 were Ready"),
    "the new one went while it was read": (
        POD_DELETE,
        plus(ledger(10.995, "m", deleted=True)),
        "0 of 1 were Ready",
    ),
    "a marker of other pods": (POD_DELETE, changed("marker", {"says": "pod deleted"}, uids=["x"]), "not those that"),
    "a marker of no pods": (POD_DELETE, changed("marker", {"says": "pod deleted"}, uids=None), "not those that"),
    "no pods": (POD_DELETE, without("pod"), "not those that were seen"),
    "no claim": (POD_DELETE, changed("marker", {}, claims=[]), "no pod mounted a claim"),
    "claims unsaid": (POD_DELETE, changed("marker", {}, claims="v"), "no pod mounted a claim"),
    "another claim": (
        POD_DELETE,
        changed("marker", {"says": "pod back"}, claims=OTHERS),
        "the pods mounted the same claims before and after: the claims are others",
    ),
}
WORST_WINS = {
    "lost, and the pod unseen": (POD_DELETE, both(read_as(status=404), without("pod"))),
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

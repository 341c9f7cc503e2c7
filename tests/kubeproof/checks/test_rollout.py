"""rollout.no-loss and rollout.in-time on histories: every request of both senders, the pods that went, the window."""

from dataclasses import replace
from typing import Any

from kubeproof.checks.rollout import IN_TIME, NO_LOSS
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    TRANSPORT,
    Change,
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
    pod,
    without,
)
from tests.helpers.shop import PROFILE


def request(t: float, connection: str, **fields: Any) -> Moment:
    # The sender's clock is far from the run's: only differences on it mean anything.
    known = {"connection": connection, "intended": 1000.0 + t, "sent": 1000.0 + t, "seconds": 0.01}
    return t + 0.01, "request", {**known, "status": 200, "error": None, "phase": None, "pod": None, **fields}


def rollout() -> History:
    requests = [request(tick * 0.5, kind) for tick in range(60) for kind in ("new", "reused")]
    return sorted(
        [
            pod(0, "a"),
            pod(0, "b"),
            marker(2, "rollout started"),
            pod(6, "c"),
            pod(7, "a", deleted=True),
            pod(12, "d"),
            pod(13, "b", deleted=True),
            pod(24, "a", deleted=True, gone=True),
            pod(25, "b", deleted=True, gone=True),
            marker(25.5, "rollout done"),
            *requests,
            (31.0, "ledger.end", {"connection": "new", "sent": 60}),
            (31.0, "ledger.end", {"connection": "reused", "sent": 60}),
        ],
        key=lambda moment: moment[0],
    )


HISTORIES = {"rollout:shop": rollout}
judged = judging(HISTORIES)


def requests_of(sent: int, kept) -> Change:
    """The history with the requests whose intended time is `kept`, and ends that count so many."""
    return both(
        lambda history: [moment for moment in history if moment[1] != "request" or kept(moment[2]["intended"])],
        changed("ledger.end", {}, sent=sent),
    )


ONE_FAILED = changed("request", {"connection": "new", "intended": 1014.0}, status=503)

BROKEN = {
    "failed requests": (
        NO_LOSS,
        changed("request", {"connection": "reused", "intended": 1014.0}, error=TRANSPORT, status=None, phase="header"),
        "1 of 120 failed",
    ),
    "wrong answers": (NO_LOSS, changed("request", {"intended": 1014.0}, status=503), "2 of 120 failed"),
    "slow on one kind of connection": (
        IN_TIME,
        changed("request", {"connection": "reused", "intended": 1014.0}, seconds=1.2),
        "p99 1200 ms on reused connections, promised are 1000 ms",
    ),
    "waited for its turn": (
        IN_TIME,
        changed("request", {"connection": "new", "intended": 1014.0}, sent=1015.1),
        "p99 1110 ms on new connections, promised are 1000 ms",
    ),
    "failed, so never in time": (
        IN_TIME,
        ONE_FAILED,
        "p99 without an answer: status 503, should be 200 on new connections",
    ),
    "stuck": (
        NO_LOSS,
        both(without("marker", says="rollout done"), plus(marker(29, "rollout stuck"))),
        "never completed",
    ),
}
MISSING = {
    "no requests": (NO_LOSS, without("request"), "no request was seen"),
    "only new connections": (NO_LOSS, without("request", connection="reused"), "60 sent, 0 in the ledger"),
    "sender's count missing": (NO_LOSS, without("ledger.end", connection="new"), "own count is missing"),
    "a request missing": (
        NO_LOSS,
        without("request", intended=1014.0, connection="new"),
        "60 sent, 59 in the ledger",
    ),
    "too few": (
        NO_LOSS,
        requests_of(15, lambda intended: intended % 2 == 0),
        "14 requests since the rollout began, 20 are needed",
    ),
    "a hole in the request log": (
        NO_LOSS,
        requests_of(53, lambda intended: not 1010 < intended < 1014),
        "nothing was sent for 4.0 s",
    ),
    "ends before the rollout does": (
        NO_LOSS,
        requests_of(41, lambda intended: intended <= 1020),
        "does not cover the rollout",
    ),
    "not completed": (NO_LOSS, without("marker", says="rollout done"), "no markers say"),
    "in time, but not completed": (IN_TIME, without("marker", says="rollout done"), "no markers say"),
    "in time, but no start": (IN_TIME, without("marker", says="rollout started"), "since the rollout began"),
    "in time, but one has no time": (
        IN_TIME,
        changed("request", {"connection": "new", "intended": 1014.0}, seconds=None),
        "60 sent, 59 in the ledger",
    ),
    "in time, but lines are lost": (
        IN_TIME,
        without("request", connection="reused", intended=1014.0),
        "60 sent, 59 in the ledger",
    ),
    "nothing replaced": (NO_LOSS, both(without("pod", uid="c"), without("pod", uid="d")), "no new one"),
    "no pods gone": (NO_LOSS, changed("pod", {}, deleted=False, gone=False), "no old pod was seen going"),
    "an old pod stayed": (NO_LOSS, both(without("pod", uid="b"), plus(pod(0, "b"))), "not seen going"),
}
WORST_WINS = {
    "a request failed, the count missing": (
        NO_LOSS,
        both(changed("request", {"intended": 1014.0}, status=503), without("ledger.end")),
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


def test_failures_close_together_are_one_disruption_with_the_pods_that_were_going():
    change = changed("request", {"connection": "new"}, status=503)
    early = both(
        changed("request", {"connection": "new", "intended": 1014.0}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "new", "intended": 1014.5}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "reused", "intended": 1020.0}, status=502, pod="shop-b"),
    )
    assert judged(NO_LOSS, change).because == "60 of 120 failed"
    facts = [fact.message for fact in judged(NO_LOSS, early).evidence if fact.message[0].isdigit()][:2]
    going = "shop-a (deleted at 7.0 s), shop-b (deleted at 13.0 s)"
    assert facts == [
        f"14.0 s to 14.5 s   2 x {TRANSPORT} in dial (new)   {going}",
        "20.0 s to 20.0 s   1 x status 502, should be 200 (reused)   shop-b (deleted at 13.0 s)",
    ]


def test_what_the_profile_allows_to_fail_is_no_loss_and_one_more_is():
    allowed = replace(PROFILE, levels=(replace(PROFILE.levels[0], loss=1 / 120),))
    verdict = judged(NO_LOSS, ONE_FAILED, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.PASS, "1 of 120 failed, 0.83% are allowed")
    two = both(ONE_FAILED, changed("request", {"connection": "reused", "intended": 1015.0}, status=503))
    verdict = judged(NO_LOSS, two, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.FAIL, "2 of 120 failed, 0.83% are allowed")


def test_what_came_before_the_rollout_is_not_its_pace():
    (_, kind, fields) = request(1.0, "new", seconds=9.0)
    before = both(without("request", connection="new", intended=1001.0), plus((10.0, kind, fields)))
    assert judged(IN_TIME, before).passed


def test_without_a_level_nothing_is_promised_and_no_request_may_fail():
    bare = replace(PROFILE, levels=())
    assert judged(IN_TIME, profile=bare).outcome is Outcome.UNKNOWN
    assert judged(NO_LOSS, ONE_FAILED, profile=bare).because == "1 of 120 failed"


def test_a_new_pod_that_was_seen_before_the_marker_is_not_an_old_one():
    assert judged(NO_LOSS, plus(pod(1.9, "c", ready=False))).passed

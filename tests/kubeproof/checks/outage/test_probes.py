"""probes.* on histories of an outage: out of the Service and back with the database, and no restart."""

from dataclasses import replace

from kubeproof.checks.outage.probes import LIVENESS, READINESS
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    Change,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    endpoints,
    judging,
    moved,
    plus,
    pod,
    sample,
    until,
    without,
)
from tests.helpers.outages import event, outage, shop
from tests.helpers.shop import SYSTEM

HISTORIES = {"outage:ledger": outage}
judged = judging(HISTORIES)


def moved_back(t: float) -> Change:
    """The history in which both are back in the Service only then."""
    return both(
        moved(t, "endpoints", service="shop", ready=["shop-a", "shop-b"]), plus(endpoints(0, "shop-a", "shop-b"))
    )


KILLED = "Container shop failed liveness probe, will be restarted"
HUNG = 'Liveness probe failed: Get "http://10.0.0.1:7000/": context deadline exceeded'

BROKEN = {
    "stayed in the service": (READINESS, without("endpoints", service="shop", ready=[]), "still had ready endpoints"),
    "left late": (
        READINESS,
        both(without("endpoints", service="shop", ready=[]), plus(endpoints(20))),
        "left shop after 18.0 s, promised are 15.0 s",
    ),
    "back without it": (READINESS, plus(endpoints(20, "shop-a")), "came back to shop without"),
    "one never returned": (READINESS, both(until(35.5), plus((60.0, "gap", {}))), "not all 2 are back in shop 27.0 s"),
    "returned a quarter of an hour later": (
        READINESS,
        moved_back(936),
        "all 2 returned to shop 903.0 s after the database, promised are 10.0 s",
    ),
    "returned late": (
        READINESS,
        moved_back(46),
        "all 2 returned to shop 13.0 s after the database, promised are 10.0 s",
    ),
    "left again at the end": (
        READINESS,
        plus(endpoints(40, "shop-a")),
        "not all 2 stayed in shop after they were back",
    ),
    "left again, and came back once more": (
        READINESS,
        plus(endpoints(38), endpoints(40, "shop-a", "shop-b")),
        "not all 2 stayed in shop after they were back",
    ),
    "more are wanted than returned": (
        READINESS,
        plus(sample(20, "shop", 3, 0), (60.0, "gap", {})),
        "not all 3 are back in shop 27.0 s",
    ),
    "liveness restarts": (LIVENESS, plus(shop(20, "a", restarts=1)), "shop-a restarted"),
    "liveness restarts, told late": (LIVENESS, plus(shop(33, "a", restarts=1)), "shop-a restarted"),
    "killed at last, and still draining": (LIVENESS, plus(event(31, "a", "Killing", KILLED)), "failed liveness probe"),
    "the kubelet could not ask": (LIVENESS, plus(event(20, "b", "Unhealthy", HUNG)), "Pod/shop-b failed its liveness"),
}
MISSING = {
    "outage without stop": (READINESS, without("marker", says="database stopped"), "no markers say when"),
    "outage without start": (READINESS, without("marker", says="database started"), "started again"),
    "never in the service": (READINESS, changed("endpoints", {"service": "shop"}, ready=[]), "had no ready endpoint"),
    "outage too short to tell": (
        READINESS,
        both(without("endpoints", service="shop", ready=[]), without("marker", says="database started"), until(10)),
        "still had ready endpoints",
    ),
    "the database was not seen to be back": (READINESS, without("pod", uid="l"), "not seen that ledger was Ready"),
    # Whoever drains a node takes them out of the Service as well.
    "they were evicted": (
        READINESS,
        changed("pod", {"workload": "shop", "ready": False}, phase="Failed"),
        "not shown that its pods were the same throughout: shop-a was deleted or evicted meanwhile",
    ),
    "the database did not stop in time": (
        READINESS,
        both(without("marker", says="database away"), without("pod", uid="k", gone=True)),
        "not shown that the database was gone from start to end",
    ),
    "stayed, and the database was put back": (
        READINESS,
        both(without("endpoints", service="shop", ready=[]), plus(pod(14, "j", "ledger"))),
        "not shown that the database was gone from start to end: ledger-j was there",
    ),
    "the endpoints of the database were not seen": (
        LIVENESS,
        without("endpoints", service="ledger"),
        "the endpoints of ledger were not seen",
    ),
    "no restart, and the database was put back": (LIVENESS, plus(pod(14, "j", "ledger")), "ledger-j was there"),
    "short outage": (
        LIVENESS,
        lambda history: [(t - 20 if t >= 30 else t, k, d) for t, k, d in history if not 10 < t < 30],
        "a liveness probe needs 15.0 s",
    ),
    "no pods after": (LIVENESS, until(31), "were not seen after the outage"),
    "one pod not seen after": (LIVENESS, until(35.5), "1 of 2 pods of shop were not seen after"),
    "no pods before": (LIVENESS, lambda history: [one for one in history if one[0] > 0], "before the outage"),
    "liveness without start": (LIVENESS, without("marker", says="database started"), "started again"),
    "a new pod restarted unseen": (LIVENESS, plus(pod(20, "z", restarts=1)), "before it was first seen"),
    "a count of restarts is missing": (LIVENESS, changed("pod", {"uid": "a"}, restarts=None), "how often it restarted"),
    "the kubelet was not heard, and nobody watched on": (
        LIVENESS,
        without("event", uid="a"),
        "the kubelet was not heard of 1 of 2 pods of shop, and they were watched for 11.0 s after the outage:",
    ),
    "a pod was replaced": (
        LIVENESS,
        plus(shop(20, "a", deleted=True)),
        "its pods were the same throughout: shop-a was",
    ),
}
WORST_WINS = {
    "stayed, and no start": (
        READINESS,
        both(until(29), without("endpoints", service="shop", ready=[]), plus((29.0, "gap", {}))),
    ),
    "restarted, and no start": (LIVENESS, both(plus(shop(20, "a", restarts=1)), until(29))),
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


def test_a_workload_without_liveness_probe_cannot_be_judged_by_it():
    bare = replace(SYSTEM.workloads[0], containers=(replace(SYSTEM.workloads[0].containers[0], probes=()),))
    verdict = judged(LIVENESS, system=replace(SYSTEM, workloads=(bare, SYSTEM.workloads[1])))
    assert verdict.outcome is Outcome.UNKNOWN


def test_who_was_watched_until_a_kill_had_had_its_time_need_not_be_heard_of():
    verdict = judged(LIVENESS, both(without("event"), plus((66.0, "gap", {}))))
    assert verdict.passed, verdict.report()


def test_a_database_that_lingers_may_have_pods_leave_and_come_back_before_it_is_away():
    lingering = plus(endpoints(1.2, "shop-a"), endpoints(1.4), endpoints(1.6, "shop-a", "shop-b"))
    assert judged(READINESS, lingering).passed


def test_who_was_added_lately_is_given_its_time():
    assert judged(READINESS, plus(sample(0.2, "shop", 2, 2), sample(38, "shop", 3, 2))).passed


def test_who_leaves_because_fewer_are_wanted_has_not_left_again():
    fewer = plus(sample(0.2, "shop", 2, 2), sample(39, "shop", 1, 1), endpoints(40, "shop-a"))
    assert judged(READINESS, fewer).passed

"""deploy.ready on histories: available in time, with no restart, all pods seen."""

from kubeproof.checks.deploy import READY
from tests.helpers.histories import (
    History,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    marker,
    plus,
    pod,
    sample,
    until,
    without,
)


def deploy() -> History:
    return [
        marker(0, "applied"),
        sample(1, "shop", 2, 0),
        pod(2, "a", ready=False),
        pod(2, "b", ready=False),
        pod(3, "l", "ledger"),
        sample(4, "ledger", 1, 1),
        pod(5, "a"),
        pod(5, "b"),
        sample(6, "shop", 2, 2),
    ]


HISTORIES = {"deploy": deploy}
judged = judging(HISTORIES)

BROKEN = {
    "never ready": (READY, both(until(5), plus((61.0, "gap", {}))), "not available after 61.0 s"),
    "ready late": (READY, both(until(5), plus(sample(70, "shop", 2, 2))), "its deadline is 60 s"),
    "spec not observed": (
        READY,
        both(changed("workload", {"ready": 2}, observed=0), plus((61.0, "gap", {}))),
        "not available",
    ),
    "old pods left": (
        READY,
        both(changed("workload", {"ready": 2}, replicas=3), plus((61.0, "gap", {}))),
        "not available",
    ),
    "scaled to nothing": (READY, both(plus(sample(8, "shop", 0, 0)), plus((61.0, "gap", {}))), "not available"),
    "restarted": (READY, plus(pod(7, "a", restarts=2)), "shop-a restarted 2 times"),
    "no image": (
        READY,
        both(
            until(5),
            plus((5.0, "event", {"reason": "Failed", "object": "Pod/shop-a", "says": "Failed to pull image x"})),
        ),
        "Failed to pull image x",
    ),
}
MISSING = {
    "not applied": (READY, without("marker"), "applied"),
    "no pods": (READY, without("pod"), "no pod of shop"),
    "too few pods": (READY, without("pod", uid="b"), "1 of 2 pods"),
    "no samples": (READY, without("workload"), "never seen"),
    "watched too short": (READY, until(5), "watched for less than its 60 s"),
    "restarts unsaid": (READY, changed("pod", {"uid": "a"}, restarts=None), "does not say"),
}
WORST_WINS = {
    "restarted, and a pod unseen": (READY, both(without("pod", uid="b"), plus(pod(7, "a", restarts=1)))),
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

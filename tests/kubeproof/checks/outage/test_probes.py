"""probes.* on histories of an outage: out of the Service and back with the database, and no restart."""

from dataclasses import replace

from kubeproof.checks.outage.probes import LIVENESS, READINESS
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    endpoints,
    judging,
    plus,
    pod,
    sample,
    until,
    without,
)
from tests.helpers.outages import outage
from tests.helpers.shop import SYSTEM

HISTORIES = {"outage:ledger": outage}
judged = judging(HISTORIES)

BROKEN = {
    "stayed in the service": (READINESS, without("endpoints", ready=[]), "still had ready endpoints"),
    "left late": (
        READINESS,
        both(without("endpoints", ready=[]), plus(endpoints(20))),
        "left shop after 19.0 s, promised are 15.0 s",
    ),
    "back without it": (READINESS, plus(endpoints(20, "shop-a")), "came back to shop without"),
    "one never returned": (READINESS, both(until(35.5), plus((60.0, "gap", {}))), "not all 2 are back in shop 30.0 s"),
    "more are wanted than returned": (
        READINESS,
        plus(sample(20, "shop", 3, 0), (60.0, "gap", {})),
        "not all 3 are back in shop 30.0 s",
    ),
    "liveness restarts": (LIVENESS, plus(pod(20, "a", restarts=1)), "shop-a restarted"),
    "liveness restarts, told late": (LIVENESS, plus(pod(33, "a", restarts=1)), "shop-a restarted"),
}
MISSING = {
    "outage without stop": (READINESS, without("marker", says="database stopped"), "was stopped"),
    "outage without start": (READINESS, without("marker", says="database started"), "started again"),
    "never in the service": (READINESS, changed("endpoints", {}, ready=[]), "had no ready endpoint before"),
    "outage too short to tell": (
        READINESS,
        both(without("endpoints", ready=[]), without("marker", says="database started"), until(10)),
        "still had ready endpoints",
    ),
    "short outage": (
        LIVENESS,
        lambda history: [(t - 20 if t >= 30 else t, k, d) for t, k, d in history],
        "a liveness probe needs 15.0 s",
    ),
    "no pods after": (LIVENESS, until(31), "were not seen after the outage"),
    "one pod not seen after": (LIVENESS, until(35.5), "1 of 2 pods of shop were not seen after"),
    "no pods before": (LIVENESS, lambda history: history[3:], "before the outage"),
    "liveness without start": (LIVENESS, without("marker", says="database started"), "started again"),
    "a new pod restarted unseen": (LIVENESS, plus(pod(20, "z", restarts=1)), "before it was first seen"),
}
WORST_WINS = {
    "stayed, and no start": (READINESS, both(until(29), without("endpoints", ready=[]), plus((29.0, "gap", {})))),
    "restarted, and no start": (LIVENESS, both(plus(pod(20, "a", restarts=1)), until(29))),
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

"""scaling.up on histories: one replica more at a time, up to the target and never above the maximum, under a load."""

from dataclasses import replace
from typing import Any

from kubeproof.checks.scaling import UP
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    marker,
    only,
    plus,
    sample,
    until,
    without,
)
from tests.helpers.shop import SYSTEM


def autoscaler(t: float, desired: int, **fields: Any) -> Moment:
    known = {"name": "shop", "target": "shop", "current": desired, "desired": desired, "cpu": 90, "memory": None}
    return t, "autoscaler", {**known, **fields}


def load(t: float, requests: int, failures: int = 0) -> Moment:
    return t, "load", {"requests": requests, "failures": failures, "rps": 50.0, "users": 20}


def scaling() -> History:
    return [
        (0.0, "need", {"need": "metrics-api", "met": True, "says": "3 pods have metrics"}),
        autoscaler(0, 2),
        sample(0, "shop", 2, 2),
        marker(1, "load started"),
        load(10, 400),
        autoscaler(20, 3),
        sample(25, "shop", 3, 3),
        load(60, 3000, 3),
        autoscaler(81, 4),
        sample(90, "shop", 4, 4),
        marker(91, "load ended"),
    ]


HISTORIES = {"scaling:shop": scaling}
judged = judging(HISTORIES)

BROKEN = {
    "two at once": (
        UP,
        both(without("autoscaler", desired=3), plus(autoscaler(79, 2))),
        "from 2 to 4 replicas at once",
    ),
    "never reached": (
        UP,
        both(until(80), plus(*(autoscaler(t, 3) for t in range(90, 240, 15)), marker(250, "load ended"))),
        "never wanted 4 replicas, at most 3",
    ),
    "reached late": (
        UP,
        both(until(80), plus(autoscaler(250, 4), sample(260, "shop", 4, 4), marker(261, "load ended"))),
        "promised are 240.0 s",
    ),
    "above the maximum": (UP, plus(autoscaler(85, 5), autoscaler(86, 6)), "maximum is 5"),
    "wanted, never ready": (UP, both(until(81), plus(marker(250, "load ended"))), "never had 4 ready replicas"),
}
MISSING = {
    "no metrics": (
        UP,
        changed("need", {}, met=False, says="the metrics API answers 503"),
        "needs metrics-api: the metrics API answers 503",
    ),
    "no load marker": (UP, without("marker", says="load started"), "load started"),
    "no load": (UP, without("load"), "no load was seen"),
    "all of the load failed": (
        UP,
        both(without("load"), plus(load(60, 900, 900))),
        "every request of the load failed",
    ),
    "no samples of it": (UP, without("autoscaler"), "not seen before the load"),
    "there before": (UP, changed("autoscaler", {"desired": 2}, desired=4), "before the load"),
    "jump in the dark": (UP, without("autoscaler", desired=3), "with nothing seen for"),
    "load too short": (UP, until(80), "never wanted 4 replicas"),
}
WORST_WINS = {
    "above the maximum, no load": (UP, both(plus(autoscaler(82, 9)), without("load"))),
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


def test_no_autoscaler_is_a_fail_of_the_manifests():
    verdict = judged(UP, only(), system=replace(SYSTEM, autoscalers=()))
    assert (verdict.outcome, verdict.because) == (Outcome.FAIL, "no autoscaler targets it")


def test_judges_read_the_timeline_of_the_autoscaler_into_the_reason():
    assert judged(UP).because == "2 -> 3 at 19.0 s -> 4 at 80.0 s; 3,000 requests, 0.1% failed"

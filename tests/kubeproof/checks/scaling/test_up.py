"""scaling.up on histories: as many replicas at a time as its policy allows, up to the target, under a real load."""

from dataclasses import replace
from typing import Any

import pytest

from kubeproof.checks.scaling.up import UP
from kubeproof.manifests.objects import ScalingRule, ScalingRules
from kubeproof.profile.numbers import IntendedAutoscaler, IntendedScalingPolicy, IntendedWorkload
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
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
    only,
    plus,
    pod,
    sample,
    until,
    without,
)
from tests.helpers.shop import PROFILE, SYSTEM

# What a premise says when it is not met.
STOOD = "not shown that before the load the autoscaler stood below the target, and its metric below its own: "
OFFERED = "not shown that the load was offered and served during the whole growth: "
UNHURRIED = "not shown that the generator of the load was not short of CPU: "
FRESH = "not shown that the metrics of the autoscaler were fresh during the whole growth: "
CAUSED = "not shown that the metric of the law rose, and no other: "
ALONE = "not shown that the declared autoscaler alone sized the workload: "
STAFFED = "not shown that as many pods of the workload as were wanted became Ready: "


def autoscaler(t: float, desired: int, **fields: Any) -> Moment:
    known = {"name": "shop", "target": "shop", "current": desired, "desired": desired, "cpu": 90, "memory": 40}
    return t, "autoscaler", {**known, "gone": False, **fields}


def load(t: float, requests: int, failures: int = 0, **fields: Any) -> Moment:
    return t, "load", {"requests": requests, "failures": failures, "users": 20, "cpu": 40.0, **fields}


def metrics(t: float, *pods: str, oldest: float | None = 14.0) -> Moment:
    named = [f"shop-{uid}" for uid in pods]
    return t, "metrics", {"workload": "shop", "pods": named, "oldest": oldest, "error": None}


def offered(begin: int, end: int) -> History:
    """Fifty requests a second, told every fourth."""
    return [load(t, 50 * t, t // 10) for t in range(begin, end, 4)]


def measured(begin: int, end: int) -> History:
    return [metrics(t, *("ab" if t < 40 else "abc")) for t in range(begin, end, 15)]


def scaling() -> History:
    return sorted(
        [
            (0.0, "need", {"need": "metrics-api", "met": True, "says": "3 pods have metrics"}),
            autoscaler(0, 2, cpu=20),
            sample(0, "shop", 2, 2),
            pod(0, "a"),
            pod(0, "b"),
            marker(1, "load started", at="shop"),
            sample(19.9, "shop", 3, 2),
            autoscaler(20, 3, current=2),
            pod(24, "c"),
            sample(25, "shop", 3, 3),
            autoscaler(35, 3),
            sample(80.9, "shop", 4, 3),
            autoscaler(81, 4, current=3),
            pod(89, "d"),
            sample(90, "shop", 4, 4),
            marker(91, "load ended", at="shop"),
            *offered(0, 94),
            *measured(0, 94),
        ],
        key=lambda moment: moment[0],
    )


def lasting(end: int) -> Change:
    """The same load, and the same metrics, until later."""
    return both(
        without("load"),
        without("metrics"),
        without("marker", says="load ended"),
        plus(*offered(0, end), *measured(0, end), marker(end, "load ended", at="shop")),
    )


def after(begin: float, change: Change) -> Change:
    """A change of what comes after a moment."""
    return lambda history: [
        *(moment for moment in history if moment[0] <= begin),
        *change([moment for moment in history if moment[0] > begin]),
    ]


def silent(kind: str, begin: float, end: float) -> Change:
    """The history without lines of a kind between two moments."""
    return lambda history: [moment for moment in history if moment[1] != kind or not begin < moment[0] < end]


HISTORIES = {"scaling:shop": scaling}
judged = judging(HISTORIES)

NEVER_FOUR = both(without("autoscaler", desired=4), without("workload", desired=4), without("pod", uid="d"))
ALL_FAILED = both(without("load"), plus(*(load(t, 50 * t, max(50 * t - 1, 0)) for t in range(0, 94, 4))))
WITHIN_A_SECOND = both(
    without("autoscaler", desired=3),
    without("workload", desired=3),
    plus(sample(79.9, "shop", 3, 3), autoscaler(80, 3, current=2), sample(80.8, "shop", 3, 3), autoscaler(80.5, 3)),
)

BROKEN = {
    "two at once": (UP, without("autoscaler", desired=3), "from 2 to 4 replicas at once, 80.0 s into the load"),
    "two at once, asked of the workload": (
        UP,
        without("workload", desired=3),
        "from 2 to 4 replicas at once, 79.9 s into the load",
    ),
    "two steps within a second": (UP, WITHIN_A_SECOND, "from 2 to 4 replicas within 60.0 s"),
    "lost, and two at once": (
        UP,
        plus(autoscaler(60, 2), autoscaler(61, 4, current=2)),
        "from 2 to 4 replicas at once, 60.0 s into the load",
    ),
    "never reached": (UP, both(NEVER_FOUR, lasting(250)), "never wanted 4 replicas, at most 3"),
    "reached late": (
        UP,
        both(until(80), lasting(270), plus(autoscaler(250, 4, current=3), pod(259, "d"), sample(260, "shop", 4, 4))),
        "promised are 240.0 s",
    ),
    "wanted, and Ready late": (
        UP,
        both(until(82), lasting(270), plus(pod(259, "d"), sample(260, "shop", 4, 4))),
        "4 replicas wanted and ready 259.0 s into the load, promised are 240.0 s",
    ),
    "above the maximum": (UP, plus(autoscaler(85, 5), autoscaler(86, 6)), "maximum is 5"),
    "above the maximum, asked of the workload": (UP, plus(sample(85, "shop", 6, 4)), "maximum is 5"),
    "below the minimum": (UP, plus(autoscaler(10, 1), autoscaler(11, 2)), "minimum is 2"),
    "below the minimum, asked of the workload": (UP, plus(sample(10, "shop", 1, 1)), "minimum is 2"),
    "wanted, never ready": (UP, both(until(82), lasting(250)), "never had 4 ready replicas while it wanted as many"),
    "Ready before it was wanted, and no more then": (
        UP,
        both(until(80), lasting(250), plus(sample(40, "shop", 3, 4), sample(41, "shop", 3, 3), autoscaler(81, 4))),
        "never had 4 ready replicas",
    ),
    "the autoscaler was taken away": (
        UP,
        both(NEVER_FOUR, lasting(250), plus(autoscaler(50, 4, gone=True))),
        "never wanted 4 replicas, at most 3",
    ),
    "no metric that it could read": (
        UP,
        both(
            without("autoscaler"),
            without("workload"),
            without("pod", uid="c"),
            without("pod", uid="d"),
            lasting(250),
            plus(sample(0, "shop", 2, 2), autoscaler(0, 2, cpu=None, memory=None)),
        ),
        "never wanted 4 replicas, at most 2; it never read a metric",
    ),
}
MISSING = {
    "no metrics": (
        UP,
        changed("need", {}, met=False, says="the metrics API answers 503"),
        "needs metrics-api: the metrics API answers 503",
    ),
    "no load marker": (UP, without("marker", says="load started"), "no marker says that the load started"),
    "no samples of it": (UP, without("autoscaler"), STOOD + "it was not seen before the load"),
    "there before": (UP, changed("autoscaler", {"desired": 2}, desired=4), STOOD + "4 replicas wanted before"),
    "below its minimum before": (
        UP,
        both(
            until(1),
            changed("autoscaler", {}, desired=1),
            lasting(150),
            plus(
                *(autoscaler(60 * n - 40, n + 1, current=n) for n in (1, 2, 3)),
                *(sample(60 * n - 39, "shop", n + 1, n + 1) for n in (2, 3)),
                pod(81, "c"),
                pod(141, "d"),
            ),
        ),
        STOOD + "1 replicas wanted before the load",
    ),
    "hot before the load": (
        UP,
        changed("autoscaler", {"desired": 2}, cpu=71),
        STOOD + "2 replicas wanted before the load, cpu at 71%",
    ),
    "not read before the load": (UP, changed("autoscaler", {"desired": 2}, cpu=None), STOOD + "2 replicas wanted"),
    "load too short": (UP, until(80), "never wanted 4 replicas"),
    # The load.
    "no load": (UP, without("load"), OFFERED + "no load was seen"),
    "all requests but one failed": (UP, ALL_FAILED, OFFERED + "0."),
    "some more failed than promised": (
        UP,
        after(59, changed("load", {}, failures=12)),
        OFFERED + "49.3 requests a second served and 8 of 600 failed in 12.0 s, 59.0 s into the load",
    ),
    "one request": (UP, both(without("load"), plus(*(load(t, 1) for t in range(0, 94, 4)))), OFFERED + "0.0 requests"),
    "a load that paused for a window": (
        UP,
        both(
            without("load"),
            plus(*(load(t, 50 * t if t < 40 else 50 * 40 + 60 * max(t - 52, 0)) for t in range(0, 94, 4))),
        ),
        OFFERED + "16.7 requests a second served and 0 of 200 failed in 12.0 s, 47.0 s into the load",
    ),
    "load an hour after the growth": (
        UP,
        both(without("load"), plus(*(load(t, 50 * t) for t in range(3600, 3694, 4)))),
        OFFERED + "no load was seen",
    ),
    "a load that began late": (UP, silent("load", -1, 12), OFFERED + "nothing was told of it for 11.0 s, from 0.0 s"),
    "a load that ended early": (
        UP,
        silent("load", 70, 200),
        OFFERED + "nothing was told of it for 22.0 s, from 67.0 s",
    ),
    "a load that nobody saw meanwhile": (UP, silent("load", 31, 40), OFFERED + "nothing was told of it for 12.0 s"),
    "a generator that began anew": (
        UP,
        after(50, changed("load", {}, requests=10, failures=0)),
        OFFERED + "its counts are none, 51.0 s into the load",
    ),
    "counts that are none": (UP, changed("load", {"requests": 2000}, requests=None), OFFERED + "its counts are none"),
    "fewer users than promised": (
        UP,
        changed("load", {"requests": 2000}, users=19),
        OFFERED + "19 of 20 users asked, 39.0 s into the load",
    ),
    "one line of it": (UP, both(without("load"), plus(load(88, 4400))), OFFERED),
    "a generator without CPU": (
        UP,
        changed("load", {"requests": 2000}, cpu=99.0),
        UNHURRIED + "it used 99% of a CPU, 39.0 s into the load",
    ),
    "a generator that does not say": (UP, changed("load", {"requests": 2000}, cpu=None), UNHURRIED),
    # The metrics.
    "nobody tried the metrics API": (UP, without("need"), FRESH + "the metrics API was not tried"),
    "metrics that nobody asked for": (UP, without("metrics"), FRESH + "no sample was seen for 89.0 s, from 0.0 s"),
    "metrics of a minute and a half": (
        UP,
        changed("metrics", {}, oldest=90.0),
        FRESH + "the oldest sample was of 90.0 s before",
    ),
    "metrics that grew old": (
        UP,
        after(70, changed("metrics", {}, oldest=61.0)),
        FRESH + "the oldest sample was of 61.0 s before, 74.0 s into the load",
    ),
    "metrics of the future": (UP, changed("metrics", {}, oldest=-60.0), FRESH + "the oldest sample was of -60.0 s"),
    "metrics that failed": (
        UP,
        after(20, changed("metrics", {}, oldest=None, pods=[], error="503")),
        FRESH + "no sample was seen for 75.0 s, from 14.0 s into the load",
    ),
    "metrics of other pods": (
        UP,
        after(80, changed("metrics", {}, pods=["shop-a", "shop-c"])),
        FRESH + "there was no sample of shop-b, 89.0 s into the load",
    ),
    "metrics of another workload": (UP, changed("metrics", {}, workload="ledger"), FRESH + "no sample was seen"),
    # What made it grow.
    "another metric rose": (
        UP,
        changed("autoscaler", {"current": 2, "desired": 3}, cpu=20, memory=95),
        CAUSED + "cpu at 20%, memory at 95% as it grew, 19.0 s into the load",
    ),
    "another metric rose as well": (
        UP,
        changed("autoscaler", {"current": 3, "desired": 4}, memory=81),
        CAUSED + "cpu at 90%, memory at 81% as it grew, 80.0 s into the load",
    ),
    "the metric stayed at its target": (UP, changed("autoscaler", {"desired": 4}, cpu=70), CAUSED + "cpu at 70%"),
    "the metric was not read": (UP, changed("autoscaler", {"desired": 4}, cpu=None), CAUSED + "cpu not read"),
    "another metric was not read": (UP, changed("autoscaler", {"desired": 4}, memory=None), CAUSED),
    # Who made it grow.
    "another autoscaler": (UP, plus(autoscaler(30, 3, name="keda-shop")), ALONE + "keda-shop is another that targets"),
    "only another autoscaler": (UP, changed("autoscaler", {}, name="keda-shop"), ALONE + "keda-shop is another"),
    "an autoscaler that was taken away and came back": (
        UP,
        plus(autoscaler(40, 3, gone=True), autoscaler(41, 3)),
        ALONE + "shop was taken away",
    ),
    "somebody else sized it": (
        UP,
        changed("autoscaler", {"desired": 4}, current=4),
        ALONE + "4 were there when it wanted 4, 80.0 s into the load",
    ),
    "somebody else sized it meanwhile": (
        UP,
        plus(sample(40, "shop", 2, 2), sample(41, "shop", 3, 3)),
        ALONE + "it wanted 2 -> 3 -> 4, and 2 -> 3 -> 2 -> 3 -> 4 were asked of the workload",
    ),
    # Whose pods they are.
    "pods of another workload": (UP, changed("pod", {"uid": "d"}, workload="ledger"), STAFFED + "3 pods of shop"),
    "pods that were not Ready": (UP, changed("pod", {"uid": "d"}, ready=False), STAFFED + "3 pods of shop were Ready"),
    "pods that went": (UP, plus(pod(50, "a", deleted=True)), STAFFED + "3 pods of shop were Ready"),
    "no pods": (UP, without("pod"), STAFFED + "0 pods of shop were Ready"),
    # A growth that did not come, where nothing asked for it.
    "never reached, without a load": (UP, both(NEVER_FOUR, lasting(250), silent("load", 50, 999)), "never wanted 4"),
    "never reached, with old metrics": (
        UP,
        both(NEVER_FOUR, lasting(250), changed("metrics", {}, oldest=90.0)),
        FRESH + "the oldest sample was of 90.0 s before",
    ),
    "reached late, with a load that paused": (
        UP,
        both(
            until(80),
            lasting(270),
            silent("load", 100, 200),
            plus(autoscaler(250, 4, current=3), pod(259, "d"), sample(260, "shop", 4, 4)),
        ),
        OFFERED,
    ),
}
WORST_WINS = {
    "above the maximum, no load": (UP, both(plus(autoscaler(82, 9)), without("load"))),
    "two at once, no metrics": (UP, both(without("autoscaler", desired=3), without("metrics"))),
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
    assert judged(UP).because == "2 -> 3 at 19.0 s -> 4 at 80.0 s"


def test_each_premise_says_what_it_saw():
    assert [held.verdict.because for held in judged(UP).premises] == [
        "2 replicas wanted before the load, cpu at 20%",
        "at least 50 requests a second served in any 10.0 s",
        "it used 40% of a CPU at most",
        "the oldest sample was of 14 s before",
        "cpu was above 70%",
        "shop alone",
        "4 pods of shop were Ready",
    ]


def test_a_load_that_is_shorter_than_a_window_is_measured_as_a_whole():
    soon = both(until(9), plus(autoscaler(5, 3, current=2), sample(5, "shop", 3, 3), pod(5, "c")))
    three = replace(PROFILE, scales=(replace(PROFILE.scales[0], target=3),))
    verdict = judged(UP, soon, profile=three)
    assert verdict.passed, verdict.report()
    assert_unknown(judged(UP, both(soon, changed("load", {}, requests=1)), profile=three), OFFERED + "0.0 requests")


def with_policy(*rules: ScalingRule, select: str = "Max"):
    """The shop whose autoscaler has this way up."""
    (scaler,) = SYSTEM.autoscalers
    return replace(SYSTEM, autoscalers=(replace(scaler, up=ScalingRules(rules, 0.0, select)),))


TWICE_IN_15_S = ScalingRule("Percent", 100, 15.0)
FOUR_IN_15_S = ScalingRule("Pods", 4, 15.0)
ONE_IN_60_S = ScalingRule("Pods", 1, 60.0)


@pytest.mark.parametrize(
    ("rules", "select", "outcome"),
    [
        ([TWICE_IN_15_S, FOUR_IN_15_S], "Max", Outcome.PASS),
        ([TWICE_IN_15_S], "Max", Outcome.PASS),
        ([FOUR_IN_15_S, ONE_IN_60_S], "Max", Outcome.PASS),
        ([FOUR_IN_15_S, ONE_IN_60_S], "Min", Outcome.FAIL),
        ([ScalingRule("Percent", 50, 15.0)], "Max", Outcome.FAIL),
        ([FOUR_IN_15_S], "Disabled", Outcome.FAIL),
    ],
)
def test_where_the_profile_says_nothing_the_manifests_say_how_fast_it_may_grow(rules, select, outcome):
    two_at_once = both(
        without("autoscaler", desired=3), without("workload", desired=3), plus(sample(80.8, "shop", 2, 2))
    )
    verdict = judged(UP, two_at_once, system=with_policy(*rules, select=select))
    assert verdict.outcome is outcome, verdict.report()


def test_what_the_profile_says_of_its_way_up_is_the_law_whatever_the_manifests_say():
    intended = IntendedAutoscaler(2, 5, up=IntendedScalingPolicy(1, 120.0))
    slower = replace(PROFILE, workloads=(IntendedWorkload("shop", autoscaler=intended),))
    assert_broken(judged(UP, profile=slower), "from 2 to 4 replicas within 120.0 s, 79.9 s into the load")


@pytest.mark.parametrize(("apart", "outcome"), [(44.0, Outcome.FAIL), (46.0, Outcome.PASS)])
def test_a_period_has_the_slack_of_one_look_of_the_controller(apart, outcome):
    """One a minute: what is told early by one look, 15 s, is no step too soon."""
    late = both(
        without("autoscaler", current=2, desired=3),
        silent("workload", 19, 30),
        silent("autoscaler", 30, 40),
        plus(sample(81 - apart - 0.1, "shop", 3, 3), autoscaler(81 - apart, 3, current=2)),
    )
    verdict = judged(UP, late)
    assert verdict.outcome is outcome, verdict.report()

"""config.change-rolls on histories: what a workload reads was changed, and every pod of it was replaced."""

from kubeproof.checks.config import CHANGE_ROLLS
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


def config() -> History:
    return [
        pod(0, "a"),
        pod(0, "b"),
        sample(0, "shop", 2, 2),
        marker(1, "configuration changed", objects=["ConfigMap/prices"]),
        pod(2, "c", ready=False),
        pod(5, "c"),
        pod(6, "a", deleted=True),
        pod(7, "d", ready=False),
        pod(9, "d"),
        pod(10, "b", deleted=True),
        pod(12, "a", deleted=True, gone=True),
        pod(13, "b", deleted=True, gone=True),
        marker(40, "change over"),
    ]


HISTORIES = {"config": config}
judged = judging(HISTORIES)

BROKEN = {
    "all stayed": (
        CHANGE_ROLLS,
        lambda history: [moment for moment in history if moment[1] != "pod" or moment[0] == 0],
        "2 of 2 pods still run as before ConfigMap/prices changed, 39.0 s later",
    ),
    "one stayed": (CHANGE_ROLLS, without("pod", uid="b", deleted=True), "1 of 2 pods still run as before"),
}
MISSING = {
    "not changed": (CHANGE_ROLLS, without("marker", says="configuration changed"), "no markers say when"),
    "no end": (CHANGE_ROLLS, without("marker", says="change over"), "no markers say when"),
    "something else was changed": (
        CHANGE_ROLLS,
        changed("marker", {"says": "configuration changed"}, objects=["ConfigMap/hours"]),
        "nothing that shop reads was changed",
    ),
    "no pods before": (
        CHANGE_ROLLS,
        lambda history: [moment for moment in history if moment[1] != "pod" or moment[0] > 1],
        "no pod of shop was seen ready before the change",
    ),
    "waited too short": (
        CHANGE_ROLLS,
        both(until(1), plus(marker(20, "change over"))),
        "2 of 2 pods still run as before ConfigMap/prices changed, 19.0 s later",
    ),
    "one came": (CHANGE_ROLLS, without("pod", uid="d"), "1 of 2 pods were seen ready"),
    "one came, three are wanted": (CHANGE_ROLLS, plus(sample(3, "shop", 3, 3)), "2 of 3 pods were seen ready"),
}
WORST_WINS = {
    "one stayed, and none came": (
        CHANGE_ROLLS,
        both(without("pod", uid="b", deleted=True), without("pod", uid="c"), without("pod", uid="d")),
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

"""config.change-rolls on histories: what a workload reads was changed, and every pod of it was replaced."""

from dataclasses import replace
from typing import Any

import pytest

from kubeproof.checks.config import CHANGE_ROLLS
from kubeproof.manifests.containers import Reference
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
    plus,
    pod,
    sample,
    until,
    without,
)
from tests.helpers.shop import LEDGER, SHOP, SYSTEM


def old(t: float, uid: str, **fields: Any) -> Moment:
    return pod(t, uid, revision="r1", **fields)


def new(t: float, uid: str, **fields: Any) -> Moment:
    return pod(t, uid, revision="r2", **fields)


def config() -> History:
    return [
        old(0, "a"),
        old(0, "b"),
        sample(0, "shop", 2, 2),
        marker(1, "configuration changed", objects=["ConfigMap/prices"], uids=["a", "b"]),
        new(2, "c", ready=False),
        new(5, "c"),
        old(6, "a", deleted=True),
        new(7, "d", ready=False),
        new(9, "d"),
        old(10, "b", deleted=True),
        old(12, "a", deleted=True, gone=True),
        old(13, "b", deleted=True, gone=True),
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
SAME_PODS = "its pods were the same from the beginning until the change: "
COMPLETE = "as many new pods as are desired were Ready in the end: "
TEMPLATE = "the new pods were of another template than the old ones: "
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
        "not shown that they were watched for long enough: 2 of 2 pods still run as before ConfigMap/prices",
    ),
    "one was not Ready before": (
        CHANGE_ROLLS,
        changed("pod", {"uid": "b", "deleted": False}, ready=False),
        SAME_PODS + "shop-b was not a Ready pod when the configuration was changed",
    ),
    "one left just before": (
        CHANGE_ROLLS,
        plus(old(0, "x"), old(0.5, "x", deleted=True)),
        SAME_PODS + "shop-x was not a Ready pod",
    ),
    "other pods were meant": (
        CHANGE_ROLLS,
        changed("marker", {"says": "configuration changed"}, uids=["a"]),
        SAME_PODS + "shop-b was not a Ready pod",
    ),
    "one came": (CHANGE_ROLLS, without("pod", uid="d"), COMPLETE + "1 of 1 new pods are Ready in the end, 2"),
    "one came, three are wanted": (CHANGE_ROLLS, plus(sample(3, "shop", 3, 3)), COMPLETE + "2 of 2 new pods"),
    "nobody says how many": (CHANGE_ROLLS, without("workload"), "nobody said how many are desired"),
    "gone in the end": (
        CHANGE_ROLLS,
        plus(*(new(39, uid, deleted=True, gone=True, ready=False) for uid in "cd")),
        COMPLETE + "shop-c came and left",
    ),
    "not Ready in the end": (CHANGE_ROLLS, plus(new(39, "d", ready=False)), COMPLETE + "1 of 2 new pods are Ready"),
    "an old one is on its way out for ever": (
        CHANGE_ROLLS,
        without("pod", uid="b", gone=True),
        COMPLETE + "shop-b was not seen going",
    ),
    "the same template": (CHANGE_ROLLS, changed("pod", {}, revision="r1"), TEMPLATE + "shop-c is of revision r1"),
    "no revision": (CHANGE_ROLLS, changed("pod", {"uid": "d"}, revision=None), TEMPLATE + "no revision was seen"),
    "no new pod": (
        CHANGE_ROLLS,
        both(without("pod", uid="c"), without("pod", uid="d")),
        TEMPLATE + "no revision was seen of any pod",
    ),
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


READS_A_KEY = replace(
    SHOP,
    containers=(
        replace(SHOP.containers[0], references=(Reference("ConfigMap", "prices", "tax", "containers[0].env[0]"),)),
    ),
)


@pytest.mark.parametrize("change", [both(), BROKEN["all stayed"][1]], ids=["all replaced", "all stayed"])
def test_who_reads_a_key_that_stayed_as_it_was_shows_nothing_by_staying_or_going(change):
    system = replace(SYSTEM, workloads=(READS_A_KEY, LEDGER))
    verdict = judged(CHANGE_ROLLS, change, system=system)
    assert_unknown(verdict, "what was changed is something that its pods read: shop reads single keys")
    assert verdict.outcome is Outcome.UNKNOWN

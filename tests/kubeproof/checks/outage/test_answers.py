"""outage.answers on histories of an outage: both questions to each pod, in time, and served again."""

from kubeproof.checks.outage.answers import ANSWERS
from tests.helpers.histories import (
    Change,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    plus,
    pod,
    without,
)
from tests.helpers.outages import answer, asked, counted, cut_short, outage

HISTORIES = {"outage:ledger": outage}
judged = judging(HISTORIES)


def one_pod_unasked() -> Change:
    """Pod b was not asked for its answers while the database was away, and pod a the more."""

    def is_asked_of_b(moment):
        return moment[1] == "asked" and (moment[2]["question"], moment[2]["pod"]) == ("request", "shop-b")

    return both(
        lambda history: [moment for moment in history if not (is_asked_of_b(moment) and 1 < moment[0] < 30)],
        plus(*(answer(2 + tick * 0.1, "request", 503) for tick in range(200))),
        counted,
    )


BROKEN = {
    "liveness hangs": (
        ANSWERS,
        changed("asked", {"question": "liveness", "pod": "shop-a"}, seconds=0.3),
        "liveness p99 of 145 asks answered after 0.3 s, promised is 100 ms",
    ),
    "liveness not answered": (
        ANSWERS,
        plus(*(answer(t, "liveness", None, error="TimeoutError: timed out") for t in (10, 11, 12))),
        "not answered: TimeoutError",
    ),
    "liveness depends on it": (ANSWERS, plus(answer(20, "liveness", 503)), "liveness of shop-a answered 503 while"),
    "one pod hangs, the others are asked more often": (
        ANSWERS,
        both(
            one_pod_unasked(),
            plus(asked(20, "request", "b", None, 10.0, error="TimeoutError: timed out")),
            counted,
        ),
        "request of shop-b was never answered within 1000 ms",
    ),
    "callers hang": (
        ANSWERS,
        changed("asked", {"question": "request", "status": 503}, seconds=3.0),
        "answered after 3.0 s, promised is 1000 ms",
    ),
    "served again late": (
        ANSWERS,
        plus(answer(43.5, "request", 503), answer(44, "request", 200)),
        "shop-a served again 11.0 s after ledger was Ready, promised are 10.0 s",
    ),
}
MISSING = {
    "outage without marks": (ANSWERS, without("marker"), "no markers say"),
    "outage cut short": (ANSWERS, cut_short, "was away for 14.0 s, 20.0 s are promised"),
    "nobody asked": (ANSWERS, without("asked"), "0 are in the evidence"),
    "an answer lost": (ANSWERS, without("asked", question="liveness", pod="shop-a"), "are in the evidence"),
    "a pod asked one question only": (
        ANSWERS,
        both(without("asked", question="request", pod="shop-a"), counted),
        "1 of 2 pods of shop were not asked",
    ),
    "a pod not asked in time": (ANSWERS, one_pod_unasked(), "shop-b was not asked during the outage"),
    "a pod not asked": (ANSWERS, plus(pod(0.5, "c")), "1 of 3 pods of shop were not asked"),
    "no control": (
        ANSWERS,
        lambda history: [moment for moment in history if moment[1] != "asked" or moment[0] > 1],
        "2 of 2 pods did not answer before the outage either",
    ),
    "database never back": (ANSWERS, without("pod", uid="l"), "was not seen that ledger was Ready"),
}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)

"""outage.frozen and outage.black-holed on histories: the fault was there, it was this one, and the pods bore it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kubeproof.checks.outage.faults import BLACK_HOLED, FROZEN
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    endpoints,
    judging,
    only,
    plus,
    pod,
    sample,
    without,
)
from tests.helpers.outages import answer, counted, cut_short, event, fault, greeted, shop, slowed

HISTORIES = {"frozen:ledger": lambda: fault("silent"), "black-holed:ledger": lambda: fault("timeout")}
judged = judging(HISTORIES)

STAYED = without("endpoints", ready=[])
NEED = {"need": "node", "met": False, "says": "only the embedded cluster lets us at the node"}

BROKEN = {
    "liveness hangs with the database": (
        FROZEN,
        slowed(0.3, question="liveness", pod="shop-a"),
        "liveness p99 of 145 asks answered after 0.3 s, promised is 100 ms",
    ),
    "callers hang with the database": (
        BLACK_HOLED,
        slowed(3.0, question="request", status=503),
        "answered after 3.0 s, promised is 1000 ms",
    ),
    "stayed in the service of a hanging pod": (FROZEN, STAYED, "still had ready endpoints"),
    "left late without an answer": (
        BLACK_HOLED,
        both(STAYED, plus(endpoints(20))),
        "left shop after 18.8 s, promised are 15.0 s",
    ),
    "a caller is served by a database that hangs": (
        FROZEN,
        both(plus(answer(20, "request", 200)), counted),
        "request of shop-a was answered 200 without ledger, promised is 5xx",
    ),
    "restarted because the database hangs": (FROZEN, plus(shop(20, "a", restarts=1)), "shop-a restarted"),
    "served again late after it answered": (
        FROZEN,
        both(plus(answer(43.5, "request", 503), answer(44, "request", 200)), counted),
        "shop-a served again 13.4 s after ledger answered, promised are 10.0 s",
    ),
    **{
        f"{word}: more are wanted than returned": (
            check,
            plus(sample(20, "shop", 3, 0), (60.0, "gap", {})),
            "not all 3 are back in shop",
        )
        for word, check in (("frozen", FROZEN), ("black-holed", BLACK_HOLED))
    },
}
MISSING = {
    "fault without marks": (FROZEN, without("marker", says="database away"), "no markers say when the"),
    "fault without end": (BLACK_HOLED, without("marker", says="database started"), "no markers say"),
    "another address was greeted": (
        BLACK_HOLED,
        changed("greeted", {}, host="10.0.0.8"),
        "of ledger ledger-l at 10.0.0.9 was there before, and ledger-l at 10.0.0.8 was greeted",
    ),
    "not all of it was greeted": (
        FROZEN,
        plus(pod(0.5, "m", "ledger")),
        "ledger-m at 10.0.0.1 was there before, and ledger-l at 10.0.0.9 was greeted",
    ),
    "a greeting that did not wait": (
        FROZEN,
        changed("greeted", {"outcome": "silent"}, seconds=0.1),
        "gave up after 0.1 s",
    ),
    "nobody greeted": (FROZEN, without("greeted"), "ledger was never greeted"),
    "greeted by nobody before": (
        FROZEN,
        lambda history: [moment for moment in history if moment[1] != "greeted" or moment[0] > 1],
        "ledger-l did not answer a greeting before it was frozen either",
    ),
    "it answered meanwhile": (
        FROZEN,
        plus(greeted(20, "answered")),
        "ledger-l was to be frozen, and a greeting was answered",
    ),
    "another fault than it says": (
        FROZEN,
        plus(greeted(20, "refused", says="[Errno 111] Connection refused")),
        "and a greeting was refused: [Errno 111] Connection refused",
    ),
    "it took no calls": (FROZEN, changed("greeted", {"outcome": "silent"}, outcome="timeout"), "was timeout"),
    "it took calls": (BLACK_HOLED, changed("greeted", {"outcome": "timeout"}, outcome="silent"), "was silent"),
    "greeted too seldom": (
        BLACK_HOLED,
        lambda history: [moment for moment in history if moment[1] != "greeted" or not 9 < moment[0] < 18],
        "ledger-l was not greeted for 10.0 s while it was to be black-holed",
    ),
    "not greeted at all meanwhile": (
        FROZEN,
        without("greeted", outcome="silent"),
        "ledger-l was not greeted for 28.8 s",
    ),
    "no answer after": (
        FROZEN,
        lambda history: [moment for moment in history if moment[1] != "greeted" or moment[0] < 30],
        "did not answer a greeting after it was frozen",
    ),
    "the database restarted": (
        FROZEN,
        plus(pod(20, "l", "ledger", restarts=1)),
        "ledger-l restarted: it was not only frozen",
    ),
    "the database was replaced": (
        BLACK_HOLED,
        plus(pod(20, "l", "ledger", deleted=True)),
        "ledger-l was deleted meanwhile",
    ),
    "stayed, and the fault was not there": (
        FROZEN,
        both(STAYED, changed("greeted", {"outcome": "silent"}, outcome="answered")),
        "and a greeting was answered",
    ),
    "fault cut short": (FROZEN, cut_short, "was away for 13.8 s, 20.0 s are promised"),
}
for word, check in (("frozen", FROZEN), ("black-holed", BLACK_HOLED)):
    BROKEN[f"{word}: the kubelet kills for it"] = (
        check,
        plus(event(28, "a", "Killing", "Container shop failed liveness probe, will be restarted")),
        "Pod/shop-a failed its liveness probe while its database was away",
    )
    MISSING |= {
        f"{word}: a pod was evicted": (check, plus(shop(20, "a", phase="Failed")), "its pods were the same throughout"),
        f"{word}: a pod did not answer before": (
            check,
            both(lambda history: [moment for moment in history if moment[1] != "asked" or moment[0] > 1], counted),
            "not shown that every pod answered before",
        ),
        f"{word}: a pod was not asked": (check, plus(shop(0.5, "c")), "1 of 3 pods of shop were not asked"),
        f"{word}: nobody was asked for a while": (
            check,
            both(lambda history: [one for one in history if one[1] != "asked" or not 10 < one[0] < 13], counted),
            "liveness: shop-a was not asked for 3.2 s during the outage",
        ),
        f"{word}: an answer was lost": (check, without("asked", question="liveness", pod="shop-a"), "in the evidence"),
    }
WORST_WINS = {
    "restarted, and one not asked": (FROZEN, plus(shop(20, "a", restarts=1), shop(0.5, "c"))),
}
NOT_MADE = {check.name: (check, only((0.0, "need", NEED))) for check in (FROZEN, BLACK_HOLED)}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))


@cases(NOT_MADE)
def test_a_fault_that_nobody_could_make_is_skipped_and_says_what_it_needs(check, change):
    verdict = judged(check, change)
    assert (verdict.outcome, verdict.because) == (Outcome.SKIPPED, "only the embedded cluster lets us at the node")


def test_an_answer_from_before_the_fault_may_be_told_after_it_began():
    assert judged(FROZEN, plus(greeted(1.9, "answered"))).passed


@settings(max_examples=60, deadline=None)
@given(
    at=st.floats(min_value=2.4, max_value=30.0),
    outcome=st.sampled_from(["answered", "refused", "timeout", "unreachable", "not-observed"]),
)
def test_one_greeting_that_is_no_sign_of_the_fault_takes_every_verdict_away(at, outcome):
    # Even the verdict that something is broken: whose database answered was not asked to bear its silence.
    assert judged(FROZEN, both(STAYED, plus(greeted(at, outcome)))).outcome is Outcome.UNKNOWN


@settings(max_examples=60, deadline=None)
@given(lost=st.sets(st.sampled_from([moment[0] for moment in fault("timeout") if moment[1] == "greeted"]), min_size=4))
def test_greetings_that_are_lost_break_no_promise(lost):
    verdict = judged(
        BLACK_HOLED, lambda history: [moment for moment in history if moment[1] != "greeted" or moment[0] not in lost]
    )
    assert verdict.outcome is not Outcome.FAIL


def test_a_fault_borne_well_is_told_with_its_figures():
    assert judged(FROZEN).because == (
        "alive for 28.8 s; liveness p99 10 ms of 144 asks; request p99 10 ms of 144 asks;"
        " 138 requests were answered 503; all pods served 4.8 s after ledger answered; no restart;"
        " left shop after 10.8 s; all 2 returned to shop 5.4 s after it did"
    )

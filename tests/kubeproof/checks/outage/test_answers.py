"""outage.answers on histories of an outage: both questions to each pod, in time, and served again."""

from dataclasses import replace

from kubeproof.checks.outage.answers import ANSWERS
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    Change,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    moved,
    plus,
    pod,
    without,
)
from tests.helpers.outages import SENDER, answer, asked, counted, cut_short, ledger_endpoints, outage, shop, slowed
from tests.helpers.shop import PROFILE

HISTORIES = {"outage:ledger": outage}
judged = judging(HISTORIES)

NO_RESOLVER = "not observed: gaierror: [Errno -3] Temporary failure in name resolution"


def one_pod_unasked() -> Change:
    """Pod b was not asked for its answers while the database was away, and pod a the more."""

    def is_asked_of_b(moment):
        return moment[1] == "asked" and (moment[2]["question"], moment[2]["pod"]) == ("request", "shop-b")

    return both(
        lambda history: [moment for moment in history if not (is_asked_of_b(moment) and 1 < moment[0] < 30)],
        plus(*(answer(2 + tick * 0.1, "request", 503) for tick in range(200))),
        counted,
    )


def many_more(question: str, status: int) -> Change:
    """The others are asked so often that one pod is less than one in a hundred of all asks."""
    return both(plus(*(answer(2 + tick / 300, question, status) for tick in range(8000))), counted)


def sent_late(since: float, until: float, late: float) -> Change:
    """The history with a probe that was late in sending, and measured that as well."""

    def apply(history):
        return [
            (t, kind, {**data, "intended": data["sent"] - late, "seconds": data["seconds"] + late})
            if kind == "asked" and since < t < until
            else (t, kind, data)
            for t, kind, data in history
        ]

    return apply


BROKEN = {
    "liveness hangs": (
        ANSWERS,
        slowed(0.3, question="liveness", pod="shop-a"),
        "liveness p99 of 145 asks answered after 0.3 s, promised is 100 ms",
    ),
    "liveness not answered": (
        ANSWERS,
        both(plus(*(answer(t, "liveness", None, error="TimeoutError: timed out") for t in (10, 11, 12))), counted),
        "not answered: TimeoutError",
    ),
    "liveness depends on it": (
        ANSWERS,
        both(plus(answer(20, "liveness", 503)), counted),
        "liveness of shop-a answered 503 while",
    ),
    "one pod hangs, the others are asked more often": (
        ANSWERS,
        both(
            one_pod_unasked(),
            plus(asked(20, "request", "b", None, 10.0, error="TimeoutError: timed out")),
            counted,
        ),
        "request of shop-b: p99 of 1 asks not answered: TimeoutError",
    ),
    "one of many hangs most of the time": (
        ANSWERS,
        both(slowed(5.0, since=3, until=29, question="liveness", pod="shop-b"), many_more("liveness", 200)),
        "liveness of shop-b: p99 of 64 asks answered after 5.0 s",
    ),
    "callers hang": (
        ANSWERS,
        slowed(3.0, question="request", status=503),
        "answered after 3.0 s, promised is 1000 ms",
    ),
    "liveness depends on it, and the probe was late to hear so": (
        ANSWERS,
        both(plus(answer(20, "liveness", 503, sent=19.9 + SENDER, seconds=0.2)), counted),
        "liveness of shop-a answered 503 while",
    ),
    "it is served while the database is away": (
        ANSWERS,
        both(plus(answer(20, "request", 200)), counted),
        "request of shop-a was answered 200 without ledger, promised is 5xx",
    ),
    "it says that there is nothing, not that it cannot tell": (
        ANSWERS,
        changed("asked", {"question": "request", "status": 503}, status=404),
        "was answered 404 without ledger, promised is 5xx",
    ),
    "served again late": (
        ANSWERS,
        both(plus(answer(43.5, "request", 503), answer(44, "request", 200)), counted),
        "shop-a served again 11.0 s after ledger was Ready, promised are 10.0 s",
    ),
}
MISSING = {
    "outage without marks": (ANSWERS, without("marker"), "no markers say"),
    "outage cut short": (ANSWERS, cut_short, "was away for 13.0 s, 20.0 s are promised"),
    "nobody asked": (ANSWERS, without("asked"), "0 are in the evidence"),
    "an answer lost": (ANSWERS, without("asked", question="liveness", pod="shop-a"), "are in the evidence"),
    "an answer without its times": (ANSWERS, changed("asked", {"pod": "shop-a"}, sent=None), "are in the evidence"),
    "an answer that took less than no time": (
        ANSWERS,
        changed("asked", {"pod": "shop-a"}, seconds=-0.5),
        "are in the evidence",
    ),
    "a pod asked one question only": (
        ANSWERS,
        both(without("asked", question="request", pod="shop-a"), counted),
        "1 of 2 pods of shop were not asked",
    ),
    "a pod not asked in time": (ANSWERS, one_pod_unasked(), "shop-b was not asked during the outage"),
    "a pod not asked": (ANSWERS, plus(shop(0.5, "c")), "1 of 3 pods of shop were not asked"),
    "a pod not asked for a while": (
        ANSWERS,
        both(
            lambda history: [one for one in history if not (one[2].get("pod") == "shop-a" and 10 < one[0] < 13)],
            counted,
        ),
        "liveness: shop-a was not asked for 3.2 s during the outage",
    ),
    "asked at another place": (
        ANSWERS,
        changed("asked", {"pod": "shop-a", "question": "liveness"}, url="http://10.0.0.9:7000/"),
        "liveness of shop-a was asked of http://10.0.0.9:7000/",
    ),
    "another pod of the name was asked": (
        ANSWERS,
        changed("asked", {"pod": "shop-a", "question": "request"}, uid="z"),
        "pods of shop were not asked",
    ),
    "one answer is of another pod": (
        ANSWERS,
        both(plus(answer(20, "request", 503, uid="z")), counted),
        "shop-a was asked, and was no Ready pod of shop before",
    ),
    "a pod was replaced meanwhile": (
        ANSWERS,
        plus(shop(20, "a", ready=False, deleted=True)),
        "not shown that its pods were the same throughout: shop-a was deleted or evicted meanwhile",
    ),
    "a pod was evicted meanwhile": (ANSWERS, plus(shop(20, "a", phase="Failed")), "was deleted or evicted meanwhile"),
    "a pod got another address": (ANSWERS, plus(shop(20, "a", ip="10.0.0.7")), "became shop-a at 10.0.0.7 meanwhile"),
    "no control": (
        ANSWERS,
        both(lambda history: [moment for moment in history if moment[1] != "asked" or moment[0] > 1], counted),
        "not shown that every pod answered before: liveness: 2 of 2 pods did not answer before the outage either",
    ),
    "it was not served before": (
        ANSWERS,
        lambda history: [
            (t, kind, {**data, "status": 302} if kind == "asked" and t <= 1 and data["question"] == "request" else data)
            for t, kind, data in history
        ],
        "request: 2 of 2 pods did not answer before the outage either",
    ),
    "database never back": (ANSWERS, without("pod", uid="l"), "was not seen that ledger was Ready"),
    "the probe was late": (
        ANSWERS,
        sent_late(5, 8, 0.2),
        "liveness: shop-a was not asked for 3.6 s during the outage",
    ),
    "the probe was late now and then": (
        ANSWERS,
        both(*(sent_late(t, t + 0.3, 0.2) for t in (3, 6, 9, 12, 15, 18))),
        "times: the probe was late, or could not ask",
    ),
    "the probe had no resolver": (
        ANSWERS,
        changed("asked", {"question": "request", "status": 503}, status=None, error=NO_RESOLVER),
        "request: nothing was observed during the outage",
    ),
    # The database ignores SIGTERM: it was not waited for.
    "the database did not stop in time": (
        ANSWERS,
        both(without("marker", says="database away"), without("pod", uid="k", gone=True)),
        "not shown that the database was gone from start to end: no markers say",
    ),
    "the database lingered": (
        ANSWERS,
        moved(20, "pod", uid="k", gone=True),
        "not shown that the database was gone from start to end: ledger-k was there while ledger was to be away",
    ),
    # GitOps puts the replicas back.
    "the database was put back": (ANSWERS, plus(pod(14, "j", "ledger")), "ledger-j was there while ledger was to be"),
    "the database was put back before it was away": (
        ANSWERS,
        plus(pod(1.5, "j", "ledger", ready=False)),
        "ledger-j was there while ledger was to be away",
    ),
    "somebody else answered for the database": (
        ANSWERS,
        plus(ledger_endpoints(14, "ledger-j")),
        "ledger led to ledger-j while it was to lead to nobody",
    ),
    "its endpoints still served": (
        ANSWERS,
        changed("endpoints", {"service": "ledger"}, serving=["ledger-k"]),
        "led to",
    ),
    "its endpoints were not seen": (ANSWERS, without("endpoints"), "the endpoints of ledger were not seen"),
    "it was not there before": (
        ANSWERS,
        changed("pod", {"uid": "k"}, ready=False),
        "no pod of ledger was Ready before",
    ),
    "another pod of it was stopped than there was": (
        ANSWERS,
        changed("marker", {"says": "database stopped"}, uids=["x"]),
        "it was not said which pods of ledger would be stopped",
    ),
}
# Callers hang and are served, and the database was never gone: what they did was no answer to its loss.
NO_FAULT = {
    change: (ANSWERS, both(MISSING[change][1], slowed(3.0, question="request", status=503)))
    for change in ("the database did not stop in time", "the database was put back", "the database lingered")
}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(NO_FAULT)
def test_without_the_fault_a_failure_means_nothing_either(check, change):
    assert_unknown(judged(check, change), "not shown that the database was gone from start to end")


def test_the_profile_may_allow_another_status():
    [dependency] = PROFILE.dependencies
    allowing = replace(dependency, outages=tuple(replace(outage, statuses=(424,)) for outage in dependency.outages))
    profile = replace(PROFILE, dependencies=(allowing,))
    all_424 = changed("asked", {"question": "request", "status": 503}, status=424)
    assert judged(ANSWERS, all_424, profile=profile).passed
    assert_broken(judged(ANSWERS, profile=profile), "was answered 503 without ledger, promised is 424")


def test_what_was_asked_of_another_workload_in_the_same_outage_is_not_judged():
    other = {"pod": "till-a", "uid": "t", "url": "http://10.0.0.8:7000/"}
    slow = [(t, "asked", {**data, **other}) for t, _, data in (answer(t, "request", 200, seconds=5.0) for t in (8, 9))]
    assert judged(ANSWERS, both(plus(*slow), counted)).passed


def test_one_slow_answer_of_a_pod_is_no_share_of_its_answers():
    slow = answer(20, "liveness", 200, seconds=0.3)
    verdict = judged(ANSWERS, both(plus(slow), counted))
    assert verdict.passed, verdict.report()


def test_an_answer_that_ended_while_the_probe_was_held_up_was_not_observed():
    # Due before it and answered who knows when: it was read when the probe went on, 300 ms later.
    held_up = {"intended": 19.9 + SENDER, "sent": 20.2 + SENDER, "seconds": 0.31}
    late = answer(20.21, "liveness", 200, **held_up)
    read_late = [asked(20.22, "liveness", name, 200, seconds=0.35) for name in "ab"]
    assert judged(ANSWERS, both(plus(late, *read_late), counted)).outcome is Outcome.PASS
    assert_broken(judged(ANSWERS, both(plus(*read_late), counted)), "answered after 0.3 s")

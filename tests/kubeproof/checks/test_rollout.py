"""rollout.no-loss and rollout.in-time on histories: every request of both senders, the pods that went, the window."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kubeproof.checks.rollout import IN_TIME, NO_LOSS
from kubeproof.manifests.containers import Hook
from kubeproof.verdict import Outcome, Verdict
from tests.helpers.histories import (
    TRANSPORT,
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
    plus,
    pod,
    sample,
    without,
)
from tests.helpers.shop import LEDGER, PROFILE, SHOP, SYSTEM


def request(t: float, connection: str, **fields: Any) -> Moment:
    # The sender's clock is far from the run's: only differences on it mean anything.
    known = {"connection": connection, "to": None, "uid": None, "intended": 1000.0 + t, "sent": 1000.0 + t}
    return (
        t + 0.01,
        "request",
        {**known, "seconds": 0.01, "status": 200, "error": None, "phase": None, "pod": None, **fields},
    )


def held(t: float, uid: str, **fields: Any) -> Moment:
    return request(t, "held", to=f"shop-{uid}", uid=uid, pod=f"shop-{uid}", **fields)


def held_end(t: float, uid: str, **fields: Any) -> Moment:
    known = {"to": f"shop-{uid}", "uid": uid, "at": 1000.0 + t, "how": "told to close", "requests": 40}
    return t + 0.01, "held.end", {**known, "busy": [[1.0, 0.6], [0.55, 0.1], [0.09, 0.0]], **fields}


def ledger_end(t: float, connection: str, sent: int) -> Moment:
    return t, "ledger.end", {"connection": connection, "sent": sent}


def answering(t: float, connection: str) -> str:
    """Who answers then: the first of the old pods until the first new one is there, and so on."""
    pods = {"new": ((6.5, "a"), (99.0, "c")), "reused": ((13.0, "b"), (99.0, "d"))}[connection]
    return f"shop-{next(uid for until, uid in pods if t < until)}"


def old(t: float, uid: str, **fields: Any) -> Moment:
    return pod(t, uid, revision="r1", **fields)


def new(t: float, uid: str, **fields: Any) -> Moment:
    return pod(t, uid, revision="r2", **fields)


def rollout() -> History:
    requests = [
        request(tick * 0.5, kind, pod=answering(tick * 0.5, kind)) for tick in range(60) for kind in ("new", "reused")
    ]
    return sorted(
        [
            sample(0, "shop", 2, 2),
            old(0, "a"),
            old(0, "b"),
            *(held(1, uid) for uid in "aabb"),
            marker(2, "rollout started", at="shop", uids=["a", "b"]),
            new(6, "c"),
            old(7, "a", deleted=True),
            held_end(7.9, "a"),
            held_end(8, "a"),
            new(12, "d"),
            old(13, "b", deleted=True),
            held_end(13.9, "b"),
            held_end(14, "b"),
            old(24, "a", deleted=True, gone=True, ready=False),
            old(25, "b", deleted=True, gone=True, ready=False),
            marker(25.5, "rollout done", at="shop"),
            ledger_end(25.6, "held", 4),
            *(held(26, uid) for uid in "cd"),
            *(held_end(27, uid, how="stopped") for uid in "cd"),
            ledger_end(27.2, "held", 2),
            *requests,
            ledger_end(31.0, "new", 60),
            ledger_end(31.0, "reused", 60),
        ],
        key=lambda moment: moment[0],
    )


HISTORIES = {"rollout:shop": rollout}
judged = judging(HISTORIES)


def requests_of(sent: int, kept: Callable[[float], bool]) -> Change:
    """The history with the requests at a rate whose intended time is `kept`, and ends that count so many."""
    return both(
        lambda history: [
            moment
            for moment in history
            if moment[1] != "request" or moment[2]["connection"] == "held" or kept(moment[2]["intended"])
        ],
        *(changed("ledger.end", {"connection": kind}, sent=sent) for kind in ("new", "reused")),
    )


def took(seconds: float, t: float, connection: str, **fields: Any) -> Change:
    """One more request, which took so long: its line is written when it has ended."""
    (_, kind, known) = request(t, connection, seconds=seconds, **fields)
    return plus((t + seconds, kind, known))


ONE_FAILED = changed("request", {"connection": "new", "intended": 1014.0}, status=503)

NOT_RESOLVED = "not observed: gaierror: -3"


def until_done(*moments: Moment) -> Change:
    """The history with these as the last that is seen of pods."""
    return plus(*((28.0, kind, data) for _, kind, data in moments))


def cut(uid: str) -> Change:
    """A request that was under way at the end of a pod is cut."""
    return both(
        plus(held(8, uid, status=None, error=TRANSPORT, phase="header", seconds=0.001)),
        changed("held.end", {"uid": uid}, how="cut"),
        changed("ledger.end", {"connection": "held", "sent": 4}, sent=5),
    )


def without_names(history: History) -> History:
    """No answer says which pod gave it."""
    return changed("request", {}, pod=None)(history)


def late(*, since: float) -> Change:
    """Requests on new connections that were due from then on were sent 0.4 s later."""
    return lambda history: [
        (t, kind, {**data, "sent": data["intended"] + 0.4})
        if kind == "request" and data["connection"] == "new" and data["intended"] >= since
        else (t, kind, data)
        for t, kind, data in history
    ]


BROKEN = {
    "failed requests": (
        NO_LOSS,
        changed("request", {"connection": "reused", "intended": 1014.0}, error=TRANSPORT, status=None, phase="header"),
        "1 of 120 failed",
    ),
    "wrong answers": (NO_LOSS, changed("request", {"to": None, "intended": 1014.0}, status=503), "2 of 120 failed"),
    "a request that was under way was cut": (NO_LOSS, cut("a"), "1 of 120 failed"),
    "a pod answers another thing at its own address": (
        NO_LOSS,
        changed("request", {"uid": "d", "connection": "held"}, status=503),
        "1 of 120 failed",
    ),
    "slow on one kind of connection": (
        IN_TIME,
        changed("request", {"connection": "reused", "intended": 1014.0}, seconds=1.2),
        "p99 1200 ms on reused connections, promised are 1000 ms",
    ),
    "slow by one pod of many": (
        IN_TIME,
        both(
            # As many again, so that two of them are no longer one of a hundred.
            plus(*(request(10 + tick * 0.05, "new", pod="shop-c") for tick in range(300))),
            took(9.9, 10.02, "new", pod="shop-b"),
            took(9.9, 10.04, "new", pod="shop-b"),
            changed("ledger.end", {"connection": "new"}, sent=362),
        ),
        "shop-b answered 2 of 23 requests after more than 1000 ms",
    ),
    "failed, so never in time": (
        IN_TIME,
        ONE_FAILED,
        "p99 without an answer: status 503, should be 200 on new connections",
    ),
    "stuck": (
        NO_LOSS,
        both(without("marker", says="rollout done"), plus(marker(29, "rollout stuck"))),
        "never completed",
    ),
    "in time, and stuck": (
        IN_TIME,
        both(without("marker", says="rollout done"), plus(marker(29, "rollout stuck"))),
        "never completed",
    ),
}
REPLACED = "every old pod went, and as many others as are desired were Ready in the end: "
TEMPLATE = "the new pods were of another template than the old ones: "
ANSWERED = "old and new pods answered: "
NOBODY_ELSE = "nobody answered but pods of it that were there: "
LOGGED = "the log of requests is complete and covers the rollout: "
ALL_SENT = "nothing failed on the probe's own side: "
UNDER_WAY = "requests were under way when each old pod was told to end: "
# Without one of these, neither check says anything; in-time has one of each premise.
NEITHER = {
    "only new connections": (without("request", connection="reused"), LOGGED + "reused connections: 60 sent, 0 in"),
    "sender's count missing": (without("ledger.end", connection="new"), LOGGED + "new connections: the sender's own"),
    "the holder's count missing": (without("ledger.end", connection="held"), LOGGED + "held connections: the sender's"),
    "a request missing": (without("request", intended=1014.0, connection="new"), "60 sent, 59 in the ledger"),
    "a first answer missing": (without("request", uid="c"), LOGGED + "held connections: 6 sent, 5 in the ledger"),
    "a request has no time": (
        changed("request", {"connection": "new", "intended": 1014.0}, seconds=None),
        "60 sent, 59 in the ledger",
    ),
    "answered before it was sent": (
        changed("request", {"connection": "new", "intended": 1014.0}, seconds=-1.0),
        "60 sent, 59 in the ledger",
    ),
    "sent before it was due": (
        changed("request", {"connection": "new", "intended": 1014.0}, sent=1013.0),
        "60 sent, 59 in the ledger",
    ),
    "too few": (
        requests_of(15, lambda intended: intended % 2 == 0),
        LOGGED + "new connections: 14 requests since the rollout began, 20 are needed",
    ),
    "a hole in the request log": (
        requests_of(53, lambda intended: not 1010 < intended < 1014),
        LOGGED + "new connections: nothing was sent for 4.0 s",
    ),
    "ends before the rollout does": (requests_of(41, lambda intended: intended <= 1020), "does not cover the rollout"),
    "begins after the rollout does": (requests_of(55, lambda intended: intended > 1002), "does not cover the rollout"),
    "not completed": (without("marker", says="rollout done"), REPLACED + "no markers say"),
    "nothing replaced": (both(without("pod", uid="c"), without("pod", uid="d")), REPLACED + "0 of 0 new pods"),
    "two old pods and one new": (without("pod", uid="d"), REPLACED + "1 of 1 new pods were Ready in the end, 2 are"),
    "one more than is desired": (plus(new(20, "e")), REPLACED + "3 of 3 new pods were Ready in the end, 2 are desired"),
    "nobody says how many": (without("workload"), REPLACED + "2 of 2 new pods were Ready in the end, nobody said"),
    "a new pod is not Ready in the end": (until_done(new(0, "d", ready=False)), REPLACED + "1 of 2 new pods"),
    "a new pod is gone in the end": (
        until_done(new(0, "d", deleted=True, gone=True, ready=False)),
        REPLACED + "shop-d came and left meanwhile",
    ),
    "somebody else's pod came and left": (
        plus(new(9, "e"), new(11, "e", deleted=True, gone=True)),
        REPLACED + "shop-e came and left meanwhile",
    ),
    "no pods gone": (changed("pod", {}, deleted=False, gone=False), REPLACED + "shop-a was not seen going"),
    "an old pod is on its way out for ever": (without("pod", uid="b", gone=True), REPLACED + "shop-b was not seen"),
    "an old pod stayed": (both(without("pod", uid="b"), plus(old(0, "b"))), REPLACED + "shop-b was not seen going"),
    "an old pod was not Ready": (changed("pod", {"uid": "a", "deleted": False}, ready=False), "was not seen Ready"),
    "an old pod was never seen": (without("pod", uid="a"), REPLACED + "1 of 2 pods that were to be replaced"),
    "nobody was to be replaced": (changed("marker", {"says": "rollout started"}, uids=[]), "0 of 0 pods"),
    "the same template": (changed("pod", {}, revision="r1"), TEMPLATE + "shop-c is of revision r1, as pods before it"),
    "one of the same template": (changed("pod", {"uid": "d"}, revision="r1"), TEMPLATE + "shop-d is of revision r1"),
    "no revision": (changed("pod", {"uid": "d"}, revision=None), TEMPLATE + "no revision was seen of shop-d"),
    "no new pod answered through the Service": (
        changed("request", {"to": None}, pod="shop-b"),
        ANSWERED + "no new pod answered through the Service",
    ),
    "no old pod answered": (
        both(changed("request", {"to": None}, pod=None), changed("request", {"uid": "a"}, uid="x", pod=None)),
        ANSWERED + "no answer of shop-a was seen",
    ),
    "a new pod never answered": (
        both(without_names, changed("request", {"uid": "d"}, uid=None)),
        ANSWERED + "no answer of shop-d was seen",
    ),
    "somebody else answered": (
        changed("request", {"connection": "new", "intended": 1014.0}, pod="till-z"),
        NOBODY_ELSE + "till-z answered, which is no pod of shop",
    ),
    "a pod answered that was gone": (
        changed("request", {"connection": "new", "intended": 1027.0}, pod="shop-a"),
        NOBODY_ELSE + "shop-a answered 27.0 s into the run, when it was not there",
    ),
    "a pod answered that was not there yet": (
        changed("request", {"connection": "new", "intended": 1003.0}, pod="shop-c"),
        NOBODY_ELSE + "shop-c answered 3.0 s into the run",
    ),
    "another pod answered at an address": (
        changed("request", {"uid": "d"}, pod="shop-c"),
        NOBODY_ELSE + "shop-c answered at the address of shop-d",
    ),
    "the probe has no resolver": (
        changed("request", {"connection": "new", "intended": 1014.0}, status=None, error=NOT_RESOLVED),
        ALL_SENT + NOT_RESOLVED,
    ),
    "the probe had no socket for a held one": (
        changed("request", {"uid": "d"}, status=None, error="not observed: OSError: [Errno 24]"),
        ALL_SENT + "not observed: OSError",
    ),
    "sent late": (
        late(since=1014.0),
        "not shown that the probe sent what was due in time: 32 of 60 requests on new connections were sent late",
    ),
}
OF_IN_TIME = (
    "two old pods and one new",
    "the same template",
    "a new pod never answered",
    "somebody else answered",
    "a request missing",
    "too few",
    "not completed",
    "the probe has no resolver",
    "sent late",
)
MISSING = {
    "no requests": (NO_LOSS, without("request"), "no request was seen"),
    "in time, but no start": (IN_TIME, without("marker", says="rollout started"), "no marker says that the rollout"),
    "in time, but no requests": (IN_TIME, without("request"), "no request on new connections was seen"),
    "slow, and sent late": (
        IN_TIME,
        both(changed("request", {"connection": "new", "intended": 1014.0}, seconds=5.0), late(since=1014.0)),
        "not shown that the probe sent what was due in time",
    ),
    **{name: (NO_LOSS, *case) for name, case in NEITHER.items()},
    **{f"in time, but {name}": (IN_TIME, *NEITHER[name]) for name in OF_IN_TIME},
    "nothing held": (NO_LOSS, without("held.end"), UNDER_WAY + "no connection to shop-a was held"),
    "nothing held to one": (NO_LOSS, without("held.end", uid="b"), UNDER_WAY + "no connection to shop-b was held"),
    "no first answer on what was held": (
        NO_LOSS,
        both(without("request", uid="b"), changed("ledger.end", {"connection": "held", "sent": 4}, sent=2)),
        UNDER_WAY + "no connection to shop-b was held",
    ),
    "nothing under way": (
        NO_LOSS,
        changed("held.end", {"uid": "b"}, busy=[[1.0, 0.5]]),
        UNDER_WAY + "shop-b: requests were under way in 50% of the last second before it left",
    ),
    "busy is nonsense": (
        NO_LOSS,
        changed("held.end", {"uid": "b"}, busy=[["1", 0], [0.5, 0.7], [True, 0], [1.0], None]),
        UNDER_WAY + "shop-b: requests were under way in 0%",
    ),
    "left before it was told to": (
        NO_LOSS,
        changed("held.end", {"uid": "b"}, at=1011.0),
        UNDER_WAY + "shop-b: its connections ended 2.0 s before it was told to end",
    ),
    "no connection is kept, and none is waited for": (
        NO_LOSS,
        changed("held.end", {"uid": "b"}, how="not kept", at=1001.0, busy=[]),
        UNDER_WAY + "shop-b keeps no connection, and sleeps 0 s before it ends",
    ),
}
WORST_WINS = {
    "a request failed, the count missing": (
        NO_LOSS,
        both(changed("request", {"intended": 1014.0}, status=503), without("ledger.end")),
    ),
    "a request failed, nothing was held": (NO_LOSS, both(ONE_FAILED, without("held.end"))),
    "too slow, and one of the others sent late": (
        IN_TIME,
        both(
            changed("request", {"connection": "new"}, seconds=3.0),
            changed("request", {"connection": "reused", "intended": 1014.0}, sent=1014.4),
        ),
    ),
    "too slow, and the same template": (
        IN_TIME,
        both(changed("request", {"connection": "new"}, seconds=3.0), changed("pod", {}, revision="r1")),
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


def test_failures_close_together_are_one_disruption_with_the_pods_that_were_going():
    change = changed("request", {"connection": "new"}, status=503)
    early = both(
        changed("request", {"to": None}, pod=None),
        changed("request", {"connection": "new", "intended": 1014.0}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "new", "intended": 1014.5}, status=None, error=TRANSPORT, phase="dial"),
        changed("request", {"connection": "reused", "intended": 1020.0}, status=502, pod="shop-b"),
    )
    assert judged(NO_LOSS, change).because == "60 of 120 failed"
    facts = [fact.message for fact in judged(NO_LOSS, early).evidence if fact.message[0].isdigit()][:2]
    going = "shop-a (deleted at 7.0 s), shop-b (deleted at 13.0 s)"
    assert facts == [
        f"14.0 s to 14.5 s   2 x {TRANSPORT} in dial (new)   {going}",
        "20.0 s to 20.0 s   1 x status 502, should be 200 (reused)   shop-b (deleted at 13.0 s)",
    ]


def test_what_the_profile_allows_to_fail_is_no_loss_and_one_more_is():
    allowed = replace(PROFILE, levels=(replace(PROFILE.levels[0], loss=1 / 120),))
    verdict = judged(NO_LOSS, ONE_FAILED, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.PASS, "1 of 120 failed, 0.83% are allowed")
    two = both(ONE_FAILED, changed("request", {"connection": "reused", "intended": 1015.0}, status=503))
    verdict = judged(NO_LOSS, two, profile=allowed)
    assert (verdict.outcome, verdict.because) == (Outcome.FAIL, "2 of 120 failed, 0.83% are allowed")
    assert judged(NO_LOSS, both(ONE_FAILED, cut("a")), profile=allowed).outcome is Outcome.FAIL, "held ones count"


def test_what_came_before_the_rollout_is_not_its_pace():
    before = both(without("request", connection="new", intended=1001.0), took(9.0, 1.0, "new", pod="shop-a"))
    assert judged(IN_TIME, before).passed


def test_without_a_level_nothing_is_promised_and_no_request_may_fail():
    bare = replace(PROFILE, levels=())
    assert judged(IN_TIME, profile=bare).outcome is Outcome.UNKNOWN
    assert judged(NO_LOSS, ONE_FAILED, profile=bare).because == "1 of 120 failed"


def test_a_new_pod_that_was_seen_before_the_marker_is_not_an_old_one():
    assert judged(NO_LOSS, plus(new(1.9, "c", ready=False))).passed


def test_where_no_answer_says_whose_it_is_the_pods_own_addresses_do():
    verdict = judged(NO_LOSS, without_names)
    assert verdict.passed
    assert "by their own addresses, for no answer says whose it is" in held_by(verdict, ANSWERED)


def test_a_rollout_after_another_one_is_the_one_that_is_meant_and_losses_count_in_both():
    again = both(
        changed("held.end", {"uid": "a"}, busy=[]),
        without("ledger.end", connection="new"),
        without("ledger.end", connection="reused"),
        plus(
            *(held(28, uid) for uid in "cd"),
            marker(29, "rollout started", at="shop", uids=["c", "d"]),
            pod(30, "e", revision="r3"),
            new(31, "c", deleted=True),
            held_end(32, "c"),
            pod(33, "f", revision="r3"),
            new(34, "d", deleted=True),
            held_end(35, "d"),
            *(new(36, uid, deleted=True, gone=True) for uid in "cd"),
            marker(36.1, "rollout done", at="shop"),
            *(held(36.3, uid) for uid in "ef"),
            ledger_end(36.5, "held", 4),
            *(request(30 + tick * 0.5, kind, pod="shop-e") for tick in range(14) for kind in ("new", "reused")),
            ledger_end(38, "new", 74),
            ledger_end(38, "reused", 74),
        ),
    )
    verdict = judged(NO_LOSS, again)
    assert verdict.passed, verdict.report()
    assert "2 pods replaced in 7.1 s" in held_by(verdict, REPLACED)
    assert_broken(judged(NO_LOSS, both(ONE_FAILED, again)), "1 of 148 failed")
    assert_unknown(judged(NO_LOSS, both(again, changed("held.end", {"uid": "c"}, busy=[]))), "shop-c")


def test_a_server_that_keeps_no_connection_needs_none_under_way_where_it_sleeps_first():
    sleeping = replace(SHOP, containers=(replace(SHOP.containers[0], pre_stop=Hook(15.0, "sleep 15 s")),))
    system = replace(SYSTEM, workloads=(sleeping, LEDGER))
    closing = changed("held.end", {}, how="not kept", at=1001.0, busy=[])
    verdict = judged(NO_LOSS, closing, system=system)
    assert verdict.passed, verdict.report()
    assert "keeps no connection, and sleeps 15 s" in held_by(verdict, UNDER_WAY)
    assert_unknown(judged(NO_LOSS, system=system), "ended 14.0 s before it was told to end")


def test_late_ones_among_many_are_the_machine_s():
    many = both(
        plus(
            *(
                request(10 + tick * 0.01, kind, pod=f"shop-{who}")
                for tick in range(90)
                for kind, who in (("new", "c"), ("reused", "b"))
            )
        ),
        changed("ledger.end", {"connection": "new"}, sent=150),
        changed("ledger.end", {"connection": "reused"}, sent=150),
        changed("request", {"connection": "new", "intended": 1014.0}, sent=1014.4),
    )
    assert judged(NO_LOSS, many).passed


def held_by(verdict: Verdict, sentence: str) -> str:
    """What a premise of a verdict says was found."""
    found = next(held for held in verdict.premises if sentence.startswith(held.sentence))
    return " ".join(fact.message for fact in found.verdict.evidence)

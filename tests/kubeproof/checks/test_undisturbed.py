"""system.undisturbed on a run of several observations: what we disturb, what others do, what nobody watched."""

import pytest

from kubeproof.checks.undisturbed import UNDISTURBED
from kubeproof.evidence.reading import EVERYTHING
from kubeproof.manifests.system import System
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
    lines,
    marker,
    plus,
    pod,
    sample,
    without,
)
from tests.helpers.shop import PROFILE, workload


def begin(t: float, of: str) -> Moment:
    return t, "observe.begin", {"of": of}


def end(t: float) -> list[Moment]:
    """The end of an observation: each watch has seen all of it."""
    watches = [(t, "bookmark", {"watch": watch, "version": "7", "caught": True}) for watch in ("pod", "event")]
    return [*watches, (t, "observe.end", {"lines": 0, "error": None})]


def autoscaler(t: float, desired: int) -> Moment:
    known = {"name": "shop", "target": "shop", "current": desired, "desired": desired, "cpu": None, "memory": None}
    return t, "autoscaler", {**known, "gone": False}


def event(t: float, uid: str, reason: str, says: str, /, *, of: str = "shop", **fields: object) -> Moment:
    known = {"reason": reason, "object": f"Pod/{of}-{uid}", "uid": uid, "says": says, "count": 1}
    return t, "event", {**known, **fields}


def killing(t: float, uid: str, of: str = "shop") -> Moment:
    return event(t, uid, "Killing", f"Stopping container {of}", of=of)


def ends(t: float, uid: str, of: str = "shop") -> list[Moment]:
    """A pod is deleted, killed, and gone half a second later."""
    return [
        pod(t, uid, of, deleted=True),
        killing(t + 0.1, uid, of),
        pod(t + 0.5, uid, of, deleted=True, gone=True, ready=False),
    ]


def run() -> History:
    """A deployment, a pod deleted, an outage, a rollout that an old pod outlives, and load that comes and goes."""
    return [
        begin(0, "deploy"),
        marker(1, "applied"),
        *(sample(2, "shop", 2, 2), sample(2, "ledger", 1, 1), autoscaler(2, 2)),
        *(pod(3, "a"), pod(3, "b"), pod(3, "l", "ledger")),
        *end(9),
        begin(10, "restart:ledger"),
        *(sample(10, "shop", 2, 2), sample(10, "ledger", 1, 1), autoscaler(10, 2)),
        *(pod(10, "a"), pod(10, "b"), pod(10, "l", "ledger")),
        marker(11, "pod deleted", at="ledger", uids=["l"], claims=[]),
        *ends(12, "l", "ledger"),
        pod(14, "m", "ledger"),
        *end(19),
        begin(20, "frozen:ledger"),
        *(sample(20, "shop", 2, 2), sample(20, "ledger", 1, 1), autoscaler(20, 2)),
        *(pod(20, "a"), pod(20, "b"), pod(20, "m", "ledger")),
        marker(21, "database stopped", at="ledger", uids=["m"]),
        event(24, "a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        event(25, "m", "Killing", "Container ledger failed liveness probe, will be restarted", of="ledger"),
        marker(27, "database started", at="ledger"),
        *end(29),
        begin(30, "rollout:shop"),
        *(sample(30, "shop", 2, 2), sample(30, "ledger", 1, 1), autoscaler(30, 2)),
        *(pod(30, "a"), pod(30, "b"), pod(30, "m", "ledger", restarts=1)),
        marker(31, "rollout started", at="shop", uids=["a", "b"]),
        *(pod(32, "c"), *ends(33, "a"), pod(34, "d"), pod(35, "b", deleted=True)),
        marker(36, "rollout done", at="shop"),
        *end(39),
        begin(40, "scaling:shop"),
        *(sample(40, "shop", 2, 2), sample(40, "ledger", 1, 1), autoscaler(40, 2)),
        *(pod(40, "b", deleted=True), pod(40, "c"), pod(40, "d"), pod(40, "m", "ledger", restarts=1)),
        pod(41, "b", deleted=True, gone=True),
        *(autoscaler(42, 3), sample(42, "shop", 3, 2), pod(43, "e"), sample(44, "shop", 3, 3)),
        *(sample(60, "shop", 2, 3), autoscaler(60.1, 2), *ends(60.2, "e"), sample(61, "shop", 2, 2)),
        *end(79),
    ]


HISTORIES = {EVERYTHING: run}
judged = judging(HISTORIES)
HUNG = "Container shop failed liveness probe, will be restarted"
IN_THE_ROLLOUT = {"uid": "d"}

# What is planned, or nobody's doing.
HOLDS = {
    "a planned restart": (
        UNDISTURBED,
        plus(marker(45, "database stopped", at="shop", uids=["c"]), pod(46, "c", restarts=1)),
    ),
    "a planned restart that comes after the observation": (
        UNDISTURBED,
        both(
            plus(marker(21.1, "database stopped", at="shop", uids=["a"]), event(25, "a", "Killing", HUNG)),
            changed("pod", {"uid": "a", "deleted": False}, restarts=0),
            plus(pod(30.1, "a", restarts=1)),
            changed("pod", {"uid": "a", "deleted": True}, restarts=1),
        ),
    ),
    "all are planned at once": (
        UNDISTURBED,
        plus(
            marker(45, "rollout started", uids=["c", "d"]), *ends(46, "c"), *ends(47, "d"), pod(48, "f"), pod(49, "g")
        ),
    ),
    "a pod that others have": (UNDISTURBED, plus(*ends(46, "x", "stranger"))),
    "an init container that is done": (UNDISTURBED, changed("pod", {"uid": "c"}, ended=["Completed"])),
}
BROKEN = {
    "a restart under load": (UNDISTURBED, plus(pod(45, "c", restarts=2)), "shop-c restarted 2 times in scaling:shop"),
    "a restart that says why": (
        UNDISTURBED,
        plus(pod(45, "c", restarts=1, ended=["Completed", "OOMKilled"])),
        "shop-c restarted 1 times (OOMKilled)",
    ),
    "a crash loop in a rollout, of a new pod": (
        UNDISTURBED,
        both(changed("pod", IN_THE_ROLLOUT, restarts=7), without("pod", uid="nobody")),
        "shop-d restarted 7 times in rollout:shop",
    ),
    "a dependent's restart while its database is frozen": (
        UNDISTURBED,
        plus(pod(26, "a", restarts=1)),
        "shop-a restarted 1 times in frozen:ledger",
    ),
    "a restart between two observations": (
        UNDISTURBED,
        both(without("pod", uid="b", deleted=False), plus(pod(10, "b"), pod(20, "b", restarts=1))),
        "shop-b restarted 1 times in frozen:ledger",
    ),
    "a restart before it was first seen": (
        UNDISTURBED,
        changed("pod", {"uid": "a", "deleted": False}, restarts=1),
        "shop-a restarted 1 times in deploy",
    ),
    "a restart before the marker": (
        UNDISTURBED,
        plus(pod(30.5, "b", restarts=1)),
        "shop-b restarted 1 times in rollout:shop",
    ),
    "a restart in the observation after the planned one": (
        UNDISTURBED,
        plus(marker(26, "database stopped", uids=["a"]), pod(30.5, "a", restarts=1)),
        "shop-a restarted 1 times in rollout:shop",
    ),
    "a second restart after the planned one": (
        UNDISTURBED,
        plus(
            marker(21.1, "database stopped", uids=["a"]),
            event(25, "a", "Killing", HUNG),
            pod(30.2, "a", restarts=1),
            pod(30.4, "a", restarts=2),
        ),
        "shop-a restarted 1 times in rollout:shop",
    ),
    "a liveness kill whose restart nobody saw": (
        UNDISTURBED,
        plus(event(78, "c", "Killing", HUNG)),
        "shop-c: Killing, Container shop failed liveness probe, will be restarted in scaling:shop",
    ),
    "a liveness kill between two observations": (
        UNDISTURBED,
        plus(event(40.5, "c", "Killing", HUNG)),
        "shop-c: Killing",
    ),
    "a failed liveness probe": (
        UNDISTURBED,
        plus(event(50, "c", "Unhealthy", "Liveness probe failed: context deadline exceeded")),
        "shop-c: Unhealthy, Liveness probe failed",
    ),
    "a crash loop that only events tell": (
        UNDISTURBED,
        plus(event(50, "c", "BackOff", "Back-off restarting failed container shop in pod shop-c")),
        "shop-c: BackOff, Back-off restarting",
    ),
    "an event of a pod of that name": (
        UNDISTURBED,
        plus(event(50, "c", "Killing", HUNG, uid="unheard of")),
        "shop-c: Killing",
    ),
    "an event of that pod under another name": (
        UNDISTURBED,
        plus(event(50, "c", "Killing", HUNG, object="Pod/whatever")),
        "whatever: Killing",
    ),
    "out of memory before its restart": (
        UNDISTURBED,
        plus(pod(45, "c", ended=["OOMKilled"])),
        "shop-c ran out of memory",
    ),
    "evicted": (UNDISTURBED, plus(pod(45, "c", phase="Failed", ready=False)), "shop-c was evicted or failed"),
    "deleted out of turn": (UNDISTURBED, plus(*ends(46, "c")), "shop-c was deleted in scaling:shop"),
    "gone without a word": (
        UNDISTURBED,
        plus(pod(70, "c", gone=True)),
        "shop-c vanished in scaling:shop",
    ),
    "gone between two observations": (
        UNDISTURBED,
        both(without("pod", uid="a"), plus(pod(3, "a"), pod(10, "a"))),
        "shop-a vanished before anything was seen in frozen:ledger",
    ),
    "two went where one fewer was wanted": (UNDISTURBED, plus(*ends(62, "d")), "shop-d was deleted"),
    "long after one fewer was wanted": (
        UNDISTURBED,
        both(without("pod", uid="e"), without("event", uid="e"), plus(pod(43, "e"), *ends(10**3, "e"))),
        "shop-e was deleted",
    ),
    "no autoscaler wanted fewer": (UNDISTURBED, without("autoscaler"), "shop-e was deleted"),
    "its workload did not follow": (
        UNDISTURBED,
        changed("workload", {"name": "shop"}, desired=3),
        "shop-e was deleted",
    ),
    "a restart of one that is let go": (UNDISTURBED, plus(pod(59, "e", restarts=1)), "shop-e restarted 1 times"),
    "a marker without whom": (
        UNDISTURBED,
        changed("marker", {"says": "rollout started"}, uids=[]),
        "shop-a was deleted",
    ),
    "no marker at all": (UNDISTURBED, without("marker"), "shop-a was deleted"),
}
MISSING = {
    "no pods": (UNDISTURBED, without("pod"), "no pod of shop was ever seen"),
    "no pods in one observation": (
        UNDISTURBED,
        lambda history: [moment for moment in history if moment[1] != "pod" or moment[0] < 40],
        "its pods were seen in every observation: scaling:shop has no pod of shop",
    ),
    "an observation without its workload": (
        UNDISTURBED,
        lambda history: [moment for moment in history if moment[1] != "workload" or not 20 <= moment[0] < 30],
        "its pods were seen in every observation: frozen:ledger says nothing of shop",
    ),
    "a new pod that nobody saw": (
        UNDISTURBED,
        both(without("pod", uid="d"), plus(pod(40, "d"))),
        "its pods were seen in every observation: rollout:shop has 1 of 2 ready pods",
    ),
    "restarts unsaid": (
        UNDISTURBED,
        changed("pod", {"uid": "c"}, restarts=None),
        "every line of its pods said how often they had restarted",
    ),
    "no watch of events": (
        UNDISTURBED,
        without("bookmark", watch="event"),
        "pods and events were watched to the end of every observation: at the end of deploy the watch of events",
    ),
    "a watch of pods that was not caught up": (
        UNDISTURBED,
        changed("bookmark", {"watch": "pod"}, caught=False),
        "pods and events were watched to the end of every observation: at the end of deploy the watch of pods",
    ),
}
WORST_WINS = {
    "a restart, and nobody watched": (UNDISTURBED, both(without("bookmark"), plus(pod(45, "c", restarts=1)))),
    "a restart, and a pod unseen": (UNDISTURBED, both(without("pod", uid="d"), plus(pod(45, "c", restarts=1)))),
}


@cases(HOLDS)
def test_what_is_planned_or_of_others_is_no_disturbance(check, change):
    assert judged(check, change).passed, judged(check, change).report()


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))


def test_a_database_that_is_restarted_while_it_is_frozen_is_planned_and_later_is_not():
    system = System(namespace="market", workloads=(workload("ledger", 7001),))

    def of_ledger(change):
        return UNDISTURBED.verdict(system, PROFILE, "ledger", lines(EVERYTHING, change(run())))

    assert of_ledger(both()).passed
    assert_broken(of_ledger(plus(pod(45, "m", "ledger", restarts=2))), "ledger-m restarted 1 times in scaling:shop")


def test_daemons_are_subjects_too():
    system = System(namespace="market", workloads=(), daemons=(workload("agent", 9100, kind="DaemonSet"),))
    assert [planned.subject for planned in UNDISTURBED.planned(system, PROFILE)] == ["agent"]
    history = [begin(0, "deploy"), sample(1, "agent", 1, 1), pod(2, "a", "agent"), *end(3)]
    assert UNDISTURBED.verdict(system, PROFILE, "agent", lines(EVERYTHING, history)).passed
    broken = [*history[:-3], pod(2.5, "a", "agent", restarts=1), *end(3)]
    assert_broken(UNDISTURBED.verdict(system, PROFILE, "agent", lines(EVERYTHING, broken)))


@pytest.mark.parametrize(("desired", "outcome"), [(0, Outcome.PASS), (1, Outcome.UNKNOWN)], ids=["none", "one"])
def test_where_no_pod_is_wanted_none_need_be_seen(desired, outcome):
    system = System(namespace="market", workloads=(workload("shop", 7000),))
    history = [
        *(begin(0, "deploy"), sample(1, "shop", 1, 1), pod(2, "a"), *end(3)),
        *(begin(4, "outage"), sample(4, "shop", 1, 1), pod(4, "a"), marker(5, "database stopped", uids=["a"])),
        *(*ends(6, "a"), sample(7, "shop", 0, 0), *end(8)),
        *(begin(9, "dns"), sample(9, "shop", desired, 0), pod(9, "x", "stranger"), *end(10)),
    ]
    assert UNDISTURBED.verdict(system, PROFILE, "shop", lines(EVERYTHING, history)).outcome is outcome

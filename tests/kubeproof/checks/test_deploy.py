"""deploy.ready on histories: available in time, with no restart, all pods seen."""

from kubeproof.checks.deploy import READY
from kubeproof.manifests.objects import Autoscaler
from kubeproof.manifests.system import System
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
    moved,
    plus,
    pod,
    sample,
    until,
    without,
)
from tests.helpers.shop import PROFILE, workload


def deploy() -> History:
    return [
        marker(0, "applied"),
        sample(1, "shop", 2, 0),
        pod(2, "a", ready=False),
        pod(2, "b", ready=False),
        pod(3, "l", "ledger"),
        sample(4, "ledger", 1, 1),
        pod(5, "a"),
        pod(5, "b"),
        sample(6, "shop", 2, 2),
        *(caught(7, watch) for watch in ("pod", "deployment", "stateful_set")),
    ]


def caught(t: float, watch: str) -> Moment:
    return t, "bookmark", {"watch": watch, "version": "9", "caught": True}


def few(history: History) -> History:
    """One replica came up, and nobody asked for the other."""
    one = changed("workload", {"name": "shop"}, desired=1, updated=1, ready=1, available=1)
    return both(one, without("pod", uid="b"))(history)


LATER = plus((61.0, "gap", {}))  # the observation goes on until the deadline is over


HISTORIES = {"deploy": deploy}
judged = judging(HISTORIES)

BROKEN = {
    "never ready": (READY, both(until(5), LATER), "not available after 61.0 s"),
    "ready late": (READY, both(until(5), plus(sample(70, "shop", 2, 2))), "its deadline is 60 s"),
    "spec not observed": (
        READY,
        both(changed("workload", {"ready": 2}, observed=0), LATER),
        "not available",
    ),
    "old pods left": (
        READY,
        both(changed("workload", {"ready": 2}, replicas=3), LATER),
        "not available",
    ),
    "scaled to nothing": (READY, both(plus(sample(8, "shop", 0, 0)), LATER), "not available"),
    "gone at the end": (READY, both(plus(sample(8, "shop", 2, 2, gone=True)), LATER), "gone, desired 2"),
    "available, and not at the end": (READY, both(plus(sample(8, "shop", 2, 1)), LATER), "desired 2, updated 1"),
    "its pods are gone at the end": (
        READY,
        both(plus(pod(8, "a", gone=True)), LATER),
        "1 of its pods are Ready at the end",
    ),
    "its pods are not Ready at the end": (
        READY,
        both(changed("pod", {"uid": "b"}, ready=False), LATER),
        "1 of its pods are Ready at the end",
    ),
    "one replica of two": (READY, both(few, LATER), "the manifests want 2"),
    "no pods": (READY, both(without("pod"), LATER), "0 of its pods are Ready"),
    "restarted": (READY, plus(pod(7, "a", restarts=2)), "shop-a restarted 2 times"),
    "no image": (
        READY,
        both(
            until(5),
            plus(
                (5.0, "event", {"reason": "Failed", "object": "Pod/shop-a", "says": "Failed to pull image x"}),
                (5.1, "event", {"reason": "Failed", "object": "Pod/shop-a", "says": "Error: ErrImagePull"}),
            ),
        ),
        "Failed to pull image x",
    ),
}
MISSING = {
    "not applied": (READY, without("marker"), "applied"),
    "gone, watched too short": (READY, plus(sample(8, "shop", 2, 2, gone=True)), "gone, desired 2"),
    "one replica of two, watched too short": (READY, few, "the manifests want 2"),
    "a third pod that nobody saw": (
        READY,
        plus(sample(5.5, "shop", 3, 2)),
        "as many of its pods were seen as are wanted: 2 of 3 pods",
    ),
    "available before it was applied": (READY, moved(6.5, "marker"), "available 0.5 s before the manifests were"),
    "its watch was not caught up": (
        READY,
        without("bookmark", watch="deployment"),
        "it and its pods were watched to the end: the watch of deployments",
    ),
    "the watch of pods was not caught up": (
        READY,
        changed("bookmark", {"watch": "pod"}, caught=False),
        "it and its pods were watched to the end: the watch of pods",
    ),
    "no samples": (READY, without("workload"), "never seen"),
    "watched too short": (READY, until(5), "watched for less than its 60 s"),
    "restarts unsaid": (READY, changed("pod", {"uid": "a"}, restarts=None), "does not say"),
}
WORST_WINS = {
    "restarted, and a pod unseen": (READY, both(without("pod", uid="b"), plus(pod(7, "a", restarts=1)))),
    "restarted, and not watched": (READY, both(without("bookmark"), plus(pod(7, "a", restarts=1)))),
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


def of_agent(desired, ready, *more):
    """The verdict on a DaemonSet of that many nodes."""
    system = System(namespace="market", workloads=(), daemons=(workload("agent", 9100, kind="DaemonSet"),))
    assert [planned.subject for planned in READY.planned(system, PROFILE)] == ["agent"]
    pods = [pod(2, str(n), "agent") for n in range(ready)]
    history = [marker(0, "applied"), sample(3, "agent", desired, ready), *pods, *more]
    return READY.verdict(system, PROFILE, "agent", lines("deploy", history))


def test_a_daemon_set_is_ready_on_each_node_that_takes_it():
    watched = caught(4, "pod"), caught(4, "daemon_set")
    assert of_agent(3, 3, *watched).passed
    assert_unknown(of_agent(3, 3, watched[0], caught(4, "deployment")), "the watch of daemon_sets")
    assert_broken(of_agent(3, 2, *watched, (61.0, "gap", {})), "not available")
    assert_unknown(of_agent(0, 0, *watched, (61.0, "gap", {})), "no node takes a pod of it")


def test_an_autoscaler_s_minimum_is_what_is_wanted_of_a_workload_that_has_one():
    shop = workload("shop", 7000, replicas=1)
    history = [marker(0, "applied"), sample(3, "shop", 1, 1), pod(2, "a"), caught(4, "pod"), caught(4, "deployment")]
    alone = System(namespace="market", workloads=(shop,))
    assert READY.verdict(alone, PROFILE, "shop", lines("deploy", history)).passed
    scaled = System(namespace="market", workloads=(shop,), autoscalers=(Autoscaler("shop", "shop", 2, 5),))
    assert_unknown(READY.verdict(scaled, PROFILE, "shop", lines("deploy", history)), "the manifests want 2")
